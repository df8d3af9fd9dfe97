//! The real binary: its commands, its server, and the screen on a pseudo terminal.

pub mod cli;
pub mod kill_desk;
pub mod pty;
pub mod serve_process;
pub mod sign_in_home;
pub mod web_browser;
