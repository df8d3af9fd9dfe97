//! What several themes share.

pub mod canned;
pub mod faults;
pub mod play;
pub mod project;
pub mod running;
pub mod fixture;
pub mod naive;
pub mod postgres;
pub mod project;
pub mod race;
pub mod server;
pub mod snapshot;
pub mod stage;
pub mod stub;
