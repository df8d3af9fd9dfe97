//! What several themes share.

pub mod fixture;
pub mod naive;
pub mod postgres;
pub mod race;
pub mod server;
