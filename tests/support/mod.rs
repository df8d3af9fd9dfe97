//! What several themes share.

pub mod server;
