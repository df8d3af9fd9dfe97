//! Whether a `lobu.toml` that was found in a parent folder may be trusted.
//!
//! Any user may put a `lobu.toml` into a folder such as `/tmp`. It decides which servers get which secrets, so that one of
//! another user is used only when it is named with `--config`, as git does with repositories of other users.

use std::path::Path;

use crate::failure::Failure;

/// Checks that the file in a parent folder of `current_dir` belongs to this user or to root.
///
/// # Errors
/// When it belongs to another user.
#[cfg(unix)]
pub(super) fn check_owner(file: &Path, current_dir: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt;
    if file.parent() == Some(current_dir) {
        return Ok(());
    }
    // A file that cannot be looked at cannot be read either, and reading reports it better.
    let Ok(metadata) = file.metadata() else { return Ok(()) };
    if is_trusted(metadata.uid(), rustix::process::geteuid().as_raw()) {
        return Ok(());
    }
    Err(Failure::invalid(format!("{} belongs to another user", file.display()))
        .hint(format!("if you trust it, name it: `--config {}`", file.display())))
}

#[cfg(not(unix))]
pub(super) fn check_owner(_file: &Path, _current_dir: &Path) -> Result<(), Failure> {
    Ok(())
}

#[cfg(unix)]
fn is_trusted(owner: u32, user: u32) -> bool {
    owner == user || owner == 0
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn trusts_files_of_this_user_and_of_root() {
        assert!(is_trusted(1000, 1000) && is_trusted(0, 1000) && is_trusted(0, 0));
        assert!(!is_trusted(1001, 1000) && !is_trusted(1000, 0));
    }

    #[test]
    fn accepts_any_owner_in_the_current_folder() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lobu.toml");
        std::fs::write(&file, "").unwrap();
        assert!(check_owner(&file, folder.path()).is_ok());
    }
}
