//! The folder of the `lobu` CLI, and the one way in which its files are changed.
//!
//! A change takes a lock, reads the file, and replaces it in one step: two programs never undo each other's changes, and one
//! that is killed leaves the old file or the new one. Keys that lobuctl does not know stay as they are.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

use super::error::SessionError;
use super::trust::check_unwritable;
use crate::private_file::{TEMPORARY, ensure_private_folder, replace_private};

/// The name of the lock file.
const LOCK: &str = ".lobuctl.lock";

/// How long to wait for another lobuctl that has the lock. It may be waiting for a server.
const LOCK_TIMEOUT: Duration = Duration::from_mins(3);

/// The pause between two attempts to take the lock.
const LOCK_INTERVAL: Duration = Duration::from_millis(10);

/// The folder with the contexts and credentials that lobuctl shares with the `lobu` CLI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LobuFolder {
    path: PathBuf,
}

impl LobuFolder {
    /// Returns `LOBU_CONFIG_DIR`, else `~/.config/lobu`. `None` without a home folder.
    pub fn find(environment: &BTreeMap<String, String>, home: Option<&Path>) -> Option<Self> {
        let variable = environment.get("LOBU_CONFIG_DIR").filter(|value| !value.is_empty());
        // The `lobu` CLI does not look at XDG_CONFIG_HOME.
        let path = variable
            .map(PathBuf::from)
            .or_else(|| home.map(|home| home.join(".config/lobu")))?;
        Some(Self { path })
    }

    /// Returns the path of a file in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Checks that no other user can change what is in the folder. A missing folder is fine.
    pub(super) fn check(&self) -> Result<(), SessionError> {
        fs::metadata(&self.path).map_or(Ok(()), |metadata| check_unwritable(&self.path, &metadata))
    }

    /// Takes the lock that every change needs, and waits until no other lobuctl has it. Creates the folder.
    ///
    /// # Errors
    /// When the folder cannot be used, or another lobuctl keeps the lock for minutes.
    pub async fn lock(&self) -> Result<LockedFolder, SessionError> {
        let path = self.file(LOCK);
        let start = Instant::now();
        let file = self.open_lock(&path)?;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if start.elapsed() < LOCK_TIMEOUT => {
                    tokio::time::sleep(LOCK_INTERVAL).await;
                }
                Err(TryLockError::WouldBlock) => return Err(SessionError::Locked { path }),
                Err(TryLockError::Error(error)) => return Err(unusable(&path, &error)),
            }
        }
        let locked = LockedFolder {
            folder: self.clone(),
            _lock: file,
        };
        locked.remove_abandoned();
        Ok(locked)
    }

    fn open_lock(&self, path: &Path) -> Result<File, SessionError> {
        ensure_private_folder(&self.path).map_err(|error| unusable(&self.path, &error))?;
        self.check()?;
        let mut options = File::options();
        options.read(true).write(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path).map_err(|error| unusable(path, &error))
    }
}

/// The folder, with the lock. Dropping it releases the lock.
#[derive(Debug)]
pub struct LockedFolder {
    folder: LobuFolder,
    _lock: File,
}

impl LockedFolder {
    /// Reads the JSON object of a file. A missing file is an empty object.
    ///
    /// # Errors
    /// When the file cannot be read, is no JSON object, or can be changed by others. It is then left as it is.
    pub(super) fn open(&self, name: &str) -> Result<JsonFile, SessionError> {
        let path = self.folder.file(name);
        let text = match fs::read_to_string(&path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let object = Map::new();
                return Ok(JsonFile { path, object });
            }
            Err(error) => return Err(unusable(&path, &error)),
        };
        let metadata = fs::metadata(&path).map_err(|error| unusable(&path, &error))?;
        check_unwritable(&path, &metadata)?;
        // serde's own message may repeat a value.
        let object = serde_json::from_str(&text).map_err(|error| SessionError::File {
            path: path.clone(),
            why: format!("line {}, column {}: not a JSON object", error.line(), error.column()),
        })?;
        Ok(JsonFile { path, object })
    }

    /// Removes the temporary files of killed programs. While the lock is held, no running one has any.
    fn remove_abandoned(&self) {
        let entries = fs::read_dir(&self.folder.path).into_iter().flatten().flatten();
        for entry in entries {
            if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
                // What cannot be removed is in nobody's way.
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// The JSON object of a file, with every key that it has. Its texts may be tokens: they are zeroed when it is dropped.
#[derive(Debug)]
pub(super) struct JsonFile {
    path: PathBuf,
    pub(super) object: Map<String, Value>,
}

impl JsonFile {
    /// Returns the path of the file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces the file in one step. Only this user can read it afterwards.
    ///
    /// Only the holder of the lock may do it, which is why [`LockedFolder::open`] is the only way to a value of this type.
    ///
    /// # Errors
    /// When it cannot be written; the old file is then still there.
    pub(super) fn save(&self) -> Result<(), SessionError> {
        replace(self).map_err(|error| unusable(&self.path, &error))
    }

    /// Returns the object below a key, and creates it when there is none.
    pub(super) fn child(&mut self, key: &str) -> &mut Map<String, Value> {
        child(&mut self.object, key)
    }
}

impl Drop for JsonFile {
    fn drop(&mut self) {
        self.object.values_mut().for_each(zeroize);
    }
}

/// Returns the object below a key, and creates it when there is none.
pub(super) fn child<'a>(object: &'a mut Map<String, Value>, key: &str) -> &'a mut Map<String, Value> {
    let value = object.entry(key).or_insert_with(|| Value::Object(Map::new()));
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(child) => child,
        _ => unreachable!("the value was made an object above"),
    }
}

/// Zeroes every text of a value.
pub(super) fn zeroize(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(zeroize),
        Value::Object(object) => object.values_mut().for_each(zeroize),
        _ => {}
    }
}

fn replace(file: &JsonFile) -> io::Result<()> {
    let mut text = Zeroizing::new(serde_json::to_vec_pretty(&file.object)?);
    text.push(b'\n');
    // A link, as managers of dotfiles make them, stays one.
    let target = fs::canonicalize(&file.path).unwrap_or_else(|_| file.path.clone());
    // A name that is lost with the power would take a token along that the server has rotated.
    replace_private(&target, &text)
}

fn unusable(path: &Path, error: &io::Error) -> SessionError {
    SessionError::File {
        path: path.to_owned(),
        why: error.to_string(),
    }
}
