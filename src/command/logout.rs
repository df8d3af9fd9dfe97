//! `lobuctl logout`: ends a sign-in, and says what stays valid.

use serde_json::json;

use super::console::Console;
use crate::cli::{Common, Format};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::review::{ReviewOptions, client_of, find_account_here, oauth_client};
use crate::session::{Account, ServerSignOut, SessionError, SignOut};
use crate::show::sign_in::time_text;

/// Revokes the credential of a context as far as the server can, and removes it here in any case.
///
/// # Errors
/// When no context has the server, or the credential cannot be removed.
pub(super) async fn run(console: &Console, common: &Common) -> Result<Exit, Failure> {
    let options = ReviewOptions::reading(&console.host, common);
    let account = find_account_here(&console.host, &options)?;
    account.warnings.iter().for_each(|warning| console.warning(warning));
    let Some(context) = account.context.clone() else {
        let server = account.url.value.to_string();
        return Err(SessionError::NoContext { server }.into());
    };
    let client = oauth_client(&account, &console.host.redactor);
    let client = client.map_err(|error| Failure::failed(error.to_string()).hint(error.hint()))?;
    // Not stopped by Ctrl-C: half of it would leave a credential that looks valid.
    let signed_out = account
        .folder()?
        .sign_out(&context, account.api_url.as_deref(), &client)
        .await?;
    let (stays, revoked) = match &signed_out {
        Some(signed_out) => {
            let stays = what_stays_valid(console, &account, signed_out).await;
            (stays, signed_out.server == ServerSignOut::Revoked)
        }
        None => (None, false),
    };
    console.object(
        "logout",
        &json!({
            "context": context, "url": account.url.value.to_string(), "was_signed_in": signed_out.is_some(),
            "revoked": revoked, "stays_valid": stays,
        }),
    )?;
    if console.format != Format::Json {
        console.progress(&match signed_out {
            Some(_) if revoked => format!("signed out of {}; its credential is revoked", account.url.value),
            Some(_) => format!("signed out of {} on this machine", account.url.value),
            None => format!("context `{context}` is not signed in"),
        });
        if let Some(stays) = &stays {
            console.warning(stays);
        }
    }
    if console.host.environment.get("LOBU_API_TOKEN").is_some() {
        console.warning("`LOBU_API_TOKEN` is set: commands go on using it");
    }
    Ok(Exit::Done)
}

/// Returns what of a removed credential still works, in a sentence.
async fn what_stays_valid(console: &Console, account: &Account, signed_out: &SignOut) -> Option<String> {
    let credential = &signed_out.credential;
    let until = credential
        .expires_at
        .map(|end| format!(" until {}", time_text(end)))
        .unwrap_or_default();
    match &signed_out.server {
        ServerSignOut::Impossible => Some(format!(
            "the token itself stays valid until it is revoked where it was made: on the web page of {}, or with `lobuctl serve \
             token revoke`",
            account.url.value
        )),
        ServerSignOut::Failed(error) => Some(format!(
            "the server did not revoke it ({error}): its tokens stay valid, the access token{until}"
        )),
        ServerSignOut::Revoked => {
            let mut account = account.clone();
            account.use_credential(credential.clone());
            let client = client_of(&account, &console.host).ok()?;
            // Servers may revoke only the refresh token (contract section 2.1).
            match client.owner(&credential.access).await {
                Err(error) if matches!(error.status(), Some(401 | 403)) => None,
                Ok(_) => Some(format!("the server goes on accepting its access token{until}")),
                Err(_) => Some(format!("the server may go on accepting its access token{until}")),
            }
        }
    }
}
