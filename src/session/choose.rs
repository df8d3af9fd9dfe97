//! Choosing server, organization and token: which source takes precedence over which.

use std::collections::BTreeMap;

use super::account::Account;
use super::error::SessionError;
use super::link::ProjectLink;
use super::source::{Sourced, ValueSource};
use super::stored::{BUILT_IN, Stored};
use crate::remote::ServerUrl;
use crate::resource::Secret;

/// The flags of the command line that choose a server, an organization and guards.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// The value of `--url`.
    pub url: Option<String>,
    /// The value of `--org`.
    pub org: Option<String>,
    /// The value of `--context`.
    pub context: Option<String>,
    /// Whether `--insecure-http` is set.
    pub insecure_http: bool,
    /// Whether `--protect` is set.
    pub protect: bool,
}

/// The inputs of [`Account::choose`].
pub struct Inputs<'a> {
    /// The flags of the command line.
    pub flags: Flags,
    /// The process environment.
    pub environment: &'a BTreeMap<String, String>,
    /// The organization in the project's `lobu.toml`.
    pub project_organization: Option<&'a str>,
    /// What the project's folder is linked to.
    pub link: &'a ProjectLink,
    /// The stored contexts, credentials and guards.
    pub stored: &'a Stored,
}

/// The chosen server.
pub(super) struct NamedServer {
    pub(super) url: ServerUrl,
    /// The organization, if the URL names one (`…/mcp/ORG`).
    pub(super) organization: Option<String>,
    pub(super) source: ValueSource,
    /// The name of the stored context with this server, if any.
    pub(super) context: Option<String>,
}

impl Account {
    /// Chooses server, organization and token. A missing organization or token is an error only where one is needed.
    ///
    /// # Errors
    /// When no server is set, or its URL is malformed.
    pub fn choose(inputs: &Inputs<'_>) -> Result<Self, SessionError> {
        let server = inputs.choose_server()?;
        let mut warnings = inputs.stored.warnings.clone();
        warnings.extend(inputs.ignored_variables(&server));
        warnings.extend(inputs.token_to_linked_server(&server));
        let name = server.context.as_ref();
        Ok(Self {
            protected: inputs.flags.protect || inputs.is_protected(&server),
            insecure_http: inputs.flags.insecure_http,
            token_locations: inputs.token_locations(&server),
            organization: inputs.choose_organization(&server),
            token: inputs.choose_token(&server),
            credential: name.and_then(|name| inputs.stored.credentials.get(name)).cloned(),
            api_url: name.and_then(|name| inputs.stored.contexts.contexts.get(name)?.api_url.clone()),
            folder: inputs.stored.folder.clone(),
            context: server.context,
            url: Sourced {
                value: server.url,
                source: server.source,
            },
            warnings,
        })
    }
}

