//! Writes the manual pages into a folder: `cargo run --example man FOLDER`.
#![allow(clippy::unwrap_used)]

use lobuctl::cli::Cli;

fn main() {
    let folder = std::env::args_os().nth(1).unwrap();
    std::fs::create_dir_all(&folder).unwrap();
    clap_mangen::generate_to(Cli::command_line(), folder).unwrap();
}
