//! What starts, restarts and stops the instances of platforms.
//!
//! Knows instances only: no rows, no requests. The caller holds the lock of the instance's id meanwhile.

mod builtin;
mod scripted;

pub use builtin::BuiltinRuntime;
pub use scripted::{Counts, Script, ScriptedRuntime};

pub(crate) use builtin::SCHEMAS;

use std::future::Future;
use std::pin::Pin;

use serde_json::{Map, Value};

/// What a runtime answers later.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One platform of one agent, secrets in clear. It has no `Debug`, so that it cannot be logged.
#[derive(Clone, PartialEq)]
pub struct Instance {
    /// The stable id, or the one that the server chose.
    pub id: String,
    /// The agent it speaks for.
    pub agent: String,
    /// The platform's type, such as `telegram`.
    pub kind: String,
    /// Its config, secrets in clear.
    pub config: Map<String, Value>,
    /// `allowFrom` and `allowGroups`.
    pub settings: Map<String, Value>,
}

/// What a start learned, kept with the row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Started {
    /// Such as `botUsername`.
    pub metadata: Map<String, Value>,
}

/// Why an instance did not start. The words reach the client: they carry no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RuntimeError {
    /// The kind of the error, such as `NetworkError`.
    pub name: String,
    /// One sentence.
    pub message: String,
}

impl RuntimeError {
    /// An error with its kind.
    pub fn new(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            message: message.into(),
        }
    }

    /// Something is wrong with the config itself.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new("ValidationError", message)
    }
}

/// Starts, restarts and stops instances.
pub trait PlatformRuntime: Send + Sync {
    /// Refuses what can never start: unknown types, missing keys.
    fn check(&self, instance: &Instance) -> Result<(), RuntimeError>;

    /// Starts an instance that does not run.
    fn start<'a>(&'a self, instance: &'a Instance) -> Answer<'a, Result<Started, RuntimeError>>;

    /// Puts `new` in the place of `old`. When that fails, `old` runs on.
    fn restart<'a>(&'a self, old: &'a Instance, new: &'a Instance) -> Answer<'a, Result<Started, RuntimeError>>;

    /// Stops an instance, or does nothing when it does not run.
    fn stop<'a>(&'a self, id: &'a str) -> Answer<'a, ()>;
}
