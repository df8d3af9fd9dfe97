//! Why signing in, refreshing or revoking did not work.

use thiserror::Error;

use super::answer::AnswerError;
use super::transport_error::TransportError;

/// Why a request of the sign-in did not work. Never holds a token or a code.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OAuthError {
    /// No response arrived.
    #[error(transparent)]
    Unanswered(#[from] TransportError),
    /// The server has no sign-in with a browser.
    #[error("{server} has no sign-in with a browser")]
    Unavailable {
        /// The URL of the server.
        server: String,
    },
    /// The server names an address for its sign-in that is not on its own origin.
    #[error("{server} says that its {what} is at {named}, which is another origin")]
    Elsewhere {
        /// The URL of the server.
        server: String,
        /// What is named, such as `token endpoint`.
        what: &'static str,
        /// The origin that is named, or what the text is instead.
        named: String,
    },
    /// The server refused the request.
    #[error("{answer}")]
    Refused {
        /// The request, and what came back.
        answer: AnswerError,
        /// The error code of OAuth; empty where the server sent none.
        code: String,
    },
    /// The response is not one of a Lobu server.
    #[error("{0}")]
    Malformed(AnswerError),
}

impl OAuthError {
    /// Whether the server has said that a credential is worth nothing any more. Neither a network that is away nor a proxy
    /// nor a server in trouble says that.
    pub fn is_definite(&self) -> bool {
        match self {
            // A proxy that wants a password answers 401 too, but with no error code.
            Self::Refused { answer, code } => {
                !code.is_empty() && (answer.status == 401 || (answer.status == 400 && code == "invalid_grant"))
            }
            _ => false,
        }
    }

    /// Whether the same request may work in a moment.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unanswered(_) => true,
            Self::Refused { answer, .. } => answer.status >= 500 || answer.status == 429,
            _ => false,
        }
    }

    /// Returns what to do next, where something is known to help.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unanswered(error) => Some(error.hint().to_owned()),
            Self::Unavailable { .. } => {
                Some("take a token from its web page: `lobuctl login --token-stdin`; or check `--url`".to_owned())
            }
            Self::Elsewhere { named, .. } if named.contains("://") => Some(format!(
                "use the address that the server knows itself by: `--url {named}`"
            )),
            Self::Elsewhere { .. } => Some("check the server's public URL".to_owned()),
            Self::Refused { answer, .. } | Self::Malformed(answer) => answer.hint.map(str::to_owned),
        }
    }
}
