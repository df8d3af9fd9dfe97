//! Writes the files of a pull, each one as a whole or not at all.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::change::FileChange;
use super::project_files::is_below;
use super::temporary::{remove_abandoned, temporary};

/// The error for a file that was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file has changed since it was read.
    #[error("`{}` has changed since it was read", .0.display())]
    Changed(PathBuf),
    /// A file or a folder is where a new file was to be written.
    #[error("`{}` is there already", .0.display())]
    InTheWay(PathBuf),
    /// The real location of the file, behind links, is outside the project.
    #[error("`{}` leads out of the project", .0.display())]
    Outside(PathBuf),
    /// The system refused to read or write.
    #[error("`{}` cannot be written: {source}", path.display())]
    System {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// Writes one file below the project's folder. A reader sees the old text or the new one, also after a crash.
///
/// # Errors
/// When the file is not as it was read, is outside the project, or cannot be written. It is unchanged then.
pub fn write(root: &Path, change: &FileChange) -> Result<(), WriteError> {
    let system = |source| WriteError::System {
        path: change.path.clone(),
        source,
    };
    if !is_below(&change.path) {
        return Err(WriteError::Outside(change.path.clone()));
    }
    let root = fs::canonicalize(root).map_err(system)?;
    let path = root.join(&change.path);
    if let Some(before) = &change.before {
        // A link in the place of the file stays; the file behind it is replaced.
        let path = fs::canonicalize(path).map_err(system)?;
        if !path.starts_with(&root) {
            return Err(WriteError::Outside(change.path.clone()));
        }
        return replace(&path, before, &change.after, &change.path);
    }
    let folder = path.parent().unwrap_or(&root);
    let existing = folder.ancestors().find(|folder| folder.exists()).unwrap_or(&root);
    if !fs::canonicalize(existing).map_err(system)?.starts_with(&root) {
        return Err(WriteError::Outside(change.path.clone()));
    }
    if !existing.is_dir() {
        let shown = existing.strip_prefix(&root).unwrap_or(existing);
        return Err(WriteError::InTheWay(shown.to_owned()));
    }
    fs::create_dir_all(folder).map_err(system)?;
    // The umask decides which of these rights remain.
    let temporary = temporary(folder, &change.after, 0o666).map_err(system)?;
    let placed = temporary.persist_noclobber(&path);
    placed.map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => WriteError::InTheWay(change.path.clone()),
        _ => system(error.error),
    })?;
    sync_folder(folder).map_err(system)
}

/// Replaces a file that still has the text that was read.
fn replace(path: &Path, before: &str, after: &str, shown: &Path) -> Result<(), WriteError> {
    let system = |source| WriteError::System {
        path: shown.to_owned(),
        source,
    };
    let folder = path.parent().unwrap_or_else(|| Path::new("/"));
    // Putting another file in its place would not ask whether this one may be written.
    let writable = fs::File::options().write(true).open(path).map_err(system)?;
    let mode = writable.metadata().map_err(system)?.permissions();
    let temporary = temporary(folder, after, 0o600).map_err(system)?;
    temporary.as_file().set_permissions(mode).map_err(system)?;
    // As late as possible: what an editor saves in between would be lost.
    if fs::read(path).map_err(system)? != before.as_bytes() {
        return Err(WriteError::Changed(shown.to_owned()));
    }
    temporary.persist(path).map_err(|error| system(error.error))?;
    sync_folder(folder).map_err(system)
}

/// Removes the temporary files that killed pulls have left in folders of a project. The folders are relative to `root`.
pub fn remove_leftovers<'a>(root: &Path, folders: impl Iterator<Item = &'a Path>) {
    let Ok(root) = fs::canonicalize(root) else { return };
    let folders = folders.filter_map(|folder| fs::canonicalize(root.join(folder)).ok());
    for folder in folders.filter(|folder| folder.starts_with(&root)) {
        remove_abandoned(&folder);
    }
}

/// Makes a rename in a folder last.
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}
