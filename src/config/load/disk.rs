//! Finds and reads files and folders, or reports why that is not possible.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use super::boundary::{is_kernel_file, kernel_file};
use crate::config::diagnostic::{Diagnostic, Severity, tick};
use crate::config::source::{Source, Text};
use crate::config::suggestion::nearest;

/// The maximum size of a file, in bytes.
const LIMIT: u64 = 8 * 1024 * 1024;

/// Finds `lobu.toml`: the file or folder that was given, else in the current folder or a parent of it.
///
/// # Errors
/// When there is none.
pub fn find(explicit: Option<&Path>, current_dir: &Path) -> Result<PathBuf, Box<Diagnostic>> {
    let name = "lobu.toml";
    if let Some(path) = explicit {
        let path = current_dir.join(path);
        let file = if path.is_dir() { path.join(name) } else { path };
        if file.exists() || file.is_symlink() {
            return Ok(full(&file));
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

/// Returns the problem of a folder that does not exist. If its parent exists, its name is wrong, which is an error; if
/// the parent is missing too, the folder was not written yet, which is a warning.
pub(super) fn missing_folder(source: &Source, dir: &Text, path: &Path) -> Diagnostic {
    let begun = path.parent().is_some_and(Path::is_dir);
    let severity = if begun { Severity::Error } else { Severity::Warning };
    let message = format!("the folder {} does not exist", tick(&dir.value));
    let missing = Diagnostic::new(severity, "missing-folder", message).at(source, dir.span.clone());
    let siblings = path.parent().and_then(|parent| fs::read_dir(parent).ok());
    let siblings: Vec<String> = siblings
        .into_iter()
        .flat_map(Iterator::flatten)
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match nearest(&name, siblings.iter().map(String::as_str)) {
        Some(near) => missing.help(format!("did you mean {}?", tick(&dir.value.replace(&*name, near)))),
        None if begun => missing.help("create it, or correct the path"),
        None => missing.help("create it, or correct the path; until then nothing of it is sent"),
    }
}

/// Returns the name of a file that differs from `name` only in case, if there is no file of exactly that name.
pub(super) fn misspelt(folder: &Path, name: &str) -> Option<String> {
    let names = fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned());
    let alike: Vec<String> = names.filter(|other| other.eq_ignore_ascii_case(name)).collect();
    if alike.iter().any(|other| other == name) {
        None
    } else {
        alike.into_iter().next()
    }
}

/// Whether a folder has a file of exactly this name, also where the file system ignores case.
pub(super) fn holds(folder: &Path, name: &str) -> bool {
    fs::read_dir(folder).is_ok_and(|entries| entries.flatten().any(|entry| entry.file_name() == OsStr::new(name)))
}

/// Reads a text file of reasonable size.
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
    // Some files of the kernel look regular, and block whoever reads them.
    if fs::canonicalize(path).is_ok_and(|real| is_kernel_file(&real)) {
        return Err(kernel_file().into());
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LIMIT {
        let (size, limit) = (found.len().div_ceil(1024 * 1024), LIMIT / 1024 / 1024);
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

/// Returns the problem for an error of the operating system.
pub(super) fn unreadable(error: &io::Error) -> Diagnostic {
    let (message, help) = match error.kind() {
        io::ErrorKind::NotFound => ("there is no such file", "check the path, and links that point nowhere"),
        io::ErrorKind::PermissionDenied => ("permission denied", "make it readable for this user"),
        _ if error.raw_os_error() == Some(40) || error.raw_os_error() == Some(62) => {
            ("symbolic links go round in a circle", "remove the link")
        }
        _ => ("the file cannot be read", "check the file"),
    };
    Diagnostic::error("unreadable", message).help(help)
}

/// Returns the path relative to a folder, if it lies below it.
pub(super) fn relative(path: &Path, root: &Path) -> PathBuf {
    match full(path).strip_prefix(full(root)) {
        Ok(below) if !below.as_os_str().is_empty() => below.to_owned(),
        _ => tidy(path),
    }
}

/// Returns the path from the root of the file system.
pub(super) fn full(path: &Path) -> PathBuf {
    tidy(&std::path::absolute(path).unwrap_or_else(|_| path.to_owned()))
}

/// Returns the path without `.` and, where the text alone decides it, without `..`.
fn tidy(path: &Path) -> PathBuf {
    let mut tidied = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(tidied.components().next_back(), Some(Component::Normal(_))) => {
                tidied.pop();
            }
            other => tidied.push(other),
        }
    }
    tidied
}
