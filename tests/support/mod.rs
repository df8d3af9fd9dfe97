//! What several themes share.

pub mod project;
pub mod snapshot;
