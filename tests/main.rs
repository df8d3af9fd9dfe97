//! Every test of the crate, in one binary: one file per theme.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr
)]

mod architecture;
mod config_examples;
mod config_skills;
mod edge_cli;
mod edge_host;
mod edge_retry;
mod edge_session;
mod edge_transport;
mod server_routes;
mod support;
mod tui_keys;
mod tui_loop;
mod tui_screens;
