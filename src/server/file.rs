//! The files beside a database: the directory's lock, the keys, the first token. They are private from their first byte on.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};

use super::error::ServerError;
use super::random::random_id;

/// Creates a directory that only its owner can enter, with a `.gitignore` that keeps its files out of a repository. A
/// directory that exists is checked and kept.
///
/// # Errors
/// When the directory cannot be created, belongs to another user, or can be written to by others.
pub(crate) fn private_dir(path: &Path) -> Result<(), ServerError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| ServerError::file(path, error))?;
    let metadata = std::fs::metadata(path).map_err(|error| ServerError::file(path, error))?;
    // Another user who can write to the directory could replace the key or the database.
    check_owner(path, &metadata, 0o022)?;
    ignore_for_git(path)
}

fn ignore_for_git(dir: &Path) -> Result<(), ServerError> {
    let path = dir.join(".gitignore");
    match private_options().create_new(true).open(&path) {
        Ok(mut file) => writeln!(file, "*").map_err(|error| ServerError::file(path, error)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(ServerError::file(path, error)),
    }
}

/// Refuses a file or directory that belongs to another user, or whose mode has one of the bits in `forbidden`, as ssh does
/// with its keys.
#[cfg(unix)]
fn check_owner(path: &Path, metadata: &Metadata, forbidden: u32) -> Result<(), ServerError> {
    use std::os::unix::fs::MetadataExt as _;
    let (owner, me) = (metadata.uid(), rustix::process::geteuid().as_raw());
    // Root can read and write everything anyway, and prepares the directory of a service.
    if owner != me && owner != 0 {
        return Err(ServerError::ForeignFile(path.to_owned()));
    }
    if metadata.mode() & forbidden != 0 {
        let mode = metadata.mode() & 0o777 & !forbidden;
        return Err(ServerError::OpenToOthers {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_owner(_: &Path, _: &Metadata, _: u32) -> Result<(), ServerError> {
    Ok(())
}

/// Refuses a private file that other users can read or write, or that is not a regular file. Accepts a missing file.
pub(crate) fn check_private(path: &Path) -> Result<(), ServerError> {
    // Without following links: the target of a link may be a file that another user controls.
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.is_file() => Err(ServerError::NotAFile(path.to_owned())),
        Ok(metadata) => check_owner(path, &metadata, 0o077),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(ServerError::file(path, error)),
    }
}

fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Takes the lock of a data directory for this process. It is released when the returned file is closed, even by a crash.
///
/// # Errors
/// [`ServerError::DataDirTaken`] at once when another process has it.
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

/// The longest time to wait for another process that works with the key files.
const MAX_KEYS_WAIT: Duration = Duration::from_mins(1);

/// Takes the lock of the key files of a directory for this process. A start that looks for the database's key and a rekey
/// that replaces it exclude each other with it. It is not the lock of [`lock_dir`], which a running server holds all the time.
///
/// # Errors
/// [`ServerError::RekeyRunning`] when another process holds it for a minute.
pub(crate) async fn lock_keys(dir: &Path) -> Result<File, ServerError> {
    let path = dir.join("keys.lock");
    let file = private_options().create(true).truncate(false).open(&path);
    let file = file.map_err(|error| ServerError::file(&path, error))?;
    let started = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if started.elapsed() < MAX_KEYS_WAIT => {
                // A waiting `lock` would block the thread, and could not end after a minute.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(TryLockError::WouldBlock) => return Err(ServerError::RekeyRunning),
            Err(TryLockError::Error(error)) => return Err(ServerError::file(&path, error)),
        }
    }
}

/// Whether a running server holds the lock of a data directory. Takes the lock for a moment.
pub(crate) fn is_served(dir: &Path) -> Result<bool, ServerError> {
    match lock_dir(dir) {
        Ok(_) => Ok(false),
        Err(ServerError::DataDirTaken(_)) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Creates an empty private file.
///
/// # Errors
/// When the path exists, even as a broken link.
pub(crate) fn create_new(path: &Path) -> Result<File, ServerError> {
    private_options()
        .create_new(true)
        .open(path)
        .map_err(|error| ServerError::file(path, error))
}

/// Writes a text and a line break to a private file, completely or not at all. Replaces an existing file.
pub(crate) fn write_secret(path: &Path, text: &SecretString) -> Result<(), ServerError> {
    // The name cannot be guessed and the file must be new, so no other user can have put a file or a link there.
    let draft = path.with_extension(format!("{}.tmp", random_id()?));
    let written = (|| {
        let mut file = private_options().create_new(true).open(&draft)?;
        writeln!(file, "{}", text.expose_secret())?;
        // The content has to be on the disk before the name, or a crash could leave an empty file under it.
        file.sync_all()?;
        drop(file);
        move_into_place(&draft, path)
    })();
    if written.is_err() {
        let _ = std::fs::remove_file(&draft);
    }
    written.map_err(|error| ServerError::file(path, error))
}

/// Renames a finished file over `path`, and waits until the new name is on the disk.
pub(crate) fn move_into_place(draft: &Path, path: &Path) -> std::io::Result<()> {
    std::fs::rename(draft, path)?;
    // The name belongs to the directory, which has to be written to the disk for itself.
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let dir = File::open(dir.unwrap_or_else(|| Path::new(".")))?;
    dir.sync_all()
}

/// Reads the text of a private file, without surrounding white space. `None` when there is no such file.
///
/// # Errors
/// When the file is not private; see [`check_private`].
pub(crate) fn read_secret(path: &Path) -> Result<Option<SecretString>, ServerError> {
    check_private(path)?;
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(SecretString::from(text.trim().to_owned()))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ServerError::file(path, error)),
    }
}
