//! The files beside a database: the directory's lock, the key, the first token. Private from their first byte on.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::error::ServerError;

/// Makes a directory that only its owner enters.
pub(crate) fn private_dir(path: &Path) -> Result<(), ServerError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| ServerError::file(path, error))
}

fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Takes the directory for this process. The lock goes with the file, however the process ends.
pub(crate) fn lock_dir(dir: &Path) -> Result<File, ServerError> {
    let path = dir.join("lock");
    let file = private_options().create(true).truncate(false).open(&path);
    let file = file.map_err(|error| ServerError::file(&path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ServerError::DataDirTaken(dir.to_owned())),
        Err(TryLockError::Error(error)) => Err(ServerError::file(&path, error)),
    }
}

/// Makes an empty private file that was not there before.
pub(crate) fn create_new(path: &Path) -> Result<File, ServerError> {
    private_options()
        .create_new(true)
        .open(path)
        .map_err(|error| ServerError::file(path, error))
}

/// Writes a line into a private file, whole or not at all.
pub(crate) fn write_secret(path: &Path, text: &SecretString) -> Result<(), ServerError> {
    let draft = path.with_extension("tmp");
    let written = (|| {
        let mut file = private_options().create(true).truncate(true).open(&draft)?;
        writeln!(file, "{}", text.expose_secret())?;
        file.sync_all()?;
        std::fs::rename(&draft, path)?;
        // The name reaches the disk with its directory.
        path.parent()
            .map_or(Ok(()), |dir| File::open(dir).and_then(|dir| dir.sync_all()))
    })();
    written.map_err(|error| ServerError::file(path, error))
}

/// Reads the line of a private file; `None` when there is no such file.
pub(crate) fn read_secret(path: &Path) -> Result<Option<SecretString>, ServerError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(SecretString::from(text.trim().to_owned()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ServerError::file(path, error)),
    }
}
