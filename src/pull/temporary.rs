//! The temporary files of a pull, and what a killed one has left of them.
//!
//! A temporary file is in the folder of the file that it becomes, so that renaming it is one step. A later pull removes those
//! of killed writers. It knows them by their names, whose second half is a digest of the first, and by a lock that a running
//! writer holds.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, Write as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

const PREFIX: &str = ".lobuctl-";

/// Writes a text to the disk in a new temporary file of this folder, with these rights where the system has them.
#[cfg_attr(not(unix), expect(unused_variables, reason = "modes exist on Unix only"))]
pub(super) fn temporary(folder: &Path, text: &str, mode: u32) -> io::Result<NamedTempFile> {
    let name = next_name();
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    let mut builder = tempfile::Builder::new();
    builder.prefix(&name).rand_bytes(0);
    let mut file = builder.make_in(folder, |path| options.open(path))?;
    // Where nothing can be locked, nothing is removed later.
    let _ = file.as_file().try_lock();
    // Not through `file`, which would put its path into errors.
    file.as_file_mut().write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Removes the temporary files in a folder whose writers were killed. What cannot be removed stays, without an error.
pub(super) fn remove_abandoned(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| is_own(&entry.file_name())) {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        // The lock is held until the file is gone: another pull cannot take it for abandoned meanwhile.
        if is_file
            && let Ok(file) = File::open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Returns a name that no other file has: its number is random.
fn next_name() -> String {
    // Each hasher begins with random keys, which its result follows from.
    let number = format!("{:016x}", RandomState::new().build_hasher().finish());
    format!("{PREFIX}{number}{}", proof(&number))
}

/// Whether a name is one that [`next_name`] gives. Files of other programs have no such digest in their names.
fn is_own(name: &OsStr) -> bool {
    let rest = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
    let parts = rest
        .filter(|rest| rest.len() == 32)
        .and_then(|rest| rest.split_at_checked(16));
    parts.is_some_and(|(number, rest)| rest == proof(number))
}

/// Returns the part of a name that follows from its number.
fn proof(number: &str) -> String {
    let digest = Sha256::digest(format!("temporary file of a pull {number}"));
    let start = digest.iter().take(8).fold(0, |all, byte| (all << 8) | u64::from(*byte));
    format!("{start:016x}")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// Returns the names in a folder, sorted.
    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().flatten();
        let mut names: Vec<String> = entries.map(|it| it.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn only_abandoned_files_of_a_pull_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let abandoned = next_name();
        fs::write(path(&abandoned), "half a te").unwrap();
        let (other, linked, dir) = (format!("{PREFIX}{}", "0".repeat(32)), next_name(), next_name());
        fs::write(path(&other), "of somebody").unwrap();
        symlink(&other, path(&linked)).unwrap();
        fs::create_dir(path(&dir)).unwrap();
        let written = temporary(folder.path(), "text", 0o600).unwrap();
        let in_use = written.path().file_name().unwrap().to_str().unwrap().to_owned();

        remove_abandoned(folder.path());
        let mut kept = vec![other, linked, dir, in_use];
        kept.sort();
        assert_eq!(names(folder.path()), kept);
        remove_abandoned(&path("missing"));
    }
}
