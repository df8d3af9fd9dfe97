//! What several themes share.

pub mod faults;
pub mod project;
pub mod fixture;
pub mod server;
pub mod snapshot;
pub mod stub;
