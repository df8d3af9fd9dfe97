//! What several themes share.

pub mod canned;
pub mod faults;
pub mod play;
pub mod project;
pub mod running;
pub mod server;
pub mod snapshot;
pub mod stage;
pub mod stub;
