//! Files and folders of lobuctl's own that only this user can read: journals, plans that were made, logs, the demo's project.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

/// The start of the names of files that are written and not yet in their place.
pub(crate) const TEMPORARY: &str = ".lobuctl-new-";

/// What happens to the text that a file already has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    /// It stays, and what is written goes behind it.
    Append,
    /// It is removed once the file is closed to other users.
    Replace,
    /// It stays, and the file is not opened.
    Refuse,
}

/// Opens a file for writing, and creates it when it is missing. Other users cannot read it afterwards, even if they could
/// before.
///
/// # Errors
/// When the file cannot be opened, exists and must not, or is open to others and that cannot be changed.
pub(crate) fn open_private(path: &Path, existing: Existing) -> io::Result<File> {
    let mut options = OpenOptions::new();
    match existing {
        Existing::Append => options.append(true),
        Existing::Replace => options.write(true),
        Existing::Refuse => options.write(true).create_new(true),
    };
    options.create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    // Before the first byte is written: the mode above only counts for files that did not exist.
    close_to_others(&file)?;
    // Not when it is opened: a file that cannot be closed to others keeps its text.
    if existing == Existing::Replace {
        file.set_len(0)?;
    }
    Ok(file)
}

/// Replaces a file in one step, or creates it in its folder, which exists. Even after a loss of power it is the old or the
/// new one. Only this user can read it afterwards.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn replace_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let file = written_beside(path, bytes)?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(path)
}

/// Creates a file in one step, as [`replace_private`] does, unless there is one.
///
/// # Errors
/// When it exists, or cannot be written.
pub(crate) fn create_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let file = written_beside(path, bytes)?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    sync_folder(path)
}

/// Writes a temporary file beside a path, onto the disk.
fn written_beside(path: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    // Its mode is 0600 from the start.
    let mut file = tempfile::Builder::new()
        .prefix(TEMPORARY)
        .tempfile_in(folder_of(path))?;
    file.write_all(bytes)?;
    // Before it gets its name: a file that has one has its text too.
    file.as_file().sync_all()?;
    Ok(file)
}

/// Makes a new name in the folder of a file last.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Creates a folder that only this user can enter.
///
/// # Errors
/// When it exists already: another user may have put it there. Or when it cannot be created.
pub(crate) fn create_private_folder(path: &Path) -> io::Result<()> {
    builder().create(path)
}

/// Creates a folder that only this user can enter, and its missing parents, unless it exists.
///
/// # Errors
/// When it cannot be created.
pub(crate) fn ensure_private_folder(path: &Path) -> io::Result<()> {
    builder().recursive(true).create(path)
}

fn builder() -> DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "modes exist on Unix only"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Closes a file to other users. A terminal or a pipe stays as private as its owner made it.
#[cfg(unix)]
fn close_to_others(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = file.metadata()?;
    if metadata.is_file() && metadata.permissions().mode() & 0o077 != 0 {
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn close_to_others(_file: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    use crate::private_file::{
        Existing, create_private, create_private_folder, ensure_private_folder, open_private, replace_private,
    };

    #[test]
    fn closes_a_file_that_was_open_to_others_and_keeps_or_replaces_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        std::fs::write(&path, "old ").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        for (existing, expected) in [(Existing::Append, "old new"), (Existing::Replace, "new")] {
            write!(open_private(&path, existing).unwrap(), "new").unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn replaces_a_file_at_once_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        create_private(&path, b"first").unwrap();
        assert!(create_private(&path, b"second").is_err(), "it exists");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"first");
        replace_private(&path, b"third").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"third");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn refuses_a_folder_that_exists_where_a_new_one_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("demo");
        create_private_folder(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        assert!(create_private_folder(&path).is_err() && ensure_private_folder(&path).is_ok());
    }
}
