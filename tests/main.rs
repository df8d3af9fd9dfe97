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
mod architecture_files;
mod citations;
mod cli_apply;
mod cli_other;
mod cli_secrets;
mod cli_servers;
mod cli_validate;
mod cli_watch;
mod config_broken;
mod config_examples;
mod config_hardening;
mod config_load;
mod config_properties;
mod config_schema;
mod config_secrets;
mod config_skills;
mod converge_examples;
mod converge_fields;
mod converge_secrets;
mod documents;
mod drift_desk;
mod drift_ignore;
mod edge_bad_server;
mod edge_cli;
mod edge_host;
mod edge_http;
mod edge_program;
mod edge_retry;
mod edge_session;
mod edge_transport;
mod executor_chance;
mod executor_faults;
mod executor_order;
mod executor_preconditions;
mod faces;
mod fault_table;
mod github;
mod guard_table;
mod init;
mod journal;
mod laws;
mod linear_review;
mod plan_pattern;
mod plan_text;
mod pty_desk;
mod pty_review;
mod pty_watch;
mod pull_chance;
mod pull_disk;
mod pull_fields;
mod pull_files;
mod pull_golden;
mod pull_hostile;
mod pull_killed;
mod pull_laws;
mod pull_models;
mod pull_providers;
mod pull_random;
mod pull_skills;
mod pull_story;
mod redaction;
mod request_counts;
mod server_audit;
mod server_bodies;
mod server_chaos;
mod server_clock;
mod server_connections;
mod server_disk;
mod server_files;
mod server_idempotency;
mod server_local;
mod server_malformed;
mod server_owned;
mod server_people;
mod server_platforms;
mod server_pooler;
mod server_postgres;
mod server_preconditions;
mod server_process;
mod server_races;
mod server_rekey;
mod server_replay;
mod server_routes;
mod server_secrets;
mod server_security;
mod session_files;
mod support;
mod tui_editor;
mod tui_input;
mod tui_keys;
mod tui_loop;
mod tui_panes;
mod tui_recorded;
mod tui_screens;
mod tui_selection;
mod tui_watch;
