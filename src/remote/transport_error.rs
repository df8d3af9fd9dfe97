//! Why a request got no response that can be used.

use thiserror::Error;

use super::method::Method;

/// Why a request got no response that can be used. Never holds the token, a body, or the query of a URL.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TransportError {
    /// No response arrived, or not all of it.
    #[error("{method} {path}: {message}")]
    NoAnswer {
        /// The method of the request.
        method: Method,
        /// The path of the request.
        path: String,
        /// Why the last attempt got no response.
        cause: NoAnswerCause,
        /// The same for people.
        message: String,
        /// Whether the server may have received this request, in the last attempt or in an earlier one.
        maybe_sent: bool,
    },
    /// The server redirects to another origin, or in a way that would change a write.
    #[error("{method} {path} answered {status}: a redirect to {location}, which is not followed")]
    Redirect {
        /// The method of the request.
        method: Method,
        /// The path of the request.
        path: String,
        /// The HTTP status.
        status: u16,
        /// The URL of the redirect, without user information and query.
        location: String,
    },
    /// The response is larger than any response of a Lobu server.
    #[error("{method} {path} answered with more than {limit} MB")]
    TooLarge {
        /// The method of the request.
        method: Method,
        /// The path of the request.
        path: String,
        /// The limit, in megabytes.
        limit: usize,
    },
    /// The path leaves the base URL.
    #[error("`{path}` is not a path of the API")]
    Path {
        /// The path of the request.
        path: String,
    },
    /// The token would be sent unencrypted.
    #[error("the token is not sent over plain http to {host}")]
    PlainHttp {
        /// The host, with its port where it is not the usual one.
        host: String,
    },
    /// The token cannot be part of a header.
    #[error("the token holds characters that a token cannot have")]
    Token,
    /// The HTTP client could not be created.
    #[error("the http client cannot be set up: {0}")]
    Setup(String),
}

impl TransportError {
    /// Whether a write that ended with this error may have been carried out.
    pub fn maybe_sent(&self) -> bool {
        match self {
            Self::NoAnswer { maybe_sent, .. } => *maybe_sent,
            // Only a 4xx proves that nothing was written, and neither of these is one.
            Self::TooLarge { .. } | Self::Redirect { .. } => true,
            _ => false,
        }
    }

    /// Returns what to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoAnswer { cause, .. } => cause.hint(),
            Self::Redirect { .. } => "give the server's own address with `--url`",
            Self::TooLarge { .. } => "check that `--url` is a Lobu server",
            Self::Path { .. } => "check the ids in `lobu.toml`",
            Self::PlainHttp { .. } => "use an https URL, or pass `--insecure-http` if you trust the network in between",
            Self::Token => "check `LOBU_API_TOKEN` for line ends and quotes",
            Self::Setup(_) => "check the certificates that this machine trusts",
        }
    }
}

/// Why no response arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoAnswerCause {
    /// The connection was refused.
    Refused,
    /// The lookup of the host's name failed.
    Unresolved,
    /// The server's certificate was not accepted, or TLS failed otherwise.
    Tls,
    /// The server answered a TLS handshake with plain HTTP.
    SpeaksPlainHttp,
    /// There was no connection within the timeout for it.
    ConnectTimeout,
    /// There was no connection, for another reason.
    Connect,
    /// No response arrived within the timeout for it.
    Timeout,
    /// The connection ended before the whole response had arrived.
    Broken,
}

impl NoAnswerCause {
    /// Whether the server may have received the request.
    pub const fn maybe_sent(self) -> bool {
        matches!(self, Self::Timeout | Self::Broken)
    }

    /// Whether another attempt may succeed.
    pub const fn is_worth_repeating(self) -> bool {
        !matches!(self, Self::Tls | Self::SpeaksPlainHttp)
    }

    const fn hint(self) -> &'static str {
        match self {
            Self::Refused => "check that the server runs and that `--url` has the right port",
            Self::Unresolved => "check the host's name in `--url`, and the network",
            Self::Tls => "check that the certificate is valid for this host and that this machine trusts it",
            Self::SpeaksPlainHttp => {
                "change the scheme or the port of `--url`; another machine needs `--insecure-http` for plain http"
            }
            Self::ConnectTimeout | Self::Connect => "check the network, a proxy or a firewall in between, and `--url`",
            Self::Timeout | Self::Broken => "look at the server, then run again: the next plan reads what it has",
        }
    }
}
