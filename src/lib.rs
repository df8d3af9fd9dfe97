//! `lobuctl`: plan, review and apply a Lobu organization from `lobu.toml`.

pub mod apply;
pub mod cli;
pub mod command;
pub mod config;
pub mod exit;
pub mod failure;
pub mod host;
pub mod plan;
pub mod redact;
pub mod remote;
pub mod report;
pub mod resource;
pub mod review;
pub mod server;
pub mod session;
pub mod show;
pub mod tui;
pub mod wire;
