//! `lobuctl init`: a project that plans and applies as it is. Never writes over a file.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use super::console::Console;
use crate::cli::InitArgs;
use crate::exit::Exit;
use crate::failure::Failure;

const FILES: &[(&str, &str)] = &[
    ("lobu.toml", include_str!("init/lobu.toml")),
    ("agents/assistant/IDENTITY.md", "You are the assistant of this team.\n"),
    (
        "agents/assistant/SOUL.md",
        "# How you work\n\n- Be concise and kind.\n- Say when you do not know.\n",
    ),
    (
        "agents/assistant/USER.md",
        "The people you help are the members of this team.\n",
    ),
    ("models/person.yaml", include_str!("init/person.yaml")),
    (
        ".env.example",
        "# Copy to `.env` and fill in. `.env` stays out of version control.\nANTHROPIC_API_KEY=\n",
    ),
    (".gitignore", ".env\n.env.local\n.lobu/\n"),
];

/// Runs the command.
///
/// # Errors
/// When a `lobu.toml` is there already, or the folder cannot be written to.
pub fn run(console: &Console, arguments: &InitArgs) -> Result<Exit, Failure> {
    let folder = console
        .host
        .absolute(arguments.folder.as_deref().unwrap_or(Path::new(".")));
    if folder.join("lobu.toml").exists() {
        return Err(
            Failure::failed(format!("there is a `lobu.toml` in {} already", folder.display()))
                .hint("`lobuctl validate` checks it"),
        );
    }
    for (path, text) in FILES {
        let written = write_new(&folder.join(path), text).map_err(|error| {
            Failure::failed(format!("{} cannot be written", folder.join(path).display())).because(&error)
        })?;
        console.progress(&format!("{} {path}", if written { "wrote" } else { "kept " }));
    }
    console
        .progress("next: `lobuctl validate`, then `lobuctl plan --url URL --org ORG` with a token in LOBU_API_TOKEN");
    Ok(Exit::Done)
}

/// Writes a file that is not there yet; says whether it did.
fn write_new(path: &Path, text: &str) -> std::io::Result<bool> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => file.write_all(text.as_bytes()).map(|()| true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}
