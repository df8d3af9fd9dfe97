//! What can go wrong between a request and its meaning.

use super::answer::AnswerError;
use super::transport::TransportError;

/// A request that did not lead to a usable answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// No answer came, after all tries.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The server said no, in `words`.
    #[error("{answer}")]
    Refused {
        /// Where, and what came back.
        answer: AnswerError,
        /// The server's own words alone.
        words: String,
        /// Whether it may have carried out the request all the same.
        doubtful: bool,
    },
    /// The answer is not what a Lobu server says.
    #[error("{answer}")]
    Malformed {
        /// Where, and what came back.
        answer: AnswerError,
    },
}

impl RemoteError {
    /// The status of the answer, where there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { answer, .. } | Self::Malformed { answer } => Some(answer.status),
            Self::Transport(_) => None,
        }
    }

    /// The server's own words, where it had some.
    pub fn words(&self) -> &str {
        match self {
            Self::Refused { words, .. } => words,
            _ => "",
        }
    }

    /// Whether a write may have been carried out though no usable answer came.
    pub fn may_have_written(&self) -> bool {
        match self {
            Self::Transport(error) => error.maybe_sent(),
            Self::Malformed { answer } => (200..300).contains(&answer.status),
            Self::Refused { doubtful, .. } => *doubtful,
        }
    }

    /// What to do next.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Refused { answer, .. } | Self::Malformed { answer } => answer.hint,
            Self::Transport(error) => Some(error.hint()),
        }
    }
}
