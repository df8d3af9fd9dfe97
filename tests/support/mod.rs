//! What several themes share.

pub mod faults;
pub mod fixture;
pub mod naive;
pub mod postgres;
pub mod project;
pub mod race;
pub mod server;
pub mod snapshot;
pub mod stub;
