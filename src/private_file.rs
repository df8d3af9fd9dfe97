//! Files and folders of lobuctl's own that only this user can read: journals, plans that were made, logs, the demo's project.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

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

    use crate::private_file::{Existing, create_private_folder, ensure_private_folder, open_private};

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
    fn refuses_a_folder_that_exists_where_a_new_one_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("demo");
        create_private_folder(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        assert!(create_private_folder(&path).is_err() && ensure_private_folder(&path).is_ok());
    }
}
