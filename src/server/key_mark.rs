//! The mark of the database's key: a sealed text that only this key opens. A rekey writes another one.

use super::crypto::EncryptionKey;
use super::db::{Db, Tx, params};
use super::error::ServerError;
use super::keyring;

const NAME: &str = "key_check";

/// Reads the mark. `None` before the first start.
pub(crate) async fn read(db: &Db) -> Result<Option<String>, ServerError> {
    let sql = "SELECT value FROM meta WHERE name = $1";
    Ok(db.value(sql, params![NAME]).await?)
}

/// Makes `key` the database's key.
pub(crate) async fn write(tx: &mut Tx<'_>, key: &EncryptionKey) -> Result<(), ServerError> {
    let mark = keyring::mark_of(key)?;
    tx.execute(
        "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        params![NAME, &mark],
    )
    .await?;
    Ok(())
}

/// The name in `meta` that holds the ids of the keys that the server of a data directory has, separated by spaces.
const SERVER_KEYS: &str = "server_keys";

/// Writes which keys the server of a data directory has, for a rekey beside it.
pub(crate) async fn announce_keys(db: &Db, ids: &[String]) -> Result<(), ServerError> {
    let mut tx = db.begin().await?;
    tx.execute(
        "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        params![SERVER_KEYS, &ids.join(" ")],
    )
    .await?;
    Ok(tx.commit().await?)
}

/// Whether the server that last opened a data directory has a key.
pub(crate) async fn server_has_key(db: &Db, id: &str) -> Result<bool, ServerError> {
    let sql = "SELECT value FROM meta WHERE name = $1";
    let ids: Option<String> = db.value(sql, params![SERVER_KEYS]).await?;
    Ok(ids.is_some_and(|ids| ids.split(' ').any(|known| known == id)))
}
