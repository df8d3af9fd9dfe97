//! The server, and who the user is there: what signing in and out need before any organization is known.

use super::credential::StoredCredential;
use super::error::SessionError;
use super::folder::LobuFolder;
use super::source::{Sourced, ValueSource};
use crate::remote::{HttpOptions, HttpTransport, ServerUrl, TransportError};
use crate::resource::Secret;

/// The server, and what is known for it.
#[derive(Debug, Clone)]
pub struct Account {
    /// The URL of the server.
    pub url: Sourced<ServerUrl>,
    /// The organization's slug, or why none is known.
    pub organization: Result<Sourced<String>, SessionError>,
    /// The token for this server, if one is known.
    pub token: Option<Sourced<Secret>>,
    /// The stored credential of the context. The token may be another one, from a variable.
    pub credential: Option<StoredCredential>,
    /// The name of the stored context with this server, if any.
    pub context: Option<String>,
    /// The base of the gateway's routes in that context, as the `lobu` CLI of April 2026 has it.
    pub api_url: Option<String>,
    /// Whether the target is protected: applying needs its name, or a plan id.
    pub protected: bool,
    /// Whether tokens may be sent over plain http to another machine.
    pub insecure_http: bool,
    /// Sentences for the user, to be printed as warnings.
    pub warnings: Vec<String>,
    /// The folder of the `lobu` CLI, if there is a home folder.
    pub(super) folder: Option<LobuFolder>,
    /// The variables and files that were searched for a token.
    pub(super) token_locations: Vec<String>,
}

impl Account {
    /// Returns the folder in which credentials are stored.
    ///
    /// # Errors
    /// When there is no home folder to have it in.
    pub fn folder(&self) -> Result<&LobuFolder, SessionError> {
        self.folder.as_ref().ok_or(SessionError::NoFolder)
    }

    /// Returns the stored credential, when its token is the one that is used.
    pub fn used_credential(&self) -> Option<&StoredCredential> {
        let token = &self.token.as_ref()?.value;
        self.credential
            .as_ref()
            .filter(|credential| credential.access == *token)
    }

    /// Uses a credential of this server in place of the token that was chosen.
    pub fn use_credential(&mut self, credential: StoredCredential) {
        self.token = Some(Sourced {
            value: credential.access.clone(),
            source: ValueSource::Credentials(self.context.clone().unwrap_or_default()),
        });
        self.credential = Some(credential);
    }

    /// Returns the token, for a command that cannot do without one.
    ///
    /// # Errors
    /// When none is known for this server.
    pub fn token(&self) -> Result<&Secret, SessionError> {
        let missing = || SessionError::NoToken {
            server: self.url.value.to_string(),
            searched: self.token_locations.clone(),
        };
        self.token.as_ref().map(|token| &token.value).ok_or_else(missing)
    }

    /// Creates a transport to the server, without connecting.
    ///
    /// # Errors
    /// When the token must not be sent to this server, or TLS cannot be set up.
    pub fn transport(&self, options: HttpOptions) -> Result<HttpTransport, TransportError> {
        let options = HttpOptions {
            insecure_http: self.insecure_http,
            ..options
        };
        let token = self.token.as_ref().map(|token| token.value.clone());
        HttpTransport::new(self.url.value.clone(), token, options)
    }
}
