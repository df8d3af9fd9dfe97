//! Whether other users of the machine can change or read a file.

use std::fs::Metadata;
use std::path::Path;

use super::error::SessionError;

/// Checks that no other user can change a file or a folder: it decides where tokens are sent.
///
/// # Errors
/// When another user can write it, or owns it.
#[cfg(unix)]
pub(super) fn check_unwritable(path: &Path, metadata: &Metadata) -> Result<(), SessionError> {
    use std::os::unix::fs::MetadataExt;
    let user = rustix::process::geteuid().as_raw();
    // For root every file belongs to somebody else in a container that mounts a home folder.
    let is_foreign = user != 0 && metadata.uid() != user && metadata.uid() != 0;
    if is_foreign || metadata.mode() & 0o022 != 0 {
        return Err(SessionError::Writable {
            path: path.to_owned(),
            is_foreign,
        });
    }
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn check_unwritable(_path: &Path, _metadata: &Metadata) -> Result<(), SessionError> {
    Ok(())
}

/// Whether other users have any access to a file. Any permission of the group or of others counts, as `ssh` does it for
/// its keys.
#[cfg(unix)]
pub(super) fn is_open_to_others(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.mode() & 0o077 != 0
}

#[cfg(not(unix))]
pub(super) fn is_open_to_others(_metadata: &Metadata) -> bool {
    false
}
