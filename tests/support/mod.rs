//! What several themes share.

pub mod faults;
pub mod fixture;
pub mod project;
pub mod server;
pub mod snapshot;
pub mod stub;
