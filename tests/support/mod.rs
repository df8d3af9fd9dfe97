//! What several themes share.

pub mod canned;
pub mod faults;
pub mod fixture;
pub mod naive;
pub mod play;
pub mod postgres;
pub mod project;
pub mod race;
pub mod running;
pub mod server;
pub mod snapshot;
pub mod stage;
pub mod stub;
