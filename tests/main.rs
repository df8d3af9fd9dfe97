//! Every test of the crate, in one binary: one file per theme.
#![allow(missing_docs)]

mod server_races;
mod server_replay;
mod server_routes;
mod support;
