//! Ending a sign-in: at the server as far as it can, and here in any case.

use super::credential::StoredCredential;
use super::error::SessionError;
use super::folder::LobuFolder;
use super::refresh::client_of;
use crate::remote::{OAuthClient, OAuthError};

/// How a sign-in ended at the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerSignOut {
    /// The server has revoked the tokens.
    Revoked,
    /// The server has no route that revokes such a token.
    Impossible,
    /// The server did not revoke the tokens.
    Failed(OAuthError),
}

/// What signing out did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignOut {
    /// The credential that was removed.
    pub credential: StoredCredential,
    /// What the server did.
    pub server: ServerSignOut,
}

impl LobuFolder {
    /// Revokes the credential of a context and removes it. Returns `None` when there was none.
    ///
    /// # Errors
    /// When the credential could not be removed here.
    pub async fn sign_out(
        &self,
        context: &str,
        api_url: Option<&str>,
        client: &OAuthClient,
    ) -> Result<Option<SignOut>, SessionError> {
        // The lock is held all the time: a refresh in between would make tokens that nobody revokes.
        let locked = self.lock().await?;
        let Some(credential) = locked.credential(context)? else {
            return Ok(None);
        };
        let server = revoke(&credential, api_url, client).await;
        locked.remove_credential(context)?;
        Ok(Some(SignOut { credential, server }))
    }
}

/// Asks the server to revoke a credential.
pub async fn revoke(credential: &StoredCredential, api_url: Option<&str>, client: &OAuthClient) -> ServerSignOut {
    let ended = match (&credential.oauth, &credential.refresh) {
        (Some(oauth), refresh) => {
            let usual = || format!("{}/oauth/revoke", client.server());
            let endpoint = oauth.revocation_endpoint.clone().unwrap_or_else(usual);
            let registered = client_of(oauth);
            // Revoking the refresh token leaves the access token alive (contract section 2.1), so each is revoked.
            let tokens = refresh.iter().chain([&credential.access]);
            let mut ended = Ok(());
            for token in tokens {
                ended = ended.and(client.revoke(&endpoint, &registered, token).await);
            }
            ended
        }
        (None, Some(refresh)) => client.end_at_gateway(api_url.unwrap_or_default(), refresh).await,
        (None, None) => return ServerSignOut::Impossible,
    };
    ended.map_or_else(ServerSignOut::Failed, |()| ServerSignOut::Revoked)
}
