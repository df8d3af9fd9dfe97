//! Talking to a Lobu server: one seam for requests, and the rules for sending them again.
//!
//! [`Transport`] takes one request and gives one response. [`HttpTransport`] does it over the network,
//! [`RouterTransport`] in process, [`Retry`] repeats what is worth repeating on top of either.

mod answer;
mod body;
mod client;
mod error;
mod fetch;
mod http;
mod listed;
mod normalize;
mod probe;
mod retry;
mod retry_after;
mod router;
mod scrub;
mod server_url;
mod transport;
pub mod write;

pub use answer::{AnswerError, decode, refusal};
pub use body::Body;
pub use client::Client;
pub use error::RemoteError;
pub use fetch::{Reading, Scope, Watch, fetch};
pub use http::{HttpOptions, HttpTransport, READ_TIMEOUT};
pub use listed::{ListedAgent, ListedEntityType, ListedRelationshipType};
pub use retry::{Attempt, Retry, RetryPolicy};
pub use router::RouterTransport;
pub use server_url::{ServerUrl, ServerUrlError};
pub use transport::{Lost, Method, Request, Response, Transport, TransportError, path};
