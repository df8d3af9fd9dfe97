//! `lobuctl`: plan, review and apply a Lobu organisation from `lobu.toml`.

pub mod resource;
pub mod server;
pub mod wire;
