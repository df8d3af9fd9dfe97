//! `lobuctl init`: the files of a project that plans and applies as it is. No existing file is written over.

mod next;
mod questions;
mod template;

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Component, Path, PathBuf};

use super::console::Console;
use super::signal::Interrupt;
use crate::cli::{Common, InitArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::review::{ProjectHint, ReviewOptions, find_account};
use crate::session::{Session, ValueSource};
use next::{find_server, next_commands, quoted};
use questions::Questions;
use template::{IfPresent, NewFile};

/// The organization that `lobuctl serve` creates, for a project that is to have no other.
const ORGANIZATION: &str = "dev";

/// Asks what the project has, writes its files, and prints what to do next.
///
/// # Errors
/// When the folder already has a `lobu.toml`, a flag cannot be used, or a file cannot be written.
pub(super) async fn run(
    console: &Console,
    common: &Common,
    arguments: &InitArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
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
    let session = session(console, common)?;
    let plan = questions(console, common, arguments, interrupt, session.as_ref())
        .answered()
        .await?;
    for file in plan.files() {
        let done = write(&folder, &file).map_err(|error| {
            Failure::failed(format!("{} cannot be written", folder.join(&file.path).display())).because(&error)
        })?;
        console.progress(&format!("{done} {}", file.path));
    }
    let found = interrupt
        .or(async { Ok(find_server(console, session.as_ref()).await) })
        .await?;
    let below = (folder != *current_dir).then(|| {
        let below = folder.strip_prefix(current_dir).unwrap_or(&folder);
        quoted(&below.display().to_string())
    });
    console.progress("next:");
    for line in next_commands(&found, &plan, below.as_deref()) {
        console.progress(&format!("  {line}"));
    }
    Ok(Exit::Done)
}

/// Returns the session that flags, environment and contexts choose. `None` when they choose no server.
///
/// # Errors
/// When a flag names a server that cannot be used.
fn session(console: &Console, common: &Common) -> Result<Option<Session>, Failure> {
    let flags = ReviewOptions::reading(&console.host, common).flags;
    let named = flags.url.is_some() || flags.context.is_some();
    let hint = ProjectHint {
        organization: Some(ORGANIZATION),
        root: None,
    };
    match find_account(&console.host, &flags, hint).and_then(|account| Ok(Session::of(account)?)) {
        Ok(session) => Ok(Some(session)),
        Err(failure) if named => Err(failure),
        Err(_) => Ok(None),
    }
}

fn questions<'a>(
    console: &'a Console,
    common: &Common,
    arguments: &'a InitArgs,
    interrupt: &'a Interrupt,
    session: Option<&Session>,
) -> Questions<'a> {
    let chosen = session.map(|session| &session.organization);
    // The default stands where the project's own organization would stand.
    let chosen = chosen.filter(|organization| !matches!(organization.source, ValueSource::Project));
    let given = chosen
        .map(|organization| organization.value.clone())
        .or_else(|| common.org.clone());
    Questions {
        console,
        interrupt,
        arguments,
        organization_given: given.is_some(),
        organization: given.unwrap_or_else(|| ORGANIZATION.to_owned()),
    }
}

/// Returns the path without `.` components.
fn tidy(path: &Path) -> PathBuf {
    path.components().filter(|it| *it != Component::CurDir).collect()
}

/// Writes a file, and returns what was done with it.
fn write(folder: &Path, file: &NewFile) -> std::io::Result<&'static str> {
    let path = folder.join(&file.path);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    // `create_new` also refuses a link, so that no file outside the folder is overwritten.
    match OpenOptions::new().write(true).create_new(true).open(&path) {
        Ok(mut new) => new.write_all(file.text.as_bytes()).map(|()| "wrote"),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => match file.if_present {
            IfPresent::Keep => Ok("kept "),
            IfPresent::AddLines => add_lines(&path, &file.text),
        },
        Err(error) => Err(error),
    }
}

/// Adds the lines that a file does not have at its end.
fn add_lines(path: &Path, lines: &str) -> std::io::Result<&'static str> {
    let before = std::fs::read_to_string(path)?;
    let missing: Vec<&str> = lines
        .lines()
        .filter(|line| !before.lines().any(|present| present.trim() == *line))
        .collect();
    if missing.is_empty() {
        return Ok("kept ");
    }
    let gap = if before.is_empty() || before.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    let mut file = OpenOptions::new().append(true).open(path)?;
    file.write_all(format!("{gap}{}\n", missing.join("\n")).as_bytes())?;
    Ok("added to")
}
