//! What several themes share.

pub mod faults;
pub mod project;
pub mod snapshot;
pub mod stub;
pub mod server;
