//! Sealing all secrets again: with another key, or, once for each database, from the forms of older releases.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::audit_event::{AuditEvent, COMMAND_LINE};
use super::crypto::EncryptionKey;
use super::db::{Db, Tx, params, table_row};
use super::error::ServerError;
use super::key_mark;
use super::keyring::Keyring;
use super::meta;
use super::secret::{self, SecretFields};

/// The name of the lock that every start and every rekey on PostgreSQL holds while it works with the keys.
pub(crate) const LOCK: &str = "first-start";
/// The name in `meta` that says that no secret has the form of an older release any more.
const OLDER: &str = "older_secrets";

table_row! {
    /// A row with sealed secrets.
    pub(crate) struct SealedRow, columns sealed_columns {
        id: String = "id",
        fields: Value = "fields",
        secret_keys: Value = "secret_keys",
    }
}

/// A table with sealed secrets: how to read its rows, how to write one, and what its sealed texts are bound to.
struct SealedTable {
    is_platform: bool,
    place: &'static str,
    select: &'static str,
    update: &'static str,
}

const TABLES: [SealedTable; 2] = [
    SealedTable {
        is_platform: true,
        place: "platform",
        select: concat!(
            "SELECT ",
            sealed_columns!(),
            " FROM (SELECT id, config AS fields, secret_keys FROM platform) AS sealed"
        ),
        update: "UPDATE platform SET config = $1 WHERE id = $2",
    },
    SealedTable {
        is_platform: false,
        place: "agent",
        select: concat!(
            "SELECT ",
            sealed_columns!(),
            " FROM (SELECT id, settings AS fields, '[]' AS secret_keys FROM agent) AS sealed"
        ),
        update: "UPDATE agent SET settings = $1 WHERE id = $2",
    },
];

/// A row with secrets, sealed or in the form of an older release.
struct SecretRow<'a> {
    table: &'a SealedTable,
    id: String,
    fields: Map<String, Value>,
    declared: Vec<String>,
}

impl<'a> SecretRow<'a> {
    fn new(table: &'a SealedTable, row: SealedRow) -> Self {
        let fields = match row.fields {
            Value::Object(map) => map,
            _ => Map::new(),
        };
        Self {
            table,
            id: row.id,
            fields,
            declared: serde_json::from_value(row.secret_keys).unwrap_or_default(),
        }
    }

    /// Returns what the sealed texts of the row are bound to.
    fn place(&self) -> String {
        format!("{}/{}", self.table.place, self.id)
    }

    fn parts(&mut self) -> (SecretFields<'_>, &mut Map<String, Value>) {
        let rule = if self.table.is_platform {
            SecretFields::Platform {
                declared: &self.declared,
            }
        } else {
            SecretFields::Settings
        };
        (rule, &mut self.fields)
    }

    /// Whether every sealed text opens.
    fn opens(&mut self, keys: &Keyring) -> bool {
        let place = self.place();
        let mut copy = self.fields.clone();
        let (rule, _) = self.parts();
        secret::open(rule, &mut copy, keys, &place) == 0
    }

    async fn write(self, tx: &mut Tx<'_>) -> Result<(), ServerError> {
        let text = Value::Object(self.fields).to_string();
        tx.execute(self.table.update, params![&text, &self.id]).await?;
        Ok(())
    }
}

async fn rows<'a>(tx: &mut Tx<'_>, table: &'a SealedTable) -> Result<Vec<SecretRow<'a>>, ServerError> {
    let rows: Vec<SealedRow> = tx.rows(table.select, &[]).await?;
    Ok(rows.into_iter().map(|row| SecretRow::new(table, row)).collect())
}

/// What a rekey has done.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct RekeyCounts {
    /// The number of rows that were read.
    pub(crate) rows: usize,
    /// The rows, such as `platform/abc-telegram`, with a secret that no key opens. They keep it as it is.
    pub(crate) unreadable: Vec<String>,
}

/// Seals all secrets with the new key, in one transaction. Servers that know the new key go on beside it.
pub(crate) async fn rekey(db: &Db, keys: &Keyring, new: &EncryptionKey) -> Result<RekeyCounts, ServerError> {
    let mut tx = db.begin().await?;
    // The mark is written first: a transaction that seals with the old key has committed by then, or finds the new mark.
    key_mark::write(&mut tx, new).await?;
    let mut counts = RekeyCounts::default();
    for table in &TABLES {
        for mut row in rows(&mut tx, table).await? {
            let place = row.place();
            let (rule, fields) = row.parts();
            let leaves = secret::reseal(rule, fields, keys, new, &place).map_err(|_| ServerError::Random)?;
            if leaves.unreadable > 0 {
                counts.unreadable.push(place);
            }
            if leaves.sealed > 0 {
                row.write(&mut tx).await?;
            }
            counts.rows += 1;
        }
    }
    for organization in tx.values::<String>("SELECT id FROM organization", &[]).await? {
        let event = AuditEvent {
            organization: &organization,
            account: COMMAND_LINE,
            action: "secrets.rekey",
            ..AuditEvent::default()
        };
        event.write(&mut tx).await?;
    }
    tx.commit().await?;
    Ok(counts)
}

/// Makes sure that one of these keys is the database's, and brings the secrets of older releases into today's form.
/// Everything is opened before the database is marked: a wrong key changes nothing.
///
/// # Errors
/// [`ServerError::WrongKey`] when no key opens the database, or a secret of an older release in it.
pub(crate) async fn adopt_database(db: &Db, keys: &Arc<Keyring>) -> Result<(), ServerError> {
    let mark = key_mark::read(db).await?;
    let key = match &mark {
        Some(mark) => keys.key_of_mark(mark),
        None => keys.first(),
    };
    let key = key.ok_or(ServerError::WrongKey)?;
    if mark.is_none() {
        check_unmarked(db, keys).await?;
    }
    seal_older_rows(db, &key).await?;
    if mark.is_none() {
        let mut tx = db.begin().await?;
        key_mark::write(&mut tx, &key).await?;
        tx.commit().await?;
    }
    db.use_keys(keys.clone());
    Ok(())
}

/// Refuses the key for a database without a mark when it does not open what is sealed there.
async fn check_unmarked(db: &Db, keys: &Keyring) -> Result<(), ServerError> {
    let mut tx = db.begin().await?;
    for table in &TABLES {
        for mut row in rows(&mut tx, table).await? {
            if !row.opens(keys) {
                return Err(ServerError::WrongKey);
            }
        }
    }
    Ok(tx.rollback().await?)
}

/// Seals what an older release left in its own form or in clear. Afterwards such texts are values like any other.
async fn seal_older_rows(db: &Db, key: &EncryptionKey) -> Result<(), ServerError> {
    if meta::read(db, OLDER).await?.is_some() {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    for table in &TABLES {
        for mut row in rows(&mut tx, table).await? {
            let place = row.place();
            let (rule, fields) = row.parts();
            if secret::seal_older(rule, fields, key, &place).map_err(|_| ServerError::WrongKey)? {
                row.write(&mut tx).await?;
            }
        }
    }
    meta::write(&mut tx, OLDER, "sealed").await?;
    tx.commit().await?;
    Ok(())
}
