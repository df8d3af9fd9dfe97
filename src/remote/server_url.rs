//! The URL of a server, checked once: scheme, host and path prefix, and sometimes the organization.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;
use thiserror::Error;

/// The base URL of a server, without user information and query. Its text ends without a slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl {
    url: Url,
}

/// Why a text is not the URL of a server. Never repeats the text, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ServerUrlError {
    /// The text is not a URL.
    #[error("it is not a URL such as `https://app.example.com`")]
    Malformed,
    /// The scheme is neither http nor https.
    #[error("it starts with neither `https://` nor `http://`")]
    Scheme,
    /// The URL has a user name or a password.
    #[error("it holds a user name or a password; the token belongs in `LOBU_API_TOKEN`")]
    Credentials,
}

impl ServerUrl {
    /// Parses a URL. Returns the organization beside it when the URL is `…/mcp/ORG`.
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

    /// Parses a URL that may be the base of the gateway's routes, `…/lobu/api/v1`, as contexts of the `lobu` CLI have it.
    pub fn parse_gateway(text: &str) -> Result<(Self, Option<String>), ServerUrlError> {
        let (mut parsed, organization) = Self::parse(text)?;
        let path = parsed.url.path().to_owned();
        if let Some(prefix) = path.strip_suffix("/api/v1") {
            let prefix = prefix.strip_suffix("/lobu").unwrap_or(prefix);
            parsed.url.set_path(prefix);
        }
        Ok((parsed, organization))
    }

    /// Returns the URL of a request. Returns `None` for a path that would leave the base URL.
    pub fn join(&self, path: &str) -> Option<Url> {
        let wanted = format!("{}{path}", self.url.path().trim_end_matches('/'));
        let url = Url::parse(&format!("{}{wanted}", self.origin())).ok()?;
        // Dot segments, a query or a fragment would lead somewhere else.
        (url.path() == wanted && path.starts_with('/')).then_some(url)
    }

    /// Returns the path that requests are below: empty, or such as `/lobu`.
    pub fn prefix(&self) -> &str {
        self.url.path().trim_end_matches('/')
    }

    /// Returns the URL of the root of the origin.
    pub fn root(&self) -> Self {
        let mut url = self.url.clone();
        url.set_path("");
        Self { url }
    }

    /// Whether an address is on the host of this server, whatever its scheme and port.
    pub fn has_host_of(&self, address: &str) -> bool {
        Url::parse(address).is_ok_and(|url| url.host() == self.url.host())
    }

    /// Returns scheme, host and port.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Whether a URL has the same scheme, host and port.
    pub fn same_origin(&self, other: &Url) -> bool {
        self.url.origin() == other.origin()
    }

    /// Whether two servers have the same scheme, host and port, so that a credential may go to both.
    pub fn shares_origin_with(&self, other: &Self) -> bool {
        self.same_origin(&other.url)
    }

    /// Whether two URLs reach the same server, however they spell it.
    ///
    /// Compares more loosely than [`Self::shares_origin_with`], for guards: every name of this machine is one host, a
    /// trailing dot does not count, and http and https on their usual ports are one server. Never decides where a
    /// credential goes.
    pub fn reaches_same_server(&self, other: &Self) -> bool {
        let ports = (self.url.port(), other.url.port());
        let same_port = match ports {
            (None, None) => true,
            _ => self.url.port_or_known_default() == other.url.port_or_known_default(),
        };
        same_port && self.guarded_host() == other.guarded_host()
    }

    /// Returns the host for [`Self::reaches_same_server`]: `localhost` for every name of this machine.
    fn guarded_host(&self) -> &str {
        let host = self.url.host_str().unwrap_or_default().trim_end_matches('.');
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let is_here = |address: IpAddr| {
            let address = address.to_canonical();
            // Connecting to the unspecified address reaches this machine on Linux.
            address.is_loopback() || address.is_unspecified()
        };
        if host == "localhost" || host.ends_with(".localhost") || bare.parse().is_ok_and(is_here) {
            "localhost"
        } else {
            host
        }
    }

    /// Returns the host, with the port where it is not the usual one.
    pub fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Whether the host is this machine, so that plain http is safe.
    pub fn is_loopback(&self) -> bool {
        let host = self.url.host_str().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Whether requests travel unencrypted.
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

/// Splits `/prefix/mcp/ORG` into the prefix and the organization; `/prefix/mcp` has no organization.
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
