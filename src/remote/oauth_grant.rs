//! What a sign-in has got from the server so far.

use std::time::Duration;

use crate::resource::Secret;

/// A client that the server knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownClient {
    /// The id that the server gave the client.
    pub id: String,
    /// The client's secret, where the server wants it.
    pub secret: Option<Secret>,
}

/// A sign-in that a person has to approve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceGrant {
    pub(super) code: Secret,
    /// The code that the person compares or types.
    pub user_code: String,
    /// The address at which the person types the code.
    pub address: String,
    /// The address that has the code in it.
    pub complete_address: Option<String>,
    /// How long the code is valid.
    pub valid_for: Duration,
    /// The pause between two polls.
    pub interval: Duration,
}

/// What a poll has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DevicePoll {
    /// Nobody has decided yet.
    Pending,
    /// The same, and the server wants longer pauses.
    SlowDown,
    /// Somebody has approved.
    Approved(GrantedTokens),
    /// Somebody has denied.
    Denied,
    /// The code has ended.
    Expired,
}

/// The tokens of a grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantedTokens {
    /// The token that requests carry.
    pub access: Secret,
    /// The token that gets a new pair, once.
    pub refresh: Option<Secret>,
    /// How long the access token is valid.
    pub valid_for: Option<Duration>,
    /// The end of the access token in milliseconds since 1970, where the server names it instead.
    pub ends_at_ms: Option<i64>,
    /// The scopes that were granted, separated by spaces.
    pub scope: Option<String>,
}
