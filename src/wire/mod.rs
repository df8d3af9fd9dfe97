//! The JSON bodies of the Lobu REST API, as contract sections 4 to 8 record them.
//!
//! Both the client (`remote`) and the embedded server (`server`) speak through this room, so that a field is spelled
//! once. It knows shapes only: no meaning, no defaults beyond the recorded ones, no IO.

pub mod agent;
pub mod error;
pub mod platform;
pub mod schema;
