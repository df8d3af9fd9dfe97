//! The one seam between the client and whatever answers: a request goes in, a response or a reason comes out.
//!
//! Nothing here knows what a path means. An error names the method, the path and what happened; it never holds the
//! token, a body, or the query of a URL.

use std::fmt;

use futures_util::future::BoxFuture;
use thiserror::Error;

use super::body::Body;
use crate::resource::Secret;

/// Sends requests to one server.
pub trait Transport: Send + Sync {
    /// Sends one request and waits for the whole answer.
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>>;

    /// The server, for messages: a URL without user information and query, or what stands in for it.
    fn describe(&self) -> String;
}

/// What the API is spoken with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates, or calls a tool.
    Post,
    /// Creates or updates.
    Put,
    /// Updates.
    Patch,
    /// Deletes.
    Delete,
}

impl Method {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// One request.
#[derive(Debug, Clone)]
pub struct Request {
    /// What to do.
    pub method: Method,
    /// Below the base URL: starts with `/`, segments percent-encoded (see [`path`]).
    pub path: String,
    /// JSON bytes.
    pub body: Option<Body>,
    /// Whether the request changes the server; a tool call that only lists does not, although it is a POST.
    pub writes: bool,
    /// Whether carrying it out twice is the same as once.
    pub repeatable: bool,
    /// Values in the body that must not come back in the server's words: they are struck out of the answer.
    pub secrets: Vec<Secret>,
}

impl Request {
    /// A request that reads with GET.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::Get, path)
    }

    /// A request without a body. It counts as a write unless it is a GET, and as safe to repeat.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            body: None,
            writes: method != Method::Get,
            repeatable: true,
            secrets: Vec::new(),
        }
    }

    /// This request with that body.
    pub fn with_body(mut self, body: Body) -> Self {
        self.body = Some(body);
        self
    }

    /// This request, which holds these values.
    pub fn with_secrets(mut self, secrets: impl IntoIterator<Item = Secret>) -> Self {
        self.secrets.extend(secrets);
        self
    }

    /// This request, which only reads although it is not a GET.
    pub fn reading(mut self) -> Self {
        self.writes = false;
        self
    }

    /// This request, which must not be carried out twice.
    pub fn once(mut self) -> Self {
        self.repeatable = false;
        self
    }
}

/// One whole answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// What the body claims to be.
    pub content_type: Option<String>,
    /// When to come back: seconds or a date.
    pub retry_after: Option<String>,
    /// Where else to look.
    pub location: Option<String>,
    /// The body, unpacked.
    pub body: Vec<u8>,
    /// Whether an earlier attempt of the same request may have been carried out, whatever this response says.
    pub maybe_applied: bool,
}

impl Response {
    /// Whether the status is 2xx.
    pub fn succeeded(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether this response proves that the request was not carried out, provided that no earlier attempt was.
    ///
    /// Only a 4xx does. A 5xx may come from a proxy, or from a server that failed after it had stored the change, and a
    /// 408 says no more than that somebody stopped waiting.
    pub fn proves_refusal(&self) -> bool {
        !self.maybe_applied && (400..500).contains(&self.status) && self.status != 408
    }

    /// The first line of the body with something in it, made fit for one line of a message: at most 200 characters.
    pub fn first_line(&self) -> Option<String> {
        let start = &self.body[..self.body.len().min(4096)];
        let text = String::from_utf8_lossy(start);
        let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
        let clean: String = line
            .chars()
            .filter(|character| !character.is_control())
            .take(200)
            .collect();
        Some(clean)
    }
}

/// How an answer got lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lost {
    /// Nobody listens there.
    Refused,
    /// The host's name leads nowhere.
    Unresolved,
    /// The server's certificate or its TLS is not acceptable.
    Tls,
    /// No connection within the time for it.
    ConnectTimeout,
    /// No connection, for another reason.
    Connect,
    /// No answer within the time for it.
    Timeout,
    /// The connection ended before the whole answer was there.
    Broken,
}

impl Lost {
    /// Whether the server may have seen the request.
    pub const fn maybe_sent(self) -> bool {
        matches!(self, Self::Timeout | Self::Broken)
    }

    /// Whether another try may end differently.
    pub const fn worth_repeating(self) -> bool {
        !matches!(self, Self::Tls)
    }
}

/// Why there is no answer to show.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TransportError {
    /// No answer, or not all of it.
    #[error("{method} {path}: {what}")]
    NoAnswer {
        /// What was asked.
        method: Method,
        /// Of what.
        path: String,
        /// How the answer got lost, the last time.
        lost: Lost,
        /// The same in words.
        what: String,
        /// Whether the server may have carried out this request, in this try or in an earlier one.
        maybe_sent: bool,
    },
    /// The server points somewhere that the token must not go, or where a write cannot follow.
    #[error("{method} {path} answered {status}: a redirect to {location}, which is not followed")]
    Redirect {
        /// What was asked.
        method: Method,
        /// Of what.
        path: String,
        /// The status code.
        status: u16,
        /// Where to, without user information and query.
        location: String,
    },
    /// The answer is bigger than anything that a Lobu server sends.
    #[error("{method} {path} answered with more than {limit} MB")]
    TooLarge {
        /// What was asked.
        method: Method,
        /// Of what.
        path: String,
        /// How much would have been read.
        limit: usize,
    },
    /// The path does not stay below the base URL.
    #[error("`{path}` is not a path of the API")]
    Path {
        /// The path.
        path: String,
    },
    /// A token would travel in clear.
    #[error("the token is not sent over plain http to {host}")]
    PlainHttp {
        /// The host.
        host: String,
    },
    /// The token cannot stand in a header.
    #[error("the token holds characters that a token cannot have")]
    Token,
    /// The client itself could not be set up.
    #[error("the http client cannot be set up: {0}")]
    Setup(String),
}

impl TransportError {
    /// Whether a write that ended like this may have been carried out.
    pub fn maybe_sent(&self) -> bool {
        match self {
            Self::NoAnswer { maybe_sent, .. } => *maybe_sent,
            // Only a 4xx proves that nothing was written, and neither of these is one.
            Self::TooLarge { .. } | Self::Redirect { .. } => true,
            _ => false,
        }
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoAnswer { lost, .. } => lost.hint(),
            Self::Redirect { .. } => "give the server's own address with `--url`",
            Self::TooLarge { .. } => "check that `--url` is a Lobu server",
            Self::Path { .. } => "check the ids in `lobu.toml`",
            Self::PlainHttp { .. } => {
                "use an https URL, or say `--insecure-http` when you trust the network in between"
            }
            Self::Token => "check `LOBU_API_TOKEN` for line ends and quotes",
            Self::Setup(_) => "check the certificates that this machine trusts",
        }
    }
}

impl Lost {
    const fn hint(self) -> &'static str {
        match self {
            Self::Refused => "check that the server runs and that `--url` has the right port",
            Self::Unresolved => "check the host's name in `--url`, and the network",
            Self::Tls => "check that the certificate is valid for this host and that this machine trusts it",
            Self::ConnectTimeout | Self::Connect => "check the network, a proxy or a firewall in between, and `--url`",
            Self::Timeout | Self::Broken => "look at the server, then run again: it plans from what is really there",
        }
    }
}

/// A path from its segments, each percent-encoded: `path(&["api", org, "agents"])` is `/api/ORG/agents`.
pub fn path(segments: &[&str]) -> String {
    let mut path = String::new();
    for segment in segments {
        path.push('/');
        for byte in segment.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                path.push(char::from(byte));
            } else {
                path.push('%');
                path.push(char::from(HEX[usize::from(byte >> 4)]));
                path.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
    path
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";
