//! Choosing the organization: which source takes precedence over which.

use super::choose::{Inputs, NamedServer};
use super::error::SessionError;
use super::source::{Sourced, ValueSource};
use crate::remote::ServerUrl;

/// The variables with an organization, in order of precedence.
const VARIABLES: [&str; 2] = ["LOBU_ORG", "LOBU_MEMORY_ORG"];

impl Inputs<'_> {
    /// Chooses the organization.
    pub(super) fn choose_organization(&self, server: &NamedServer) -> Result<Sourced<String>, SessionError> {
        let flag = self.flags.org.clone().map(|org| (org, ValueSource::Flag("--org")));
        let named = server.organization.clone().map(|org| (org, server.source.clone()));
        // A flag takes precedence over every variable, also when the organization is part of the URL in `--url`.
        let by_flag = flag.or_else(|| {
            named
                .clone()
                .filter(|(_, source)| matches!(source, ValueSource::Flag(_)))
        });
        let variable = VARIABLES
            .into_iter()
            .find_map(|name| Some((self.variable(name)?, name)));
        let variable = variable.map(|(org, name)| (org.to_owned(), ValueSource::Variable(name)));
        let project = self
            .project_organization
            .map(|org| (org.to_owned(), ValueSource::Project));
        // Flags, then variables, then the project, then what is stored for the context.
        let (value, source) = by_flag
            .or(variable)
            .or_else(|| self.organization_of_memory_url(server))
            .or_else(|| {
                named
                    .clone()
                    .filter(|(_, source)| matches!(source, ValueSource::Variable(_)))
            })
            .or(project)
            .or_else(|| self.linked_organization())
            .or_else(|| self.active_organization(server))
            .or(named)
            .or_else(|| self.memory_organization(server))
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

    fn linked_organization(&self) -> Option<(String, ValueSource)> {
        Some((self.link.organization.clone()?, ValueSource::Link))
    }

    /// Returns the organization that was chosen for the context.
    fn active_organization(&self, server: &NamedServer) -> Option<(String, ValueSource)> {
        let name = server.context.as_ref()?;
        let organization = self.stored.contexts.contexts.get(name)?.active_org.clone()?;
        Some((organization, ValueSource::Context(name.clone())))
    }

    /// Returns the organization that was chosen in the `lobu` CLI of April 2026, which has one for all contexts.
    fn memory_organization(&self, server: &NamedServer) -> Option<(String, ValueSource)> {
        let current = self.stored.contexts.current_context.as_ref();
        let organization = self.stored.memory_organization.clone();
        let organization = organization.filter(|_| current.is_some() && current == server.context.as_ref())?;
        Some((organization, ValueSource::Memory))
    }

    /// Returns warnings for variables that another one, or another server, keeps from counting.
    pub(super) fn ignored_variables(&self, server: &NamedServer) -> Vec<String> {
        let other_url = self
            .variable("LOBU_MEMORY_URL")
            .and_then(|text| ServerUrl::parse(text).ok());
        let other_url = other_url.filter(|(url, _)| !url.shares_origin_with(&server.url));
        let url = other_url.map(|(url, _)| {
            format!(
                "`LOBU_MEMORY_URL` names another server ({}) and is ignored: {} takes precedence",
                url.host(),
                server.source
            )
        });
        let [first, second] = VARIABLES.map(|name| self.variable(name));
        let differ = matches!((first, second), (Some(first), Some(second)) if first != second);
        let organization = differ.then(|| {
            let [first, second] = VARIABLES;
            format!("`{second}` names another organization than `{first}` and is ignored")
        });
        url.into_iter().chain(organization).collect()
    }
}

fn no_organization() -> SessionError {
    let locations = [
        "`--org`",
        "`--url …/mcp/ORG`",
        "`LOBU_ORG`",
        "`LOBU_MEMORY_ORG`",
        "`LOBU_MEMORY_URL`",
        "`[memory] org` in `lobu.toml`",
        "`.lobu/project.json`",
        "the context",
    ];
    SessionError::NoOrganization {
        searched: locations.map(str::to_owned).into(),
    }
}
