//! Choosing server, organization and token: which source takes precedence over which.

use std::collections::BTreeMap;

use super::error::SessionError;
use super::stored::Stored;
use super::{Session, Sourced, ValueSource};
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

/// The inputs of [`Session::choose`].
pub struct Inputs<'a> {
    /// The flags of the command line.
    pub flags: Flags,
    /// The process environment.
    pub environment: &'a BTreeMap<String, String>,
    /// The organization in the project's `lobu.toml`.
    pub project_organization: Option<&'a str>,
    /// The stored contexts, credentials and guards.
    pub stored: &'a Stored,
}

/// The chosen server.
struct NamedServer {
    url: ServerUrl,
    /// The organization, if the URL names one (`…/mcp/ORG`).
    organization: Option<String>,
    source: ValueSource,
    /// The name of the stored context with this server, if any.
    context: Option<String>,
}

impl Session {
    /// Chooses server, organization and token.
    ///
    /// # Errors
    /// When no server or organization is set, or one of the values is malformed. A missing token is reported by
    /// [`Session::token`].
    pub fn choose(inputs: &Inputs<'_>) -> Result<Self, SessionError> {
        let server = inputs.choose_server()?;
        let organization = inputs.choose_organization(&server)?;
        let token = inputs.choose_token(&server);
        let mut warnings = inputs.stored.warnings.clone();
        warnings.extend(inputs.ignored_memory_url(&server));
        Ok(Self {
            protected: inputs.flags.protect || inputs.is_protected(&server),
            insecure_http: inputs.flags.insecure_http,
            token_locations: inputs.token_locations(&server),
            context: server.context.clone(),
            url: Sourced {
                value: server.url,
                source: server.source,
            },
            organization,
            token,
            warnings,
        })
    }
}

impl Inputs<'_> {
    /// Returns the value of a variable, trimmed. `None` when it is blank.
    fn variable(&self, name: &str) -> Option<&str> {
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
        let current = self.stored.contexts.current_context.as_deref();
        match self.variable("LOBU_CONTEXT").or(current) {
            Some(name) => self.by_context(name),
            None => Err(self.no_server()),
        }
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
        let Some(text) = stored.get(name).and_then(|context| context.api_url.as_deref()) else {
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
        let current = self.stored.contexts.current_context.as_deref();
        let selected = self
            .flags
            .context
            .as_deref()
            .or(self.variable("LOBU_CONTEXT"))
            .or(current);
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
        let text = self.stored.contexts.contexts.get(name)?.api_url.as_deref()?;
        ServerUrl::parse(text).ok().map(|(url, _)| url)
    }

    fn choose_organization(&self, server: &NamedServer) -> Result<Sourced<String>, SessionError> {
        let flag = self.flags.org.clone().map(|org| (org, ValueSource::Flag("--org")));
        let named = server.organization.clone().map(|org| (org, server.source.clone()));
        // A flag takes precedence over every variable, also when the organization is part of the URL in `--url`.
        let by_flag = flag.or_else(|| {
            named
                .clone()
                .filter(|(_, source)| matches!(source, ValueSource::Flag(_)))
        });
        let variable = self.variable("LOBU_MEMORY_ORG");
        let variable = variable.map(|org| (org.to_owned(), ValueSource::Variable("LOBU_MEMORY_ORG")));
        let project = self
            .project_organization
            .map(|org| (org.to_owned(), ValueSource::Project));
        // Flags, then variables, then the project, then the URL of a stored context.
        let (value, source) = by_flag
            .or(variable)
            .or_else(|| self.organization_of_memory_url(server))
            .or_else(|| {
                named
                    .clone()
                    .filter(|(_, source)| matches!(source, ValueSource::Variable(_)))
            })
            .or(project)
            .or(named)
            .ok_or_else(no_organization)?;
        let fits = !value.is_empty()
            && !value
                .chars()
                .any(|character| character.is_whitespace() || character.is_control() || character == '/');
        // The slug is a segment of every request's path, where dot segments would lead to another route.
        if fits && value != "." && value != ".." {
            return Ok(Sourced { value, source });
        }
        Err(SessionError::BadOrganization {
            location: source.to_string(),
        })
    }

    /// Returns the organization in `LOBU_MEMORY_URL`, if that variable names the chosen server.
    fn organization_of_memory_url(&self, server: &NamedServer) -> Option<(String, ValueSource)> {
        let (url, organization) = ServerUrl::parse(self.variable("LOBU_MEMORY_URL")?).ok()?;
        let organization = organization.filter(|_| url.shares_origin_with(&server.url))?;
        Some((organization, ValueSource::Variable("LOBU_MEMORY_URL")))
    }

    /// Returns the warning for a `LOBU_MEMORY_URL` that names another server than the chosen one.
    fn ignored_memory_url(&self, server: &NamedServer) -> Option<String> {
        let (url, _) = ServerUrl::parse(self.variable("LOBU_MEMORY_URL")?).ok()?;
        let other = !url.shares_origin_with(&server.url);
        other.then(|| {
            format!(
                "`LOBU_MEMORY_URL` names another server ({}) and is ignored: {} takes precedence",
                url.host(),
                server.source
            )
        })
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
        let token = self.stored.tokens.get(name)?;
        Some(Sourced {
            value: token.clone(),
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
        Some(self.stored.folder.as_ref()?.join(name).display().to_string())
    }
}

fn parse_url(text: &str, source: &ValueSource) -> Result<(ServerUrl, Option<String>), SessionError> {
    ServerUrl::parse(text).map_err(|why| SessionError::BadUrl {
        location: source.to_string(),
        why,
    })
}

fn no_organization() -> SessionError {
    let locations = [
        "`--org`",
        "`--url …/mcp/ORG`",
        "`LOBU_MEMORY_ORG`",
        "`LOBU_MEMORY_URL`",
        "`[memory] org` in `lobu.toml`",
    ];
    SessionError::NoOrganization {
        searched: locations.map(str::to_owned).into(),
    }
}
