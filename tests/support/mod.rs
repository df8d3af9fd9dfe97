//! What several themes share.

pub mod faults;
pub mod project;
pub mod server;
pub mod snapshot;
pub mod stub;
