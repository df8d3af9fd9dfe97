//! Talks to a Lobu server: one interface for requests, and the rules for repeating them.
//!
//! A [`Transport`] takes one request and returns one response: [`HttpTransport`] over the network, [`RouterTransport`] in
//! this process. [`Retry`] repeats requests on top of either, and [`Client`] knows what they mean.

mod answer;
mod body;
mod client;
mod clock;
mod concurrency;
mod details_of;
mod entity_ids;
mod entity_tree;
mod error;
mod expectation;
mod fetch;
mod fetch_data;
mod fetch_watchers;
mod header;
mod http;
mod limiter;
mod listed;
mod memory_endpoint;
mod method;
mod named_data;
mod normalize;
mod oauth;
mod oauth_body;
mod oauth_error;
mod oauth_grant;
mod paged;
mod person;
mod probe;
mod random;
mod read_counter;
mod read_settings;
mod retry;
mod retry_after;
mod router;
mod server_url;
mod transport;
mod transport_error;

pub use answer::{AnswerError, RefusedAnswer, decode, refusal};
pub use body::Body;
pub use client::{Client, CreatedAgent, ProviderKeyRoutes, PutPlatform};
pub use clock::Clock;
pub use details_of::DetailsOf;
pub use error::RemoteError;
pub use expectation::Expectation;
pub use fetch::{Scope, fetch, fetch_beside};
pub use fetch_data::DataScope;
pub use fetch_watchers::WatcherScope;
pub use http::{HttpOptions, HttpTransport, READ_TIMEOUT};
pub use listed::{ListedAgent, ListedEntityType, ListedRelationshipType};
pub use memory_endpoint::{CallObserver, EndpointFacts, MemoryEndpoint, MemoryError, MemoryTool, ToolAnswer};
pub use method::Method;
pub use named_data::NamedData;
pub use oauth::{OAuthClient, OAuthEndpoints};
pub use oauth_error::OAuthError;
pub use oauth_grant::{DeviceGrant, DevicePoll, GrantedTokens, KnownClient};
pub use person::{AccountOwner, Membership, is_personal};
pub use read_counter::{ReadObserver, ReadProgress};
pub use retry::{Attempt, Retry, RetryPolicy, SlowAttempt};
pub use router::RouterTransport;
pub use server_url::{ServerUrl, ServerUrlError};
pub use transport::{Request, Response, Transport, path};
pub use transport_error::{NoAnswerCause, TransportError};
