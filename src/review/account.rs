//! Which server, organization and token a command works with.

use std::path::Path;
use std::sync::Arc;

use super::options::ReviewOptions;
use super::workspace::read_project;
use crate::config::{LoadedProject, SecretsCheck};
use crate::failure::Failure;
use crate::host::Host;
use crate::redact::Redactor;
use crate::remote::{AccountOwner, Client, HttpOptions, OAuthClient, Retry, TransportError, is_personal};
use crate::session::{Account, Flags, Inputs, ProjectLink, Session, SessionError, Stored, StoredCredential};

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

/// Reads the files of this user that list servers, credentials and guards.
///
/// # Errors
/// As [`Stored::read`].
pub fn stored_files(host: &Host) -> Result<Stored, SessionError> {
    let environment = host.environment.variables();
    Stored::read(environment, host.home.as_deref(), host.config_dir().as_deref())
}

/// Chooses the server, and what is known for it. Sends nothing.
///
/// # Errors
/// When no server is known; the failure names every source that was looked at.
pub fn find_account(host: &Host, flags: &Flags, hint: ProjectHint<'_>) -> Result<Account, Failure> {
    let environment = host.environment.variables();
    let stored = stored_files(host)?;
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
    hide_secrets(host, &account);
    Ok(account)
}

/// Chooses as [`find_account`] does, for the project in the current folder. Without one, flags and environment may be enough.
///
/// # Errors
/// As [`find_account`].
pub fn find_account_here(host: &Host, options: &ReviewOptions) -> Result<Account, Failure> {
    let loaded = project_here(host, options);
    find_account(
        host,
        &options.flags,
        loaded.as_ref().map(ProjectHint::of).unwrap_or_default(),
    )
}

/// Chooses as [`find_account_here`] does, and refreshes a token that is about to end.
///
/// # Errors
/// When no server is known, or the token has ended and could not be refreshed.
pub async fn choose_account_here(host: &Host, options: &ReviewOptions) -> Result<Account, Failure> {
    let mut account = find_account_here(host, options)?;
    refresh_account(host, &mut account).await?;
    Ok(account)
}

/// Chooses as [`choose_session`] does, for the project in the current folder.
///
/// # Errors
/// As [`choose_session`].
pub async fn choose_session_here(host: &Host, options: &ReviewOptions) -> Result<Session, Failure> {
    let loaded = project_here(host, options);
    let hint = loaded.as_ref().map(ProjectHint::of).unwrap_or_default();
    choose_session(host, &options.flags, hint).await
}

/// Reads the project of the current folder, if there is one, for where it belongs. No value of a secret is needed for that.
fn project_here(host: &Host, options: &ReviewOptions) -> Option<LoadedProject> {
    let options = ReviewOptions {
        secrets_check: SecretsCheck::Off,
        ..options.clone()
    };
    read_project(host, &options).ok()
}

/// Chooses server, organization and token, and refreshes a token that is about to end.
///
/// # Errors
/// When one of them is not known, or the token has ended and could not be refreshed.
pub async fn choose_session(host: &Host, flags: &Flags, hint: ProjectHint<'_>) -> Result<Session, Failure> {
    let mut account = find_account(host, flags, hint)?;
    // Before a request is sent: without an organization the command ends.
    account.organization.clone()?;
    refresh_account(host, &mut account).await?;
    Ok(Session::of(account)?)
}

/// Refreshes the token of an account when it is a stored one that is about to end.
///
/// # Errors
/// When the token has ended and could not be refreshed.
pub async fn refresh_account(host: &Host, account: &mut Account) -> Result<(), Failure> {
    let now = host.now();
    if account.is_due(now) {
        let client = oauth_client(account, &host.redactor).map_err(|error| transport_failure(&error))?;
        let refreshed = account.refresh(client, now).await;
        hide_secrets(host, account);
        refreshed?;
    }
    Ok(())
}

/// Returns a client for signing in at the server of an account.
///
/// # Errors
/// When codes and tokens would travel unencrypted, or TLS cannot be set up.
pub fn oauth_client(account: &Account, redactor: &Redactor) -> Result<OAuthClient, TransportError> {
    let options = HttpOptions {
        insecure_http: account.insecure_http,
        ..HttpOptions::default()
    };
    OAuthClient::over_network(&account.url.value, options, redactor)
}

/// Returns a client with the account's token, for its organization if one is known.
///
/// # Errors
/// When the token must not be sent there.
pub fn client_of(account: &Account, host: &Host) -> Result<Client, Failure> {
    let transport = account
        .transport(HttpOptions::default())
        .map_err(|error| transport_failure(&error))?;
    let organization = account
        .organization
        .as_ref()
        .map(|it| it.value.clone())
        .unwrap_or_default();
    Ok(Client::new(Retry::new(Arc::new(transport)), organization, 1).redacting(host.redactor.clone()))
}

/// Asks the server whose the account's token is.
///
/// # Errors
/// When there is no token, the server does not accept it, or it wants an organization and none is known.
pub async fn owner_of(account: &Account, client: &Client) -> Result<AccountOwner, Failure> {
    let token = account.token()?;
    if is_personal(token.expose())
        && let Err(error) = &account.organization
    {
        return Err(SessionError::clone(error).into());
    }
    client.owner(token).await.map_err(|error| {
        let message = match error.status() {
            Some(401 | 403) => format!("{} does not accept the token", account.url.value),
            _ => format!("{} does not say whose the token is", account.url.value),
        };
        let sign_in = (error.status() == Some(401)).then_some("sign in again: `lobuctl login --force`");
        Failure::failed(message).because(&error).hints(sign_in.or(error.hint()))
    })
}

fn hide_secrets(host: &Host, account: &Account) {
    host.redactor.add(account.token().ok());
    host.redactor
        .add(account.credential.iter().flat_map(StoredCredential::secrets));
}

fn transport_failure(error: &TransportError) -> Failure {
    Failure::failed(error.to_string()).hint(error.hint())
}
