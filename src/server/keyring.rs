//! The keys that a process has: one, or two while a rekey replaces the first with the second.
//!
//! Which of them seals is not decided here: the database has a mark that only its current key opens, and every
//! transaction looks it up (see `db`).

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use secrecy::SecretString;

use super::crypto::{EncryptionKey, SealError, key_id};
use super::error::ServerError;
use super::file;

/// The file of the current key in a data directory.
pub(crate) const KEY_FILE: &str = "encryption-key";
/// The file of the key that a rekey is about to use.
pub(crate) const NEXT_KEY_FILE: &str = "encryption-key.next";
/// The files in the order in which a ring holds their keys.
const KEY_FILES: [&str; 2] = [KEY_FILE, NEXT_KEY_FILE];
/// The minimum time between two readings of the key files, so that a row with an unknown key costs no disk access on
/// every read.
const MIN_REREAD_INTERVAL: Duration = Duration::from_secs(1);
/// The row that the mark of a key is bound to.
const MARK_ROW: &str = "meta/key_check";
/// The text that every mark seals.
const MARK_TEXT: &str = "lobuctl";

/// The keys of this process, the configured one first.
pub(crate) struct Keyring {
    keys: RwLock<Vec<Arc<EncryptionKey>>>,
    /// The directory whose key files are read again when a text names an unknown key. `None` when the keys come from
    /// the environment.
    dir: Option<PathBuf>,
    /// When the key files were last read again. `None` before the first time.
    last_read: Mutex<Option<Instant>>,
}

impl Keyring {
    /// Creates a keyring of configured keys.
    pub(crate) fn new(keys: Vec<EncryptionKey>) -> Self {
        Self {
            keys: RwLock::new(keys.into_iter().map(Arc::new).collect()),
            dir: None,
            last_read: Mutex::new(None),
        }
    }

    /// Creates a keyring of the key files of a directory. They are read again when a text names an unknown key.
    pub(crate) fn from_files(dir: PathBuf) -> Result<Self, ServerError> {
        let ring = Self {
            dir: Some(dir),
            ..Self::new(Vec::new())
        };
        ring.read_files()?;
        Ok(ring)
    }

    /// Adds a key to the end of the ring, unless it is already there.
    pub(crate) fn add(&self, key: EncryptionKey) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if keys.iter().all(|known| known.id() != key.id()) {
            keys.push(Arc::new(key));
        }
    }

    /// Reads the key files and adds the keys that are new. Does nothing when the keys come from the environment.
    pub(crate) fn read_files(&self) -> Result<(), ServerError> {
        let Some(dir) = &self.dir else { return Ok(()) };
        for name in KEY_FILES {
            if let Some(text) = file::read_secret(&dir.join(name))? {
                self.add(EncryptionKey::from_text(&text)?);
            }
        }
        Ok(())
    }

    fn reread_files(&self) {
        {
            // The time is noted before the files are read: requests that need the key meanwhile do not read them too.
            let mut last = self.last_read.lock().unwrap_or_else(PoisonError::into_inner);
            if self.dir.is_none() || last.is_some_and(|at| at.elapsed() < MIN_REREAD_INTERVAL) {
                return;
            }
            *last = Some(Instant::now());
        }
        // Without the new key the caller fails, with an error of its own.
        if let Err(error) = self.read_files() {
            tracing::warn!(reason = %error, "the key files cannot be read");
        }
    }

    /// Returns a copy of the list, so that the lock is not held while a text is decrypted.
    fn keys(&self) -> Vec<Arc<EncryptionKey>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the ids of all keys.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.keys().iter().map(|key| key.id().to_owned()).collect()
    }

    /// Returns the first key: the configured one, or the one in [`KEY_FILE`]. It becomes the key of a database without a
    /// mark. `None` when the ring is empty.
    pub(crate) fn first(&self) -> Option<Arc<EncryptionKey>> {
        self.keys().first().cloned()
    }

    /// Opens a text that was sealed for the row that `aad` names.
    ///
    /// # Errors
    /// When its key is not in the ring, or the text was sealed for another row.
    pub(crate) fn open(&self, sealed: &str, aad: &str) -> Result<String, SealError> {
        self.find_key(sealed, |key| key.open(sealed, aad).ok()).ok_or(SealError)
    }

    /// Calls `open` with each key until it returns a value. When no key does and the text names a key that is not in the
    /// ring, reads the key files again and tries once more.
    fn find_key<T>(&self, sealed: &str, open: impl Fn(&Arc<EncryptionKey>) -> Option<T>) -> Option<T> {
        let keys = self.keys();
        let found = keys.iter().find_map(&open);
        let unknown = key_id(sealed).is_some_and(|id| keys.iter().all(|key| key.id() != id));
        if found.is_some() || !unknown {
            return found;
        }
        self.reread_files();
        self.keys().iter().find_map(open)
    }

    /// Returns the key that opens a database's mark. `None` when it is not in the ring.
    pub(crate) fn key_of_mark(&self, mark: &str) -> Option<Arc<EncryptionKey>> {
        self.find_key(mark, |key| {
            (key.open(mark, MARK_ROW).as_deref() == Ok(MARK_TEXT)).then(|| key.clone())
        })
    }
}

/// Returns the mark that a database gets when `key` becomes its key.
pub(crate) fn mark_of(key: &EncryptionKey) -> Result<String, ServerError> {
    key.seal(MARK_TEXT, MARK_ROW).map_err(|_| ServerError::Random)
}

/// Creates a keyring of configured keys: the current one, and the one that a rekey will use, if any.
pub(crate) fn from_environment(key: &SecretString, next: Option<&SecretString>) -> Result<Keyring, ServerError> {
    let ring = Keyring::new(vec![EncryptionKey::from_text(key)?]);
    if let Some(next) = next {
        ring.add(EncryptionKey::from_text(next)?);
    }
    Ok(ring)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generate() -> EncryptionKey {
        EncryptionKey::from_text(&EncryptionKey::generate().unwrap()).unwrap()
    }

    #[test]
    fn opens_texts_of_every_key_and_finds_the_key_of_a_mark() {
        let (old, new) = (generate(), generate());
        let (sealed, mark) = (old.seal("a", "row").unwrap(), mark_of(&new).unwrap());
        let new_id = new.id().to_owned();
        let ring = Keyring::new(vec![old, new]);
        assert_eq!(ring.open(&sealed, "row").as_deref(), Ok("a"));
        assert_eq!(ring.key_of_mark(&mark).map(|key| key.id().to_owned()), Some(new_id));
        assert!(ring.key_of_mark(&mark_of(&generate()).unwrap()).is_none());
    }

    #[test]
    fn finds_a_key_whose_file_appears_later() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str| {
            let text = EncryptionKey::generate().unwrap();
            file::write_secret(&dir.path().join(name), &text).unwrap();
            EncryptionKey::from_text(&text).unwrap()
        };
        write(KEY_FILE);
        let ring = Keyring::from_files(dir.path().to_owned()).unwrap();
        let mark = mark_of(&write(NEXT_KEY_FILE)).unwrap();
        assert!(ring.key_of_mark(&mark).is_some());
    }
}
