//! `lobuctl`: plan, review and apply a Lobu organization from `lobu.toml`.

// Only here: what the tests' own support shares needs no narrower word than `pub`.
#![warn(unreachable_pub)]

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
