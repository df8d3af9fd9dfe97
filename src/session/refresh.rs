//! Refreshing a stored credential, such that no rotation is lost.
//!
//! The server ends a refresh token when it is used. So a refresh holds the lock of the files from before it reads them until
//! the new pair is on the disk, and the request is sent at most once. Whoever waits for the lock finds the new pair.

use jiff::{SignedDuration, Timestamp};

use super::account::Account;
use super::credential::{OAuthClientRecord, StoredCredential};
use super::error::SessionError;
use super::folder::LobuFolder;
use super::source::{Sourced, ValueSource};
use crate::remote::{GrantedTokens, KnownClient, OAuthClient, OAuthError};

/// Everything that a refresh needs. It is owned, so that the task goes on when nobody waits for it any more.
struct Renewal {
    folder: LobuFolder,
    context: String,
    api_url: Option<String>,
    client: OAuthClient,
    now: Timestamp,
}

impl Account {
    /// Whether the token is a stored one that ends within a minute.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let is_stored = matches!(&self.token, Some(token) if matches!(token.source, ValueSource::Credentials(_)));
        is_stored
            && self
                .credential
                .as_ref()
                .is_some_and(|credential| credential.is_due(now))
    }

    /// Refreshes the token when it [is due](Self::is_due), through a client of this server.
    ///
    /// # Errors
    /// When the token has ended and there is no new one. Only a refusal by the server removes the credential.
    pub async fn refresh(&mut self, client: OAuthClient, now: Timestamp) -> Result<(), SessionError> {
        let (Some(context), Some(credential), Some(folder)) = (&self.context, &self.credential, &self.folder) else {
            return Ok(());
        };
        if !self.is_due(now) {
            return Ok(());
        }
        let (context, has_ended) = (context.clone(), credential.has_ended(now));
        if credential.refresh.is_none() {
            let ended = SessionError::SignInEnded { context };
            return if has_ended { Err(ended) } else { Ok(()) };
        }
        let renewal = Renewal {
            folder: folder.clone(),
            context: context.clone(),
            api_url: self.api_url.clone(),
            client,
            now,
        };
        // A task of its own: a caller that is dropped must not drop the answer between the server and the disk.
        let renewed = tokio::spawn(renewal.carry_out()).await;
        match renewed.unwrap_or_else(|error| Err(failed_task(&context, &error))) {
            Ok(credential) => {
                self.token = Some(Sourced {
                    value: credential.access.clone(),
                    source: ValueSource::Credentials(context),
                });
                self.credential = Some(credential);
                Ok(())
            }
            Err(error @ SessionError::NotRefreshed { .. }) if !has_ended => {
                self.warnings.push(error.to_string());
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

impl Renewal {
    async fn carry_out(self) -> Result<StoredCredential, SessionError> {
        let locked = self.folder.lock().await?;
        let context = &self.context;
        // What was read before may be the old pair of a refresh that has just ended.
        let Some(stored) = locked.credential(context)? else {
            return Err(SessionError::SignInEnded {
                context: context.clone(),
            });
        };
        let Some(refresh) = stored.refresh.clone().filter(|_| stored.is_due(self.now)) else {
            return Ok(stored);
        };
        let answer = if let Some(oauth) = &stored.oauth {
            let endpoint = oauth.token_endpoint.clone().unwrap_or_else(|| self.usual_endpoint());
            self.client.refresh(&endpoint, &client_of(oauth), &refresh).await
        } else {
            let api_url = self.api_url.as_deref().unwrap_or_default();
            self.client.refresh_at_gateway(api_url, &refresh).await
        };
        match answer {
            Ok(tokens) => {
                let renewed = stored.with_tokens(tokens, self.now);
                locked.store_credential(context, &renewed)?;
                Ok(renewed)
            }
            Err(error) if error.is_definite() => {
                locked.remove_credential(context)?;
                Err(SessionError::SignedOut {
                    context: context.clone(),
                    why: error.to_string(),
                })
            }
            Err(error) => Err(not_refreshed(context, &error)),
        }
    }

    fn usual_endpoint(&self) -> String {
        format!("{}/oauth/token", self.client.server())
    }
}

impl StoredCredential {
    /// Returns the credential with the tokens of a grant. What the server leaves out stays.
    #[must_use]
    pub fn with_tokens(mut self, tokens: GrantedTokens, now: Timestamp) -> Self {
        let valid_for = tokens.valid_for.and_then(|time| SignedDuration::try_from(time).ok());
        let end = valid_for.and_then(|time| now.checked_add(time).ok());
        self.expires_at = end.or_else(|| Timestamp::from_millisecond(tokens.ends_at_ms?).ok());
        self.access = tokens.access;
        self.refresh = tokens.refresh.or(self.refresh);
        self.scope = tokens.scope.or(self.scope);
        self
    }
}

/// Returns the client that a credential was issued to.
pub(super) fn client_of(oauth: &OAuthClientRecord) -> KnownClient {
    KnownClient {
        id: oauth.client_id.clone(),
        secret: oauth.client_secret.clone(),
    }
}

fn not_refreshed(context: &str, error: &OAuthError) -> SessionError {
    SessionError::NotRefreshed {
        context: context.to_owned(),
        why: error.to_string(),
        hint: error.hint(),
    }
}

fn failed_task(context: &str, error: &tokio::task::JoinError) -> SessionError {
    SessionError::NotRefreshed {
        context: context.to_owned(),
        why: error.to_string(),
        hint: None,
    }
}
