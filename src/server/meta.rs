//! Facts about the database itself, such as the mark of its key: texts by name, in the table `meta`.

use super::db::{Db, DbResult, Tx, params};

/// The name of the origin that clients of the last started server see.
pub(crate) const PUBLIC_URL: &str = "public_url";

/// Reads the fact with this name. `None` when it was never written.
pub(crate) async fn read(db: &Db, name: &str) -> DbResult<Option<String>> {
    db.value("SELECT value FROM meta WHERE name = $1", params![name]).await
}

/// Writes a fact. Replaces the one with the same name.
pub(crate) async fn write(tx: &mut Tx<'_>, name: &str, value: &str) -> DbResult<()> {
    let sql = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    tx.execute(sql, params![name, value]).await?;
    Ok(())
}

/// Writes a fact in a transaction of its own.
pub(crate) async fn store(db: &Db, name: &str, value: &str) -> DbResult<()> {
    let mut tx = db.begin().await?;
    write(&mut tx, name, value).await?;
    tx.commit().await
}
