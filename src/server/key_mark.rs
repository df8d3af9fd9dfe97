//! The mark of the database's key: a sealed text that only this key opens. A rekey writes another one.

use super::crypto::EncryptionKey;
use super::db::{Db, Tx};
use super::error::ServerError;
use super::keyring;
use super::meta;

/// The name of the mark in `meta`. The statement of `db` that begins a transaction repeats it.
const NAME: &str = "key_check";

/// Reads the mark. `None` when no release that marks its key has started on the database yet.
pub(crate) async fn read(db: &Db) -> Result<Option<String>, ServerError> {
    Ok(meta::read(db, NAME).await?)
}

/// Makes `key` the key that every later transaction seals with.
pub(crate) async fn write(tx: &mut Tx<'_>, key: &EncryptionKey) -> Result<(), ServerError> {
    let mark = keyring::mark_of(key)?;
    Ok(meta::write(tx, NAME, &mark).await?)
}

/// The name in `meta` that holds the ids of the keys that the server of a data directory has, separated by spaces.
const SERVER_KEYS: &str = "server_keys";

/// Stores which keys the server of a data directory has, so that a rekey can refuse a key that the server lacks.
pub(crate) async fn announce_keys(db: &Db, ids: &[String]) -> Result<(), ServerError> {
    let mut tx = db.begin().await?;
    meta::write(&mut tx, SERVER_KEYS, &ids.join(" ")).await?;
    Ok(tx.commit().await?)
}

/// Whether the server that last opened a data directory had the key with this id.
pub(crate) async fn server_has_key(db: &Db, id: &str) -> Result<bool, ServerError> {
    let ids = meta::read(db, SERVER_KEYS).await?;
    Ok(ids.is_some_and(|ids| ids.split(' ').any(|known| known == id)))
}
