//! What can go wrong between a request and its meaning.

use super::answer::AnswerError;
use super::transport_error::TransportError;

/// A request that did not lead to a usable response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// No response arrived, after all attempts.
    #[error("{error}")]
    Transport {
        /// How the last attempt failed.
        error: TransportError,
        /// Whether the request changes the server and may have been carried out.
        maybe_applied: bool,
    },
    /// The server refused the request.
    #[error("{answer}")]
    Refused {
        /// The request, and what came back.
        answer: AnswerError,
        /// The server's message alone; empty where it sent none.
        message: String,
        /// Whether the request changes the server and may have been carried out all the same.
        maybe_applied: bool,
    },
    /// The response is not one that a Lobu server sends.
    #[error("{answer}")]
    Malformed {
        /// The request, and what came back.
        answer: AnswerError,
        /// Whether the request changes the server: it may have been carried out, whatever this response is.
        maybe_applied: bool,
    },
}

impl RemoteError {
    /// Returns the status of the response, where there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { answer, .. } | Self::Malformed { answer, .. } => Some(answer.status),
            Self::Transport { .. } => None,
        }
    }

    /// Whether the request was a write that may have been carried out although no proof of it arrived.
    pub fn maybe_applied(&self) -> bool {
        match self {
            Self::Transport { maybe_applied, .. }
            | Self::Refused { maybe_applied, .. }
            | Self::Malformed { maybe_applied, .. } => *maybe_applied,
        }
    }

    /// Whether the server says that the resource does not exist.
    ///
    /// Agents and platforms answer 404 with a message of their own; any other 404 comes from a path that the server
    /// does not know, and says nothing about the resource. The schema tool answers 400 to everything (contract section
    /// 8), so that only its message tells this case apart.
    pub fn is_missing(&self) -> bool {
        matches!(self.status(), Some(400 | 404)) && self.message().ends_with(" not found")
    }

    /// Whether the server does not know the path of the request. It also answers 404 for an organization that it does not
    /// know, with a message about that.
    pub fn is_unknown_route(&self) -> bool {
        let about_organization = self.message().starts_with("Organization ");
        matches!(self, Self::Refused { .. }) && matches!(self.status(), Some(404 | 405)) && !about_organization
    }

    /// Whether the server misses the value in a body without one, and so knows the route (contract section 11.4).
    pub(super) fn asks_for_value(&self) -> bool {
        let message = self.message();
        self.status() == Some(400) && (message.contains("`value`") || message.contains("JSON body"))
    }

    /// Whether the server does not know the tool or the route of the request.
    pub fn is_unknown_tool(&self) -> bool {
        let says_so = self.status() == Some(400) && self.message().starts_with("Tool not found");
        says_so || self.is_unknown_route()
    }

    /// Whether the schema tool says that the type or rule exists already.
    ///
    /// Two creations that race get the database's message about a duplicate key (contract section 8.1).
    pub fn already_exists(&self) -> bool {
        let message = self.message();
        let says_so = ["already exists", "duplicate key value"]
            .iter()
            .any(|text| message.contains(text));
        self.status() == Some(400) && says_so
    }

    /// Whether the server refused a write because the resource is not what was read before it. An attempt before a lost
    /// response may have made it so, and then this returns `false`: only a reading tells.
    pub fn is_stale(&self) -> bool {
        self.status() == Some(412) && !self.maybe_applied()
    }

    /// Returns what to do next, where something is known to help.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Refused { answer, .. } | Self::Malformed { answer, .. } => answer.hint,
            Self::Transport { error, .. } => Some(error.hint()),
        }
    }

    fn message(&self) -> &str {
        match self {
            Self::Refused { message, .. } => message,
            _ => "",
        }
    }
}
