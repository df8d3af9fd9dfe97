//! Sealing every secret anew: with another key, or, once per database, out of the forms of older releases.

use serde_json::{Map, Value};

use super::bootstrap;
use super::crypto::Crypto;
use super::db::{Db, Tx, params};
use super::error::ServerError;
use super::secret::{self, Names};

const OLDER: &str = "older_secrets";

/// A kind of row that holds secrets: how to read all, how to write one, and where each one's place is.
struct Table {
    names: Names,
    place: &'static str,
    select: &'static str,
    update: &'static str,
}

const TABLES: [Table; 2] = [
    Table {
        names: Names::Platform,
        place: "platform",
        select: "SELECT id, config FROM platform",
        update: "UPDATE platform SET config = $1 WHERE id = $2",
    },
    Table {
        names: Names::Settings,
        place: "agent",
        select: "SELECT id, settings FROM agent",
        update: "UPDATE agent SET settings = $1 WHERE id = $2",
    },
];

/// Puts everything under the new key, in one transaction.
pub(crate) async fn rekey(db: &Db, old: &Crypto, new: &Crypto) -> Result<usize, ServerError> {
    let mut tx = db.begin().await?;
    // First: whoever seals with the old key has committed, or finds the new mark afterwards.
    bootstrap::mark(&mut tx, new).await?;
    let mut count = 0;
    for table in &TABLES {
        for row in tx.fetch(table.select, &[]).await? {
            let (id, mut fields) = (row.text(0)?, object(row.json(1)?));
            let place = format!("{}/{id}", table.place);
            secret::open(table.names, &mut fields, old, &place).map_err(|_| ServerError::WrongKey)?;
            write(&mut tx, table, &id, &mut fields, new).await?;
            count += 1;
        }
    }
    tx.commit().await?;
    Ok(count)
}

/// Makes sure that this key is the database's, and brings the secrets of older releases into today's form. Everything
/// is opened before the database is marked: a wrong key changes nothing.
///
/// # Errors
/// [`ServerError::WrongKey`] when the key does not open the database or a secret of an older release in it.
pub(crate) async fn adopt_database(db: &Db, crypto: &Crypto) -> Result<(), ServerError> {
    if bootstrap::opens(db, crypto).await? == Some(false) {
        return Err(ServerError::WrongKey);
    }
    migrate_older(db, crypto).await?;
    bootstrap::check_key(db, crypto).await?;
    if let Some(mark) = bootstrap::key_mark(db).await? {
        db.expect_generation(mark);
    }
    // A rekey between the check and this reading would have left a mark of its own.
    bootstrap::check_key(db, crypto).await
}

/// Seals what an older release left in its own form or in clear. Afterwards such texts are values like any other.
async fn migrate_older(db: &Db, crypto: &Crypto) -> Result<usize, ServerError> {
    let sql = "SELECT value FROM meta WHERE name = $1";
    if db.optional(sql, params![OLDER]).await?.is_some() {
        return Ok(0);
    }
    let mut tx = db.begin().await?;
    let mut count = 0;
    for table in &TABLES {
        for row in tx.fetch(table.select, &[]).await? {
            let (id, mut fields) = (row.text(0)?, object(row.json(1)?));
            if !secret::open_older(table.names, &mut fields, crypto).map_err(|_| ServerError::WrongKey)? {
                continue;
            }
            let place = format!("{}/{id}", table.place);
            secret::open(table.names, &mut fields, crypto, &place).map_err(|_| ServerError::WrongKey)?;
            write(&mut tx, table, &id, &mut fields, crypto).await?;
            count += 1;
        }
    }
    let sql = "INSERT INTO meta (name, value) VALUES ($1, 'sealed') ON CONFLICT (name) DO NOTHING";
    tx.execute(sql, params![OLDER]).await?;
    tx.commit().await?;
    Ok(count)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

async fn write(
    tx: &mut Tx<'_>,
    table: &Table,
    id: &str,
    fields: &mut Map<String, Value>,
    crypto: &Crypto,
) -> Result<(), ServerError> {
    let place = format!("{}/{id}", table.place);
    secret::seal(table.names, fields, crypto, &place).map_err(|_| ServerError::Random)?;
    let text = Value::Object(std::mem::take(fields)).to_string();
    tx.execute(table.update, params![&text, id]).await?;
    Ok(())
}
