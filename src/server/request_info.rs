//! What the server knows about a request besides its content: its id, the address of its sender, and its token.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use axum::extract::{ConnectInfo, Request};
use axum::http::request::Parts;

use super::random::random_id;

/// The description of a request, which carries it as an extension.
pub(crate) struct RequestInfo {
    /// Random, answered as `x-request-id` and written to the log and the audit.
    pub(crate) id: String,
    /// The address of the sender, which may be a proxy. `None` for a request within the process.
    pub(crate) peer: Option<IpAddr>,
    /// Whether a proxy may say for whom it has sent the request.
    pub(crate) behind_proxy: bool,
    /// The row id of the token, set where the credentials are checked.
    token: OnceLock<String>,
}

impl RequestInfo {
    /// Creates the description of a request that has just arrived, and attaches it to the request.
    pub(crate) fn attach(request: &mut Request, behind_proxy: bool) -> Arc<Self> {
        let peer = request.extensions().get::<ConnectInfo<std::net::SocketAddr>>();
        let info = Arc::new(Self {
            // Without random numbers a request is served without an id rather than refused.
            id: random_id().unwrap_or_default(),
            peer: peer.map(|peer| peer.0.ip()),
            behind_proxy,
            token: OnceLock::new(),
        });
        request.extensions_mut().insert(info.clone());
        info
    }

    /// Creates the description of a request from this address.
    #[cfg(test)]
    pub(crate) fn of_peer(peer: IpAddr, behind_proxy: bool) -> Self {
        Self {
            id: String::new(),
            peer: Some(peer),
            behind_proxy,
            token: OnceLock::new(),
        }
    }

    /// Returns the description that [`RequestInfo::attach`] has attached, if any.
    pub(crate) fn of(parts: &Parts) -> Option<&Arc<Self>> {
        parts.extensions.get()
    }

    /// Stores the row id of the token with which the request was accepted.
    pub(crate) fn set_token(&self, id: &str) {
        let _ = self.token.set(id.to_owned());
    }

    /// Returns the row id of the token. `None` when none was accepted.
    pub(crate) fn token(&self) -> Option<&str> {
        self.token.get().map(String::as_str)
    }
}
