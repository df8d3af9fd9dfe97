//! Starting, restarting and stopping the instances of platforms.
//!
//! It knows instances and no rows or requests. The caller holds the lock of the instance's id during each call.

mod builtin;
mod instance;
mod scripted;

pub use builtin::BuiltinRuntime;
pub use instance::{BoxFuture, Instance, PlatformRuntime, RuntimeError, Started};
pub use scripted::{RuntimeCounts, Script, ScriptedRuntime};

pub(crate) use builtin::SCHEMAS;
