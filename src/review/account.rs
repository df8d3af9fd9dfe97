//! Which server, organization and token a command works with.

use std::path::Path;

use crate::config::LoadedProject;
use crate::failure::Failure;
use crate::host::Host;
use crate::session::{Account, Flags, Inputs, ProjectLink, Session, Stored, StoredCredential};

/// What the project says about where it belongs.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProjectHint<'a> {
    /// The organization in `lobu.toml`.
    pub organization: Option<&'a str>,
    /// The folder of the project; `None` for the current folder.
    pub root: Option<&'a Path>,
}

impl<'a> ProjectHint<'a> {
    /// Returns what a project says, even one with errors.
    pub fn of(loaded: &'a LoadedProject) -> Self {
        Self {
            organization: loaded.org.as_deref(),
            root: loaded.project.as_ref().map(|project| project.root.as_path()),
        }
    }
}

/// Chooses the server, and what is known for it.
///
/// # Errors
/// When no server is known; the failure names every source that was looked at.
pub fn choose_account(host: &Host, flags: &Flags, hint: ProjectHint<'_>) -> Result<Account, Failure> {
    let environment = host.environment.variables();
    let stored = Stored::read(environment, host.home.as_deref())?;
    let (link, broken_link) = match ProjectLink::read(hint.root.unwrap_or(&host.current_dir)) {
        Ok(link) => (link, None),
        Err(error) => (ProjectLink::default(), Some(error.to_string())),
    };
    let inputs = Inputs {
        flags: flags.clone(),
        environment,
        project_organization: hint.organization,
        link: &link,
        stored: &stored,
    };
    let mut account = Account::choose(&inputs)?;
    account.warnings.extend(broken_link);
    host.redactor.add(account.token().ok());
    host.redactor
        .add(account.credential.iter().flat_map(StoredCredential::secrets));
    Ok(account)
}

/// Chooses server, organization and token.
///
/// # Errors
/// When one of them is not known; the failure names every source that was looked at.
pub fn choose_session(host: &Host, flags: &Flags, hint: ProjectHint<'_>) -> Result<Session, Failure> {
    Ok(Session::of(choose_account(host, flags, hint)?)?)
}
