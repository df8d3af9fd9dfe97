//! The address of a server, checked once: scheme, host, path prefix, and sometimes the organisation.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;
use thiserror::Error;

/// The base URL of a server. Holds neither user information nor query; ends without a slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl {
    url: Url,
}

/// Why a text is not the address of a server. Never repeats the text, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ServerUrlError {
    /// It is not a URL.
    #[error("it is not a URL such as `https://app.example.com`")]
    Malformed,
    /// It is neither http nor https.
    #[error("it starts with neither `https://` nor `http://`")]
    Scheme,
    /// It names a user or a password.
    #[error("it holds a user name or a password; the token belongs in `LOBU_API_TOKEN`")]
    Credentials,
}

impl ServerUrl {
    /// Reads an address; `…/mcp/ORG` names an organisation too.
    pub fn parse(text: &str) -> Result<(Self, Option<String>), ServerUrlError> {
        let text = text.trim();
        let mut url = Url::parse(text).map_err(|_| Self::why(text))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(ServerUrlError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ServerUrlError::Credentials);
        }
        url.set_query(None);
        url.set_fragment(None);
        let path = url.path().trim_end_matches('/').to_owned();
        let (prefix, organization) = split_organization(&path);
        url.set_path(prefix);
        Ok((Self { url }, organization))
    }

    /// The address of a request.
    pub fn join(&self, path: &str) -> Option<Url> {
        let wanted = format!("{}{path}", self.url.path().trim_end_matches('/'));
        let url = Url::parse(&format!("{}{wanted}", self.origin())).ok()?;
        // Dot segments, a query or a fragment would lead somewhere else.
        (url.path() == wanted && path.starts_with('/')).then_some(url)
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Whether a URL belongs to the same scheme, host and port.
    pub fn same_origin(&self, other: &Url) -> bool {
        self.url.origin() == other.origin()
    }

    /// Whether two servers share scheme, host and port.
    pub fn shares_origin_with(&self, other: &Self) -> bool {
        self.same_origin(&other.url)
    }

    /// The host, with the port where it is not the usual one.
    pub fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Whether it is this machine.
    pub fn is_loopback(&self) -> bool {
        let host = self.url.host_str().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Whether what is sent can be read on the way.
    pub fn is_plain(&self) -> bool {
        self.url.scheme() == "http"
    }

    fn why(text: &str) -> ServerUrlError {
        if text.contains("://") {
            ServerUrlError::Malformed
        } else {
            ServerUrlError::Scheme
        }
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.url.as_str().trim_end_matches('/'))
    }
}

/// `/prefix/mcp/ORG` names an organisation; `/prefix/mcp` is the same server without one.
fn split_organization(path: &str) -> (&str, Option<String>) {
    if let Some(prefix) = path.strip_suffix("/mcp") {
        return (prefix, None);
    }
    match path.rsplit_once('/') {
        Some((before, organization)) if before.ends_with("/mcp") => {
            (before.trim_end_matches("/mcp"), Some(organization.to_owned()))
        }
        _ => (path, None),
    }
}
