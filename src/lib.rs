//! `lobuctl`: plan, review and apply a Lobu organisation from `lobu.toml`.

pub mod config;
pub mod report;
pub mod resource;
pub mod server;
pub mod wire;
