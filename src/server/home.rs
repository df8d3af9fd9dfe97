//! Opening a storage with its key: the directory, its lock, the file of the key, and recovery from an interrupted rekey.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::bootstrap;
use super::crypto::Crypto;
use super::db::{Db, migration};
use super::error::ServerError;
use super::file;
use super::options::Storage;
use super::presence::{DatabasePresence, Presence, Share};

/// The SQLite file of a data directory.
pub(crate) const DATABASE: &str = "lobu.db";
/// The file of the first admin token.
pub const BOOTSTRAP_TOKEN: &str = "bootstrap-pat.txt";
const KEY: &str = "encryption-key";
const NEXT_KEY: &str = "encryption-key.next";
/// An open storage.
pub(crate) struct Home {
    pub(crate) db: Db,
    pub(crate) crypto: Crypto,
    pub(crate) presence: Presence,
}

impl Home {
    pub(crate) async fn open(
        storage: &Storage,
        key: Option<&SecretString>,
        share: Share,
        connections: u32,
    ) -> Result<Self, ServerError> {
        match storage {
            Storage::Memory => {
                let key = key.cloned().map_or_else(Crypto::new_key, Ok)?;
                Self::ready(Db::memory().await?, Crypto::from_text(&key)?, Presence::Nobody).await
            }
            Storage::Sqlite { data_dir } => Self::directory(data_dir, key, connections).await,
            Storage::Postgres { url } => {
                let crypto = Crypto::from_text(key.ok_or(ServerError::KeyRequired)?)?;
                let db = Db::postgres(url, connections).await?;
                let presence = match &db {
                    Db::Postgres { locks, .. } => Presence::Database {
                        _lock: DatabasePresence::take(locks, share).await?,
                    },
                    Db::Sqlite { .. } => Presence::Nobody,
                };
                Self::ready(db, crypto, presence).await
            }
        }
    }

    async fn directory(dir: &Path, key: Option<&SecretString>, connections: u32) -> Result<Self, ServerError> {
        file::private_dir(dir)?;
        let presence = Presence::Directory {
            lock: file::lock_dir(dir)?,
        };
        for name in [DATABASE, KEY, NEXT_KEY, BOOTSTRAP_TOKEN] {
            file::check_private(&dir.join(name))?;
        }
        let path = dir.join(DATABASE);
        if !path.exists() {
            drop(file::create_new(&path)?);
        }
        let db = Db::sqlite(&path, connections).await?;
        if !migration::has_tables(&db).await? {
            expect_new(dir)?;
        } else if let Some(reason) = db.damage().await? {
            return Err(ServerError::Damaged { path, reason });
        }
        migration::migrate(&db).await?;
        let crypto = directory_key(&db, dir, key).await?;
        Self::ready(db, crypto, presence).await
    }

    async fn ready(db: Db, crypto: Crypto, presence: Presence) -> Result<Self, ServerError> {
        migration::migrate(&db).await?;
        Ok(Self { db, crypto, presence })
    }
}

/// Refuses a directory with a key or a token but without a database: an empty world under a known token would make
/// every plan create everything again, and a token that was put there would become the administrator's.
fn expect_new(dir: &Path) -> Result<(), ServerError> {
    let left = [KEY, NEXT_KEY, BOOTSTRAP_TOKEN].map(|name| dir.join(name));
    match left.into_iter().find(|path| path.exists()) {
        Some(path) => Err(ServerError::DatabaseMissing(path)),
        None => Ok(()),
    }
}

/// The given key, else the one of the directory, made at the first start.
async fn directory_key(db: &Db, dir: &Path, given: Option<&SecretString>) -> Result<Crypto, ServerError> {
    if let Some(key) = given {
        return Crypto::from_text(key);
    }
    if let Some(text) = file::read_secret(&dir.join(NEXT_KEY))? {
        // A rekey ended between its commit and the change of files, or before the commit.
        let crypto = Crypto::from_text(&text)?;
        if bootstrap::opens(db, &crypto).await? == Some(true) {
            adopt(dir)?;
            return Ok(crypto);
        }
    }
    if !dir.join(KEY).exists() && bootstrap::key_mark(db).await?.is_some() {
        // A new key would not open what is there.
        return Err(ServerError::WrongKey);
    }
    Crypto::from_text(&key_beside(dir)?)
}

/// The key in a directory's file, made when there is none.
pub(crate) fn key_beside(dir: &Path) -> Result<SecretString, ServerError> {
    let path = dir.join(KEY);
    if let Some(text) = file::read_secret(&path)? {
        return Ok(text);
    }
    let text = Crypto::new_key()?;
    file::write_secret(&path, &text)?;
    Ok(text)
}

/// Leaves the key that a rekey is about to use.
pub(crate) fn announce(dir: &Path, key: &SecretString) -> Result<(), ServerError> {
    file::write_secret(&dir.join(NEXT_KEY), key)
}

/// Makes the announced key the directory's key.
pub(crate) fn adopt(dir: &Path) -> Result<PathBuf, ServerError> {
    let path = dir.join(KEY);
    std::fs::rename(dir.join(NEXT_KEY), &path).map_err(|error| ServerError::file(&path, error))?;
    Ok(path)
}
