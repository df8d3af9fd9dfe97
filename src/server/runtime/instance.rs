//! Instances of platforms, and the trait that starts and stops them.

use std::future::Future;
use std::pin::Pin;

use serde_json::{Map, Value};

/// A boxed future. Boxing keeps the trait usable as `dyn PlatformRuntime`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A platform of an agent as it runs, with its secrets in clear. It does not implement `Debug`, so it cannot be logged.
#[derive(Clone, PartialEq)]
pub struct Instance {
    /// The stable id that the client built, or the id that the server chose. Unique in the database.
    pub id: String,
    /// The id of its agent.
    pub agent: String,
    /// The platform's type, such as `telegram`.
    pub kind: String,
    /// The config, secrets in clear.
    pub config: Map<String, Value>,
    /// The settings: `allowFrom`, a list of users, and `allowGroups`, a boolean.
    pub settings: Map<String, Value>,
}

/// The result of a successful start. It is stored with the platform.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Started {
    /// Facts that the start has learned, such as `botUsername`.
    pub metadata: Map<String, Value>,
}

/// Why an instance did not start. The message reaches the client, so it must not contain secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RuntimeError {
    /// The kind of the error, such as `NetworkError`.
    pub name: String,
    /// One sentence for the user.
    pub message: String,
}

impl RuntimeError {
    /// Creates an error of a kind.
    pub fn new(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            message: message.into(),
        }
    }

    /// Creates the error of a config that can never start, a `ValidationError`.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new("ValidationError", message)
    }
}

/// Starts, restarts and stops instances. The caller makes no two calls for one id at the same time.
pub trait PlatformRuntime: Send + Sync {
    /// Refuses a config that can never start: an unknown type or a missing key. Starts nothing.
    fn check(&self, instance: &Instance) -> Result<(), RuntimeError>;

    /// Starts an instance that is not running.
    fn start<'a>(&'a self, instance: &'a Instance) -> BoxFuture<'a, Result<Started, RuntimeError>>;

    /// Replaces the running instance `old` with `new`. When that fails, `old` keeps running.
    fn restart<'a>(&'a self, old: &'a Instance, new: &'a Instance) -> BoxFuture<'a, Result<Started, RuntimeError>>;

    /// Stops an instance. Does nothing when it is not running.
    fn stop<'a>(&'a self, id: &'a str) -> BoxFuture<'a, ()>;
}
