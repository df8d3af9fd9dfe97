//! What several themes share.

pub mod fixture;
pub mod server;