impl Inputs<'_> {
    /// Returns the value of a variable, trimmed. `None` when it is blank.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        let value = self.environment.get(name)?.trim();
        (!value.is_empty()).then_some(value)
    }

    /// Chooses the server. In order of precedence: `--url`, `--context`, a variable with a URL, a context by variable, the
    /// current context.
    fn choose_server(&self) -> Result<NamedServer, SessionError> {
        if let Some(url) = &self.flags.url {
            return self.by_url(url, ValueSource::Flag("--url"));
        }
        if let Some(name) = &self.flags.context {
            return self.by_context(name);
        }
        for variable in ["LOBU_API_URL", "LOBU_MEMORY_URL"] {
            if let Some(url) = self.variable(variable) {
                return self.by_url(url, ValueSource::Variable(variable));
            }
        }
        match self.selected_context() {
            Some(name) => self.by_context(name),
            None => Err(self.no_server()),
        }
    }

    /// Returns the name of the context that variables, the project's link and the files select, in this order.
    fn selected_context(&self) -> Option<&str> {
        // A link to a context that is not stored here was made on another machine.
        let linked = self.link.context.as_deref();
        let linked = linked.filter(|name| self.stored.contexts.contexts.contains_key(*name));
        let current = self.stored.contexts.current_context.as_deref();
        self.variable("LOBU_CONTEXT").or(linked).or(current)
    }

    /// Returns the warning that a token which says nothing of its server goes to the one that the project's link names. Files
    /// of a project may come from anybody, and the current context is what the person has chosen.
    fn token_to_linked_server(&self, server: &NamedServer) -> Option<String> {
        let linked = self.link.context.as_ref()?;
        let current = self.stored.contexts.current_context.as_deref()?;
        let is_by_context = matches!(&server.source, ValueSource::Context(name) if name == linked);
        let is_asked_for = self.flags.context.is_some() || self.variable("LOBU_CONTEXT").is_some();
        self.variable("LOBU_API_TOKEN")?;
        if !is_by_context || is_asked_for {
            return None;
        }
        let chosen = self.context_url(current);
        if chosen.is_some_and(|chosen| chosen.shares_origin_with(&server.url)) {
            return None;
        }
        Some(format!(
            "`LOBU_API_TOKEN` is sent to {}: {} names context `{linked}`, and the current context is `{current}`",
            server.url.host(),
            ValueSource::Link
        ))
    }

    fn no_server(&self) -> SessionError {
        // The broken file may name the server, so its error is more useful than "no server is known".
        if let Some(broken) = &self.stored.broken {
            return broken.clone();
        }
        let variables = [
            "`--url`",
            "`--context`",
            "`LOBU_API_URL`",
            "`LOBU_MEMORY_URL`",
            "`LOBU_CONTEXT`",
        ];
        let mut searched: Vec<String> = variables.map(str::to_owned).into();
        searched.extend(self.stored_path("config.json"));
        SessionError::NoServer { searched }
    }

    fn by_url(&self, text: &str, source: ValueSource) -> Result<NamedServer, SessionError> {
        let (url, organization) = parse_url(text, &source)?;
        // A stored context with this server lends its credentials and its guard to the URL.
        let context = self.context_of(&url);
        Ok(NamedServer {
            url,
            organization,
            source,
            context,
        })
    }

    fn by_context(&self, name: &str) -> Result<NamedServer, SessionError> {
        let stored = &self.stored.contexts.contexts;
        let Some(text) = self.server_of(name) else {
            return Err(self
                .stored
                .broken
                .clone()
                .unwrap_or_else(|| SessionError::UnknownContext {
                    name: name.to_owned(),
                    known: stored.keys().cloned().collect(),
                }));
        };
        let source = ValueSource::Context(name.to_owned());
        let (url, organization) = parse_url(text, &source)?;
        Ok(NamedServer {
            url,
            organization,
            source,
            context: Some(name.to_owned()),
        })
    }

    /// Returns the name of the context whose credentials fit a server: the selected context if it has this server, else the
    /// first one by name that has it.
    fn context_of(&self, url: &ServerUrl) -> Option<String> {
        let selected = self.flags.context.as_deref().or_else(|| self.selected_context());
        let names = self.stored.contexts.contexts.keys().map(String::as_str);
        selected
            .into_iter()
            .chain(names)
            .find(|name| {
                self.context_url(name)
                    .is_some_and(|stored| stored.shares_origin_with(url))
            })
            .map(str::to_owned)
    }

    /// Returns the URL of a stored context. `None` when it has none, or a malformed one.
    fn context_url(&self, name: &str) -> Option<ServerUrl> {
        ServerUrl::parse_gateway(self.server_of(name)?).ok().map(|(url, _)| url)
    }

    /// Returns the text of the URL of a context. The one that the `lobu` CLI knows by itself needs no file.
    fn server_of(&self, name: &str) -> Option<&str> {
        let stored = self.stored.contexts.contexts.get(name);
        let built_in = (name == BUILT_IN.0).then_some(BUILT_IN.1);
        stored.map_or(built_in, |context| context.server())
    }

    fn choose_token(&self, server: &NamedServer) -> Option<Sourced<Secret>> {
        if let Some(token) = self.variable("LOBU_API_TOKEN") {
            return Some(Sourced {
                value: Secret::new(token),
                source: ValueSource::Variable("LOBU_API_TOKEN"),
            });
        }
        // The context is that of this very server (same scheme, host and port), so the token reaches no other.
        let name = server.context.as_ref()?;
        let credential = self.stored.credentials.get(name)?;
        Some(Sourced {
            value: credential.access.clone(),
            source: ValueSource::Credentials(name.clone()),
        })
    }

    /// Returns the variables and files that were searched for a token, for the hint of [`SessionError::NoToken`].
    fn token_locations(&self, server: &NamedServer) -> Vec<String> {
        let mut locations = vec!["`LOBU_API_TOKEN`".to_owned()];
        let file = self
            .stored_path("credentials.json")
            .unwrap_or_else(|| "no credentials file".to_owned());
        let context = server.context.as_ref();
        locations.push(context.map_or_else(
            || format!("{file} (no context has this server, and the credentials of another are not sent to it)"),
            |name| format!("{file} (context `{name}`)"),
        ));
        locations
    }

    fn is_protected(&self, server: &NamedServer) -> bool {
        // The guards of all contexts count, and URLs are compared by the server they reach: neither `--url` nor another
        // spelling of the host must get around a guard.
        let guards = self.stored.guards.iter().filter(|(_, guard)| guard.protected);
        let mut names = guards.map(|(name, _)| name);
        names.any(|name| {
            server.context.as_ref() == Some(name)
                || self
                    .context_url(name)
                    .is_some_and(|guarded| guarded.reaches_same_server(&server.url))
        })
    }

    fn stored_path(&self, name: &str) -> Option<String> {
        Some(self.stored.folder.as_ref()?.file(name).display().to_string())
    }
}

fn parse_url(text: &str, source: &ValueSource) -> Result<(ServerUrl, Option<String>), SessionError> {
    ServerUrl::parse_gateway(text).map_err(|why| SessionError::BadUrl {
        location: source.to_string(),
        why,
    })
}
