//! `lobuctl init`: the files of a project that plans and applies as it is. No existing file is overwritten.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Component, Path, PathBuf};

use super::console::Console;
use crate::cli::InitArgs;
use crate::exit::Exit;
use crate::failure::Failure;

/// The lines that a newcomer runs next.
const NEXT: [&str; 5] = [
    "cp .env.example .env              # and fill in the values",
    "lobuctl validate",
    "export LOBU_API_URL=http://127.0.0.1:8787   # `lobuctl serve` runs a server of your own",
    "export LOBU_API_TOKEN=…           # `lobuctl serve` writes one to .lobu/server/bootstrap-pat.txt",
    "lobuctl plan --org ORG",
];

const FILES: &[(&str, &str)] = &[
    ("lobu.toml", include_str!("lobu.toml")),
    ("agents/assistant/IDENTITY.md", "You are the assistant of this team.\n"),
    (
        "agents/assistant/SOUL.md",
        "# How you work\n\n- Be concise and kind.\n- Say when you do not know.\n",
    ),
    (
        "agents/assistant/USER.md",
        "The people you help are the members of this team.\n",
    ),
    ("models/person.yaml", include_str!("person.yaml")),
    (
        ".env.example",
        "# Copy to `.env` and fill in. `.env` stays out of version control.\nANTHROPIC_API_KEY=\n",
    ),
    (".gitignore", ".env\n.env.local\n.lobu/\n"),
];

/// Writes the files, and prints what to do next.
///
/// # Errors
/// When the folder already has a `lobu.toml`, or cannot be written to.
pub(super) fn run(console: &Console, arguments: &InitArgs) -> Result<Exit, Failure> {
    let current_dir = &console.host.current_dir;
    let folder = arguments.folder.as_ref();
    // Joining `.` would leave it in every message.
    let folder = folder.map_or(current_dir.clone(), |folder| tidy(&console.host.absolute(folder)));
    if folder.join("lobu.toml").exists() {
        return Err(
            Failure::failed(format!("{} already has a `lobu.toml`", folder.display()))
                .hint("`lobuctl validate` checks it"),
        );
    }
    for (path, text) in FILES {
        let written = write_new(&folder.join(path), text).map_err(|error| {
            Failure::failed(format!("{} cannot be written", folder.join(path).display())).because(&error)
        })?;
        console.progress(&format!("{} {path}", if written { "wrote" } else { "kept " }));
    }
    console.progress("next:");
    if folder != *current_dir {
        let below = folder.strip_prefix(current_dir).unwrap_or(&folder);
        console.progress(&format!("  cd {}", quoted(&below.display().to_string())));
    }
    for line in NEXT {
        console.progress(&format!("  {line}"));
    }
    Ok(Exit::Done)
}

/// Returns the path without `.` components.
fn tidy(path: &Path) -> PathBuf {
    path.components().filter(|it| *it != Component::CurDir).collect()
}

/// Returns a path as a shell takes it.
fn quoted(path: &str) -> String {
    let is_plain = |character: char| character.is_alphanumeric() || "/._-".contains(character);
    if path.chars().all(is_plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', "'\\''"))
    }
}

/// Writes a file unless it exists, and returns whether it was written.
fn write_new(path: &Path, text: &str) -> std::io::Result<bool> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    // `create_new` also refuses a link, so that no file outside the folder is overwritten.
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => file.write_all(text.as_bytes()).map(|()| true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}
