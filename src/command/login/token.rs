//! Signing in with a token that another program or page has made.

use super::target::{AcceptedCredential, LoginTarget, unproven};
use crate::command::console::Console;
use crate::command::signal::Interrupt;
use crate::failure::{Failure, FailureKind};
use crate::host::read_hidden_line;
use crate::remote::is_personal;
use crate::resource::Secret;
use crate::review::client_of;
use crate::session::StoredCredential;

/// Reads a token, and asks the server whose it is.
///
/// # Errors
/// When there is no token, or the server does not accept it.
pub(super) async fn sign_in(
    console: &Console,
    target: &LoginTarget,
    interrupt: &Interrupt,
) -> Result<AcceptedCredential, Failure> {
    let token = read(console, target, interrupt).await?;
    console.host.redactor.add([&token]);
    if is_personal(token.expose()) && target.account.organization.is_err() {
        // The server answers about such a token only below one of its organizations.
        return Err(Failure::usage("a personal access token needs its organization").hint("give `--org SLUG`"));
    }
    let credential = StoredCredential::new(token);
    let mut account = target.account.clone();
    account.use_credential(credential.clone());
    let client = client_of(&account, &console.host)?;
    let owner = interrupt
        .or(async {
            let owner = client.owner(&credential.access).await;
            owner.map_err(|error| unproven(&account, &error.to_string(), hint(error.status()).or(error.hint())))
        })
        .await?;
    Ok(AcceptedCredential {
        credential: StoredCredential {
            name: owner.name.clone(),
            email: owner.email.clone(),
            user_id: owner.id.clone(),
            scope: owner.scope.clone(),
            ..credential
        },
        owner,
    })
}

/// Returns what to do about a refused token, of which the hints of other requests do not know that it was typed.
const fn hint(status: Option<u16>) -> Option<&'static str> {
    match status {
        Some(401) => Some("check that the token is complete, and not revoked"),
        Some(403) => Some("check that the token belongs to this organization: `--org SLUG`"),
        _ => None,
    }
}

/// Reads the token from standard input. A terminal does not show it.
async fn read(console: &Console, target: &LoginTarget, interrupt: &Interrupt) -> Result<Secret, Failure> {
    let token = if console.host.terminals.stdin {
        // The terminal is raw by then, and a line end alone does not go back to its start.
        let question = format!("token for {} (it is not shown):\r", target.account.url.value);
        let (asking, cancel) = (console.clone(), interrupt.cancel.clone());
        let ask = move || asking.progress(&question);
        let line = tokio::task::spawn_blocking(move || read_hidden_line(ask, || cancel.is_stopping())).await;
        let line = line.map_err(|error| unread(&error))?.map_err(|error| unread(&error))?;
        line.ok_or_else(|| Failure::new(FailureKind::Interrupted, "interrupted; nothing was written"))?
    } else {
        let stdin = console.host.stdin.clone();
        let line = interrupt
            .or(async {
                tokio::task::spawn_blocking(move || stdin.line())
                    .await
                    .map_err(|error| unread(&error))
            })
            .await?;
        Secret::new(line.map_err(|error| unread(&error))?.unwrap_or_default())
    };
    let trimmed = token.expose().trim();
    if trimmed.is_empty() {
        return Err(Failure::usage("there is no token on standard input"));
    }
    Ok(Secret::new(trimmed))
}

fn unread(error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::failed("the token cannot be read").because(error)
}
