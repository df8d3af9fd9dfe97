//! Signing in with a browser: the device flow of OAuth (RFC 8628).

use std::io::Write;
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use super::browser::open_page;
use super::target::{AcceptedCredential, LoginTarget, unproven};
use crate::command::console::Console;
use crate::command::signal::Interrupt;
use crate::failure::Failure;
use crate::remote::{
    AccountOwner, DeviceGrant, DevicePoll, GrantedTokens, KnownClient, OAuthClient, OAuthEndpoints, OAuthError,
};
use crate::review::{client_of, oauth_client};
use crate::session::{OAuthClientRecord, StoredCredential, revoke};
use crate::show::sign_in::{duration_text, grant_lines};

/// What is added to the pause between two polls when the server asks for it (RFC 8628, section 3.5).
const SLOWER: Duration = Duration::from_secs(5);

/// A sign-in that has begun.
struct DeviceSignIn<'a> {
    console: &'a Console,
    target: &'a LoginTarget,
    client: OAuthClient,
    endpoints: OAuthEndpoints,
    registered: KnownClient,
    grant: DeviceGrant,
}

/// Signs in with a browser, on this machine or another one.
///
/// # Errors
/// When nobody approves, or the server does not accept what it has issued.
pub(super) async fn sign_in(
    console: &Console,
    target: &LoginTarget,
    no_browser: bool,
    interrupt: &Interrupt,
) -> Result<AcceptedCredential, Failure> {
    if !console.host.can_ask() && !no_browser {
        return Err(
            Failure::failed("there is no terminal on which somebody could see the code")
                .hint("`--token-stdin` reads a token; `--no-browser` prints the code all the same"),
        );
    }
    interrupt
        .or(async {
            let started = DeviceSignIn::start(console, target).await;
            let started = started.map_err(|error| refused(target, &error))?;
            started.announce(no_browser)?;
            let tokens = started.wait().await?;
            started.accept(tokens).await
        })
        .await
}

impl<'a> DeviceSignIn<'a> {
    async fn start(console: &'a Console, target: &'a LoginTarget) -> Result<Self, OAuthError> {
        let client = oauth_client(&target.account, &console.host.redactor)?;
        let endpoints = client.discover().await?;
        let registered = client.register(&endpoints).await?;
        let organization = target.account.organization.as_ref().ok().map(|it| it.value.as_str());
        let grant = client.start_device(&endpoints, &registered, organization).await?;
        Ok(Self {
            console,
            target,
            client,
            endpoints,
            registered,
            grant,
        })
    }

    /// Shows the code and the address, and opens the page.
    fn announce(&self, no_browser: bool) -> Result<(), Failure> {
        let (console, grant) = (self.console, &self.grant);
        console.object(
            "device_code",
            &json!({
                "user_code": grant.user_code, "address": grant.address, "complete_address": grant.complete_address,
                "valid_for_seconds": grant.valid_for.as_secs(),
            }),
        )?;
        // Even with `--quiet`: without the code nobody can approve.
        let mut err = console.host.stderr.clone();
        let server = self.target.account.url.value.to_string();
        let address = grant.complete_address.as_ref().unwrap_or(&grant.address);
        let lines = grant_lines(&server, &grant.user_code, address, grant.valid_for);
        let printed = lines.iter().try_for_each(|line| writeln!(err, "{line}"));
        printed
            .and_then(|()| err.flush())
            .map_err(|error| Failure::failed("the code cannot be shown").because(&error))?;
        let opened = !no_browser && open_page(console, &self.target.account.url.value, grant);
        console.progress(if opened {
            "a browser was opened; waiting for the approval, Ctrl-C gives up"
        } else {
            "open the address in a browser; waiting for the approval, Ctrl-C gives up"
        });
        Ok(())
    }

    /// Waits until somebody has decided.
    async fn wait(&self) -> Result<GrantedTokens, Failure> {
        let (end, mut interval, mut is_reported) = (Instant::now() + self.grant.valid_for, self.grant.interval, false);
        while Instant::now() < end {
            sleep(interval).await;
            match self.client.poll(&self.endpoints, &self.registered, &self.grant).await {
                Ok(DevicePoll::Approved(tokens)) => return Ok(tokens),
                Ok(DevicePoll::Pending) => is_reported = false,
                Ok(DevicePoll::SlowDown) => interval += SLOWER,
                Ok(DevicePoll::Denied) => return Err(unproven(&self.target.account, "the sign-in was denied", None)),
                Ok(DevicePoll::Expired) => break,
                Err(error) if error.is_passing() => {
                    // Once for each time that the server is away.
                    if !std::mem::replace(&mut is_reported, true) {
                        self.console.progress(&format!("waiting for the server: {error}"));
                    }
                }
                Err(error) => return Err(refused(self.target, &error)),
            }
        }
        let waited = duration_text(self.grant.valid_for);
        let why = format!("nobody approved the code within {waited}");
        Err(unproven(
            &self.target.account,
            &why,
            Some("run `lobuctl login` again for a new code"),
        ))
    }

    /// Asks the server whose the tokens are.
    async fn accept(&self, tokens: GrantedTokens) -> Result<AcceptedCredential, Failure> {
        let credential = self.credential(tokens);
        let mut account = self.target.account.clone();
        account.use_credential(credential.clone());
        let client = client_of(&account, &self.console.host)?;
        let owner = client.owner(&credential.access).await;
        let checked = match owner {
            Ok(owner) => self.check_organization(owner),
            Err(error) => Err(unproven(&account, &error.to_string(), error.hint())),
        };
        match checked {
            Ok(owner) => Ok(AcceptedCredential {
                credential: named(credential, &owner),
                owner,
            }),
            Err(failure) => {
                // What is not kept must not stay valid. When that fails too, it ends by itself.
                let _ = revoke(&credential, None, &self.client).await;
                Err(failure)
            }
        }
    }

    fn check_organization(&self, owner: AccountOwner) -> Result<AccountOwner, Failure> {
        let asked = self.target.asked_organization.as_ref();
        match (asked, &owner.organization) {
            (Some(asked), Some(found)) if asked != found => {
                let why =
                    format!("the sign-in was approved for organization `{found}`, and `--org` asks for `{asked}`");
                Err(unproven(
                    &self.target.account,
                    &why,
                    Some("choose it on the page where you approve"),
                ))
            }
            _ => Ok(owner),
        }
    }

    fn credential(&self, tokens: GrantedTokens) -> StoredCredential {
        let (token, revocation, userinfo) = self.endpoints.urls(&self.target.account.url.value);
        let credential = StoredCredential {
            oauth: Some(OAuthClientRecord {
                client_id: self.registered.id.clone(),
                client_secret: self.registered.secret.clone(),
                token_endpoint: Some(token),
                revocation_endpoint: revocation,
                userinfo_endpoint: userinfo,
            }),
            ..StoredCredential::new(tokens.access.clone())
        };
        credential.with_tokens(tokens, self.console.host.now())
    }
}

/// Returns a credential with what the server says about its owner.
fn named(credential: StoredCredential, owner: &AccountOwner) -> StoredCredential {
    StoredCredential {
        name: owner.name.clone(),
        email: owner.email.clone(),
        user_id: owner.id.clone(),
        ..credential
    }
}

fn refused(target: &LoginTarget, error: &OAuthError) -> Failure {
    unproven(&target.account, &error.to_string(), error.hint().as_deref())
}
