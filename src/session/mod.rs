//! Which server, which organisation, which token, and where each was said.
//!
//! Files are opened in [`Stored::read`] only; [`Session::choose`] is a pure function of what the command line, the
//! environment, the project and those files say. A flag wins over the environment, the environment over files. A
//! stored credential goes to its own context's server and to no other.

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

/// What a run talks to, and as whom.
#[derive(Debug, Clone)]
pub struct Session {
    /// The server.
    pub url: Sourced<ServerUrl>,
    /// The organisation's slug.
    pub organization: Sourced<String>,
    /// The token, if one is known for this server.
    pub token: Option<Sourced<Secret>>,
    /// The context that the server belongs to, if any.
    pub context: Option<String>,
    /// Whether applying here needs more than a `y`.
    pub protected: bool,
    /// Whether the token may travel over plain http to another machine.
    pub insecure_http: bool,
    /// Things to know that stop nothing.
    pub warnings: Vec<String>,
    /// Where a token was looked for.
    looked_for_token: Vec<String>,
}

impl Session {
    /// The token, or why there is none.
    pub fn token(&self) -> Result<&Secret, SessionError> {
        let missing = || SessionError::NoToken {
            server: self.url.value.to_string(),
            looked: self.looked_for_token.clone(),
        };
        self.token.as_ref().map(|token| &token.value).ok_or_else(missing)
    }

    /// The way to the server; sends nothing yet.
    pub fn transport(&self, options: HttpOptions) -> Result<HttpTransport, TransportError> {
        let options = HttpOptions {
            insecure_http: self.insecure_http,
            ..options
        };
        let token = self.token.as_ref().map(|token| token.value.clone());
        HttpTransport::new(self.url.value.clone(), token, options)
    }
}

/// A value, and where it was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it was said.
    pub source: Source,
}

/// Where a value was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// On the command line.
    Flag(&'static str),
    /// In the environment.
    Variable(&'static str),
    /// In the project's `lobu.toml`.
    Project,
    /// In this context of the contexts file.
    Context(String),
    /// In the credentials of this context.
    Credentials(String),
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => write!(formatter, "`{name}`"),
            Self::Project => formatter.write_str("`lobu.toml`"),
            Self::Context(name) => write!(formatter, "context `{name}`"),
            Self::Credentials(name) => write!(formatter, "credentials of context `{name}`"),
        }
    }
}
