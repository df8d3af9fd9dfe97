//! What is known of a request beside its content: its id, who sent it, and, once checked, with which token.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use axum::extract::{ConnectInfo, Request};
use axum::http::request::Parts;

use super::random::random_id;

/// Travels with a request as an extension.
pub(crate) struct RequestInfo {
    /// Random, answered as `x-request-id` and written to the log and the audit.
    pub(crate) id: String,
    /// The address of the other end, which may be a proxy. `None` in process.
    pub(crate) peer: Option<IpAddr>,
    /// The row id of the token, set where the credentials are checked.
    token: OnceLock<String>,
}

impl RequestInfo {
    /// Describes a request that just arrived, and attaches the description to it.
    pub(crate) fn attach(request: &mut Request) -> Arc<Self> {
        let peer = request.extensions().get::<ConnectInfo<std::net::SocketAddr>>();
        let info = Arc::new(Self {
            id: random_id().unwrap_or_default(),
            peer: peer.map(|peer| peer.0.ip()),
            token: OnceLock::new(),
        });
        request.extensions_mut().insert(info.clone());
        info
    }

    /// The description that [`RequestInfo::attach`] left.
    pub(crate) fn of(parts: &Parts) -> Option<&Arc<Self>> {
        parts.extensions.get()
    }

    /// Notes the token that the request was sent with.
    pub(crate) fn set_token(&self, id: &str) {
        let _ = self.token.set(id.to_owned());
    }

    /// The row id of the token, where one was accepted.
    pub(crate) fn token(&self) -> Option<&str> {
        self.token.get().map(String::as_str)
    }
}
