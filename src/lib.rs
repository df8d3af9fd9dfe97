//! `lobuctl`: plan, review and apply a Lobu organisation from `lobu.toml`.

pub mod apply;
pub mod plan;
pub mod resource;
pub mod server;
pub mod show;
pub mod tui;
pub mod wire;
