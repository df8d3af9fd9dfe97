//! Which server, organization and token to use, and where each was set.
//!
//! Files are opened in [`Stored::read`] only; [`Session::choose`] is a pure function of the command line, the
//! environment, the project and those files. A flag takes precedence over the environment, and the environment over
//! files. A stored credential is sent to its own context's server and to no other.

mod choose;
mod context;
mod error;
mod stored;

pub use choose::{Flags, Inputs};
pub use context::{ContextSummary, summaries, use_context};
pub use error::SessionError;
pub use stored::Stored;

use std::fmt;

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
    /// Whether the token may be sent over plain http to another machine.
    pub insecure_http: bool,
    /// Sentences for the user, to be printed as warnings.
    pub warnings: Vec<String>,
    /// The variables and files that were searched for a token.
    token_locations: Vec<String>,
}

impl Session {
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

/// A value, and where it was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value itself.
    pub value: T,
    /// The flag, variable or file that set it.
    pub source: ValueSource,
}

/// Where a value was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueSource {
    /// A flag of the command line.
    Flag(&'static str),
    /// An environment variable.
    Variable(&'static str),
    /// The project's `lobu.toml`.
    Project,
    /// The context of this name.
    Context(String),
    /// The credentials of the context of this name.
    Credentials(String),
}

impl fmt::Display for ValueSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => write!(formatter, "`{name}`"),
            Self::Project => formatter.write_str("`lobu.toml`"),
            Self::Context(name) => write!(formatter, "context `{name}`"),
            Self::Credentials(name) => write!(formatter, "credentials of context `{name}`"),
        }
    }
}
