//! Opening a storage with its keys: the directory, its lock, the key files, and the end of an interrupted rekey.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::SecretString;

use super::crypto::EncryptionKey;
use super::db::{Db, migration};
use super::error::ServerError;
use super::file;
use super::key_mark;
use super::keyring::{self, KEY_FILE, Keyring, NEXT_KEY_FILE};
use super::options::Storage;
use super::presence::{DatabasePresence, Presence};

/// The SQLite file of a data directory.
pub(crate) const DATABASE: &str = "lobu.db";
/// The file of the first admin token.
pub const BOOTSTRAP_TOKEN: &str = "bootstrap-pat.txt";

/// Where the keys come from.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeySource {
    /// The configured key. `None` means that the keys are read from files.
    pub(crate) key: Option<SecretString>,
    /// The configured key that a rekey will use, if one is planned. Ignored without a `key`.
    pub(crate) next: Option<SecretString>,
    /// The directory of the key files for PostgreSQL, which has no data directory of its own.
    pub(crate) dir: Option<PathBuf>,
}

/// An open storage with the keys of its secrets. Whether the keys fit the database is not checked yet.
pub(crate) struct OpenStorage {
    pub(crate) db: Db,
    pub(crate) keys: Arc<Keyring>,
    pub(crate) presence: Presence,
    /// Keeps a rekey away while the caller checks that the keys fit the database. `None` without a data directory.
    pub(crate) key_lock: Option<File>,
}

impl OpenStorage {
    /// Opens a storage for a server and brings its tables up to date.
    pub(crate) async fn open(storage: &Storage, source: &KeySource, connections: u32) -> Result<Self, ServerError> {
        match storage {
            Storage::Memory => {
                let key = source.key.clone().map_or_else(EncryptionKey::generate, Ok)?;
                let keys = Arc::new(keyring::from_environment(&key, source.next.as_ref())?);
                let db = Db::memory().await?;
                migration::migrate(&db).await?;
                Ok(Self {
                    db,
                    keys,
                    presence: Presence::NotShown,
                    key_lock: None,
                })
            }
            Storage::Sqlite { data_dir } => Self::directory(data_dir, source, connections).await,
            Storage::Postgres { url } => {
                let keys = Arc::new(configured_keys(source)?.ok_or(ServerError::KeyRequired)?);
                let db = Db::postgres(url, connections).await?;
                migration::migrate(&db).await?;
                let presence = match &db {
                    Db::Postgres { session, .. } => {
                        Presence::Database(DatabasePresence::announce(session, keys.clone()).await?)
                    }
                    Db::Sqlite { .. } => Presence::NotShown,
                };
                Ok(Self {
                    db,
                    keys,
                    presence,
                    key_lock: None,
                })
            }
        }
    }

    /// Opens a data directory, which is created if needed.
    async fn directory(dir: &Path, source: &KeySource, connections: u32) -> Result<Self, ServerError> {
        file::private_dir(dir)?;
        // Before everything else: what follows reads and creates files that another server may be using. A rekey takes this
        // lock after that of the keys, but only tries it, so the two cannot wait for each other.
        let presence = Presence::Directory {
            lock: file::lock_dir(dir)?,
        };
        for name in [DATABASE, KEY_FILE, NEXT_KEY_FILE, BOOTSTRAP_TOKEN] {
            file::check_private(&dir.join(name))?;
        }
        let key_lock = file::lock_keys(dir).await?;
        let path = dir.join(DATABASE);
        // SQLite would create the file with the rights of the umask, and gives its log the rights of the file.
        if !path.exists() {
            drop(file::create_new(&path)?);
        }
        let db = Db::sqlite(&path, connections).await?;
        if !migration::has_tables(&db).await? {
            refuse_without_database(dir)?;
        } else if let Some(reason) = db.find_damage().await? {
            return Err(ServerError::Damaged { path, reason });
        }
        migration::migrate(&db).await?;
        let keys = match configured_keys(source)? {
            Some(keys) => keys,
            None => directory_keys(&db, dir).await?,
        };
        // Also in clear for a later rekey, which must not ask a running server for them.
        key_mark::announce_keys(&db, &keys.ids()).await?;
        Ok(Self {
            db,
            keys: Arc::new(keys),
            presence,
            key_lock: Some(key_lock),
        })
    }
}

/// Returns the configured keys, or else those in the source's directory. `None` when the source names neither.
fn configured_keys(source: &KeySource) -> Result<Option<Keyring>, ServerError> {
    if let Some(key) = &source.key {
        return keyring::from_environment(key, source.next.as_ref()).map(Some);
    }
    let Some(dir) = &source.dir else { return Ok(None) };
    Keyring::from_files(dir.clone()).map(Some)
}

/// Refuses a directory with a key or a token but without a database. If the server started there with an empty database,
/// every plan would create everything again, and a token that another user has put there would become an admin token.
fn refuse_without_database(dir: &Path) -> Result<(), ServerError> {
    let files = [KEY_FILE, NEXT_KEY_FILE, BOOTSTRAP_TOKEN].map(|name| dir.join(name));
    match files.into_iter().find(|path| path.exists()) {
        Some(path) => Err(ServerError::DatabaseMissing(path)),
        None => Ok(()),
    }
}

/// Returns the keys of a data directory. The first start creates a key. Also ends a rekey that was interrupted after its
/// commit. The caller holds the lock of the keys (see [`file::lock_keys`]).
///
/// # Errors
/// [`ServerError::WrongKey`] when no key file has the key of the database.
pub(crate) async fn directory_keys(db: &Db, dir: &Path) -> Result<Keyring, ServerError> {
    let Some(mark) = key_mark::read(db).await? else {
        read_or_create_key(dir)?;
        return Keyring::from_files(dir.to_owned());
    };
    let keys = Keyring::from_files(dir.to_owned())?;
    // A missing key is not replaced by a new one, which would open no secret of this database.
    let current = keys.key_of_mark(&mark).ok_or(ServerError::WrongKey)?;
    if let Some(next) = file::read_secret(&dir.join(NEXT_KEY_FILE))?
        && EncryptionKey::from_text(&next)?.id() == current.id()
    {
        // The rekey was interrupted between its commit and the change of the files.
        promote_next_key(dir)?;
    }
    Ok(keys)
}

/// Returns the key in a directory's key file. Creates the file with a random key when it does not exist.
pub(crate) fn read_or_create_key(dir: &Path) -> Result<SecretString, ServerError> {
    let path = dir.join(KEY_FILE);
    if let Some(text) = file::read_secret(&path)? {
        return Ok(text);
    }
    let text = EncryptionKey::generate()?;
    file::write_secret(&path, &text)?;
    Ok(text)
}

/// Writes the key that a rekey is about to use, so that running servers can read it before the first secret is sealed with
/// it. The file of the current key stays until [`promote_next_key`].
pub(crate) fn stage_next_key(dir: &Path, key: &SecretString) -> Result<(), ServerError> {
    file::write_secret(&dir.join(NEXT_KEY_FILE), key)
}

/// Makes the key of [`stage_next_key`] the directory's key, after the database has it.
pub(crate) fn promote_next_key(dir: &Path) -> Result<(), ServerError> {
    let path = dir.join(KEY_FILE);
    file::move_into_place(&dir.join(NEXT_KEY_FILE), &path).map_err(|error| ServerError::file(&path, error))
}
