//! Finds and reads files and folders, with a diagnostic for everything that cannot be read.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use super::boundary::{is_kernel_file, kernel_file};
use crate::config::diagnostic::{Diagnostic, Severity, tick};
use crate::config::source::{Source, Text};
use crate::config::suggestion::nearest;

/// The maximum size of a file, in bytes. No text that is written by hand comes near it.
const MAX_SIZE: u64 = 8 * 1024 * 1024;

/// Returns the absolute path of `lobu.toml`: the file, or the one in the folder, that `--config` names; without it, the one
/// in the current folder or in the nearest parent folder that has one.
///
/// # Errors
/// When there is none.
pub fn find(explicit: Option<&Path>, current_dir: &Path) -> Result<PathBuf, Box<Diagnostic>> {
    let name = "lobu.toml";
    if let Some(path) = explicit {
        let path = current_dir.join(path);
        let file = if path.is_dir() { path.join(name) } else { path };
        if file.exists() || file.is_symlink() {
            return Ok(absolute(&file));
        }
        let missing = Diagnostic::error("no-config", "there is no such file").in_file(relative(&file, current_dir));
        return Err(Box::new(
            missing.help("`--config` takes a `lobu.toml` or the folder that holds it"),
        ));
    }
    let found = current_dir
        .ancestors()
        .map(|folder| folder.join(name))
        .find(|file| file.exists() || file.is_symlink());
    found.ok_or_else(|| {
        let missing = Diagnostic::error("no-config", "there is no `lobu.toml` here or in a parent folder");
        Box::new(missing.help("create one with `lobuctl init`, or name one with `--config PATH`"))
    })
}

/// Returns the diagnostic for a folder that does not exist. If its parent exists, the name is probably wrong, which is an
/// error. If the parent is missing too, the folder was probably not written yet, which is a warning.
pub(super) fn missing_folder(source: &Source, dir: &Text, path: &Path) -> Diagnostic {
    let parent_exists = path.parent().is_some_and(Path::is_dir);
    let severity = if parent_exists {
        Severity::Error
    } else {
        Severity::Warning
    };
    let message = format!("the folder {} does not exist", tick(&dir.value));
    let missing = Diagnostic::new(severity, "missing-folder", message).at(source, dir.span.clone());
    let siblings = path.parent().and_then(|parent| fs::read_dir(parent).ok());
    let siblings: Vec<String> = siblings
        .into_iter()
        .flat_map(Iterator::flatten)
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    // There are siblings only if the parent exists, so only the last segment can be misspelled.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match nearest(&name, siblings.iter().map(String::as_str)) {
        Some(near) => missing.help(format!("did you mean {}?", tick(&dir.value.replace(&*name, near)))),
        None if parent_exists => missing.help("create it, or correct the path"),
        None => missing.help("create it, or correct the path; until then nothing of it is sent"),
    }
}

/// Returns the name of a file that differs from `name` only in case, if there is no file of exactly that name.
pub(super) fn misspelled_name(folder: &Path, name: &str) -> Option<String> {
    let names = fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned());
    let matches: Vec<String> = names.filter(|other| other.eq_ignore_ascii_case(name)).collect();
    if matches.iter().any(|other| other == name) {
        None
    } else {
        matches.into_iter().next()
    }
}

/// Whether a folder has an entry of exactly this name, also where the file system ignores case.
pub(super) fn has_entry(folder: &Path, name: &str) -> bool {
    fs::read_dir(folder).is_ok_and(|entries| entries.flatten().any(|entry| entry.file_name() == OsStr::new(name)))
}

/// Reads a text file.
///
/// # Errors
/// When it is not a regular file, too large, not UTF-8, or cannot be read.
pub(super) fn read(path: &Path) -> Result<String, Box<Diagnostic>> {
    let failed = |error: io::Error| Box::new(unreadable(&error));
    let found = fs::metadata(path).map_err(failed)?;
    if found.is_dir() {
        let folder = Diagnostic::error("not-a-file", "this is a folder, not a file");
        return Err(folder.help("name the file in it").into());
    }
    // A pipe or a socket is never opened: waiting for its other end could take forever.
    if !found.is_file() {
        return Err(Diagnostic::error("not-a-file", "this is not a regular file").into());
    }
    // Some files of the kernel look regular, but reading them never ends.
    if fs::canonicalize(path).is_ok_and(|real| is_kernel_file(&real)) {
        return Err(kernel_file().into());
    }
    let mut bytes = Vec::new();
    // One byte more than the limit shows that the file is too large, even if it grew since its size was read.
    let file = File::open(path).map_err(failed)?;
    file.take(MAX_SIZE + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_SIZE {
        let (size, limit) = (found.len().div_ceil(1024 * 1024), MAX_SIZE / 1024 / 1024);
        let large = Diagnostic::error(
            "too-large",
            format!("the file has {size} MB, more than the {limit} MB that are read"),
        );
        return Err(large
            .help("this is hardly a file written by hand: check the path")
            .into());
    }
    String::from_utf8(bytes).map_err(|error| not_text(&error).into())
}

fn not_text(error: &std::string::FromUtf8Error) -> Diagnostic {
    let valid = error.utf8_error().valid_up_to();
    let line = String::from_utf8_lossy(&error.as_bytes()[..valid])
        .matches('\n')
        .count()
        + 1;
    let mut problem = Diagnostic::error(
        "not-utf8",
        format!("the file is not UTF-8 text: line {line} holds a byte that is not"),
    );
    problem.line = Some(line);
    problem.help("save it as UTF-8")
}

/// Returns the diagnostic for an error of the operating system.
pub(super) fn unreadable(error: &io::Error) -> Diagnostic {
    let (message, help) = match error.kind() {
        io::ErrorKind::NotFound => ("there is no such file", "check the path, and links that point nowhere"),
        io::ErrorKind::PermissionDenied => ("permission denied", "make it readable for this user"),
        // ELOOP on Linux and on macOS; its `ErrorKind` is not stable.
        _ if error.raw_os_error() == Some(40) || error.raw_os_error() == Some(62) => {
            ("symbolic links go round in a circle", "remove the link")
        }
        _ => ("the file cannot be read", "check the file"),
    };
    Diagnostic::error("unreadable", message).help(help)
}

/// Returns the path relative to a folder if it is in that folder, else without dots.
pub(super) fn relative(path: &Path, root: &Path) -> PathBuf {
    match absolute(path).strip_prefix(absolute(root)) {
        Ok(below) if !below.as_os_str().is_empty() => below.to_owned(),
        _ => without_dots(path),
    }
}

/// Returns the absolute path, without dots. Symbolic links are not followed.
pub(super) fn absolute(path: &Path) -> PathBuf {
    without_dots(&std::path::absolute(path).unwrap_or_else(|_| path.to_owned()))
}

/// Returns the path without `.`, and without each `..` that follows a name.
fn without_dots(path: &Path) -> PathBuf {
    let mut tidied = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            // Only after a name: `..` at the start of a relative path has nothing to remove.
            Component::ParentDir if matches!(tidied.components().next_back(), Some(Component::Normal(_))) => {
                tidied.pop();
            }
            other => tidied.push(other),
        }
    }
    tidied
}
