//! Which server, organization and token to use, and where each was set.
//!
//! Files are read in [`Stored::read`] and changed through [`LobuFolder::lock`] only; [`Account::choose`] is a pure function of
//! the command line, the environment, the project and those files. A flag takes precedence over the environment, and the
//! environment over files. A stored credential is sent to its own context's server and to no other.

mod account;
mod choose;
mod context;
mod credential;
mod error;
mod folder;
mod link;
mod organization;
mod refresh;
mod revoke;
mod source;
mod stored;
mod trust;

pub use account::Account;
pub use choose::{Flags, Inputs};
pub use context::{ContextSummary, RemovedContext, summaries};
pub use credential::{OAuthClientRecord, StoredCredential};
pub use error::SessionError;
pub use folder::{LobuFolder, LockedFolder};
pub use link::ProjectLink;
pub use revoke::{ServerSignOut, SignOut, revoke};
pub use source::{Sourced, ValueSource};
pub use stored::Stored;

use crate::remote::{HttpOptions, HttpTransport, ServerUrl, TransportError};
use crate::resource::Secret;

/// The server and organization to work on, and the token to do it with.
#[derive(Debug, Clone)]
pub struct Session {
    /// The URL of the server.
    pub url: Sourced<ServerUrl>,
    /// The organization's slug.
    pub organization: Sourced<String>,
    /// The token for this server. `None` is an error only for a command that sends requests.
    pub token: Option<Sourced<Secret>>,
    /// The name of the stored context with this server, if any.
    pub context: Option<String>,
    /// Whether the target is protected: applying needs its name, or a plan id.
    pub protected: bool,
    /// Sentences for the user, to be printed as warnings.
    pub warnings: Vec<String>,
    account: Account,
}

impl Session {
    /// Returns the session of an account whose organization is known.
    ///
    /// # Errors
    /// When it is not.
    pub fn of(account: Account) -> Result<Self, SessionError> {
        Ok(Self {
            url: account.url.clone(),
            organization: account.organization.clone()?,
            token: account.token.clone(),
            context: account.context.clone(),
            protected: account.protected,
            warnings: account.warnings.clone(),
            account,
        })
    }

    /// Returns the token, for a command that cannot do without one.
    ///
    /// # Errors
    /// When none is known for this server.
    pub fn token(&self) -> Result<&Secret, SessionError> {
        self.account.token()
    }

    /// Creates a transport to the server, without connecting.
    ///
    /// # Errors
    /// When the token must not be sent to this server, or TLS cannot be set up.
    pub fn transport(&self, options: HttpOptions) -> Result<HttpTransport, TransportError> {
        self.account.transport(options)
    }
}
