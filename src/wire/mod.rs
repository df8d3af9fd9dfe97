//! The JSON bodies of the Lobu REST API, as contract sections 4 to 16 record them.
//!
//! They belong to the client (`remote`). The embedded server (`server`) shares [`error`] only, so that the two can
//! disagree and a test can notice. This room knows shapes: no meaning, no defaults beyond the recorded ones, no IO.

pub mod agent;
pub mod entity;
pub mod error;
pub mod platform;
pub mod provider;
pub mod query;
pub mod schema;
pub mod secret;
pub mod watcher;
