//! `lobuctl login`: signs in to a server, and stores the credential once the server has said whose it is.

mod browser;
mod device;
mod target;
mod token;

use serde_json::json;

use super::console::Console;
use super::signal::Interrupt;
use crate::cli::{Common, Format, LoginArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::AccountOwner;
use crate::review::oauth_client;
use crate::session::{ServerSignOut, StoredCredential, revoke};
use crate::show::printable;
use crate::show::sign_in::{person_text, time_text};
use target::{AcceptedCredential, LoginTarget, unproven};

/// Signs in. Whatever was stored before stays until the server has accepted the new credential.
///
/// # Errors
/// When nobody is signed in afterwards who was not before.
pub(super) async fn run(
    console: &Console,
    common: &Common,
    arguments: &LoginArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let target = LoginTarget::find(console, common).await?;
    if !arguments.force && !arguments.token_stdin && target.account.credential.is_some() {
        // A proof, not a guess: the stored credential may have been revoked.
        if let Some(owner) = interrupt.or(target.owner_of_stored(console)).await? {
            console.progress("already signed in; `--force` signs in anew");
            return report(console, &target, &owner, target.account.credential.as_ref());
        }
    }
    let accepted = if arguments.token_stdin {
        token::sign_in(console, &target, interrupt).await?
    } else {
        device::sign_in(console, &target, arguments.no_browser, interrupt).await?
    };
    store(console, &target, &accepted).await?;
    report(console, &target, &accepted.owner, Some(&accepted.credential))
}

/// Stores the credential, then revokes the one that it replaces.
async fn store(console: &Console, target: &LoginTarget, accepted: &AcceptedCredential) -> Result<(), Failure> {
    let locked = target.folder.lock().await?;
    let replaced = locked.credential(&target.context)?;
    let url = &target.account.url.value;
    let is_current = locked.add_context(&target.context, url, accepted.owner.organization.as_deref())?;
    locked.store_credential(&target.context, &accepted.credential)?;
    drop(locked);
    if !is_current {
        console.progress(&format!(
            "the current context stays another one; `lobuctl context use {}` changes that",
            target.context
        ));
    }
    if let Some(replaced) = replaced.filter(|replaced| replaced.access != accepted.credential.access) {
        let client = oauth_client(&target.account, &console.host.redactor);
        let client = client.map_err(|error| unproven(&target.account, &error.to_string(), Some(error.hint())))?;
        if let ServerSignOut::Failed(error) = revoke(&replaced, target.account.api_url.as_deref(), &client).await {
            console.warning(&format!("the credential before it was not revoked: {error}"));
        }
    }
    Ok(())
}

fn report(
    console: &Console,
    target: &LoginTarget,
    owner: &AccountOwner,
    credential: Option<&StoredCredential>,
) -> Result<Exit, Failure> {
    let (url, context) = (&target.account.url.value, &target.context);
    let end = credential.and_then(|credential| credential.expires_at);
    console.object(
        "login",
        &json!({
            "context": context, "url": url.to_string(), "name": owner.name, "email": owner.email,
            "organization": owner.organization, "scope": credential.and_then(|it| it.scope.clone()),
            "expires_at": end.map(|end| end.to_string()),
        }),
    )?;
    if console.format != Format::Json {
        let organization = owner
            .organization
            .as_ref()
            .map(|slug| format!(", organization {slug}"))
            .unwrap_or_default();
        let who = person_text(owner.name.as_deref(), owner.email.as_deref())
            .map(|who| format!(" as {who}"))
            .unwrap_or_default();
        let line = printable(&format!("signed in to {url}{who}{organization}, context {context}"));
        console.text(&(line + "\n"))?;
        let renewable = credential.is_some_and(|it| it.refresh.is_some());
        if let Some(end) = end.filter(|_| !renewable) {
            console.progress(&format!("the token ends {}", time_text(end)));
        }
    }
    if console.host.environment.get("LOBU_API_TOKEN").is_some() {
        console.warning("`LOBU_API_TOKEN` is set and takes precedence over what is stored");
    }
    Ok(Exit::Done)
}
