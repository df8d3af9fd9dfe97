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
use super::secret;
use super::secret_field::SecretFields;
use super::vault;

/// The name of the lock that every start and every rekey on PostgreSQL holds while it works with the keys.
pub(crate) const LOCK: &str = "first-start";
/// The name in `meta` of the mark that all secrets of older releases were sealed in today's form. The value does not matter.
const OLDER_SEALED: &str = "older_secrets";

table_row! {
    /// A row with sealed secrets.
    pub(crate) struct SealedRow, columns sealed_columns {
        id: String = "id",
        fields: Value = "fields",
        secret_keys: Value = "secret_keys",
    }
}

/// A table with sealed secrets: how its rows are read, written and named.
struct SealedTable {
    is_platform: bool,
    /// The first part of the name of its rows.
    name: &'static str,
    select: &'static str,
    update: &'static str,
}

const TABLES: [SealedTable; 2] = [
    SealedTable {
        is_platform: true,
        name: "platform",
        select: concat!(
            "SELECT ",
            sealed_columns!(),
            " FROM (SELECT id, config AS fields, secret_keys FROM platform) AS sealed"
        ),
        update: "UPDATE platform SET config = $1 WHERE id = $2",
    },
    SealedTable {
        is_platform: false,
        name: "agent",
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
    /// The keys that clients have declared secret.
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

    /// Returns the name that the sealed texts of the row are bound to, such as `platform/abc-telegram`.
    fn name(&self) -> String {
        format!("{}/{}", self.table.name, self.id)
    }

    /// Returns the rule for secret fields, and the fields that it applies to.
    fn rule_and_fields(&mut self) -> (SecretFields<'_>, &mut Map<String, Value>) {
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
        let name = self.name();
        // Opening replaces the sealed texts, and this row is written back later.
        let mut copy = self.fields.clone();
        let (rule, _) = self.rule_and_fields();
        secret::open(rule, &mut copy, keys, &name) == 0
    }

    async fn write(self, tx: &mut Tx<'_>) -> Result<(), ServerError> {
        let text = Value::Object(self.fields).to_string();
        tx.execute(self.table.update, params![&text, &self.id]).await?;
        Ok(())
    }
}

async fn secret_rows<'a>(tx: &mut Tx<'_>, table: &'a SealedTable) -> Result<Vec<SecretRow<'a>>, ServerError> {
    let rows: Vec<SealedRow> = tx.rows(table.select, &[]).await?;
    Ok(rows.into_iter().map(|row| SecretRow::new(table, row)).collect())
}

/// The numbers that a rekey reports.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct RekeyCounts {
    /// The number of rows that were read.
    pub(crate) rows: usize,
    /// The names of the rows, such as `platform/abc-telegram`, with a secret that no key opens. The secret is kept as it is.
    pub(crate) unreadable: Vec<String>,
}

/// Seals all secrets with the new key, in one transaction. Servers that know the new key keep running meanwhile.
pub(crate) async fn rekey(db: &Db, keys: &Keyring, new: &EncryptionKey) -> Result<RekeyCounts, ServerError> {
    let mut tx = db.begin().await?;
    // The mark is written first: a transaction that seals with the old key has committed by then, or finds the new mark.
    key_mark::write(&mut tx, new).await?;
    let mut counts = RekeyCounts::default();
    for table in &TABLES {
        for mut row in secret_rows(&mut tx, table).await? {
            let name = row.name();
            let (rule, fields) = row.rule_and_fields();
            let leaves = secret::reseal(rule, fields, keys, new, &name).map_err(|_| ServerError::Random)?;
            if leaves.unreadable > 0 {
                counts.unreadable.push(name);
            }
            // `updated_at` stays: the values have not changed, so the revisions that clients have read stay valid.
            if leaves.sealed > 0 {
                row.write(&mut tx).await?;
            }
            counts.rows += 1;
        }
    }
    let resealed = vault::reseal(&mut tx, keys, new).await?;
    counts.rows += resealed.rows;
    counts.unreadable.extend(resealed.unreadable);
    // An event belongs to one organization, and the key to all of them.
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

/// Checks that one of these keys is the database's, seals the secrets of older releases in today's form, and gives the keys
/// to the transactions that follow. A database without a mark gets one, but only after every secret in it has been opened:
/// a wrong key changes nothing.
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
    // The mark comes after this: a crash in between leaves a database that the next start checks once more.
    seal_older_rows(db, &key).await?;
    if mark.is_none() {
        let mut tx = db.begin().await?;
        key_mark::write(&mut tx, &key).await?;
        tx.commit().await?;
    }
    // Last, because a transaction that has keys fails while the database has no mark.
    db.use_keys(keys.clone());
    Ok(())
}

/// Refuses keys that do not open every sealed secret of a database without a mark.
async fn check_unmarked(db: &Db, keys: &Keyring) -> Result<(), ServerError> {
    let mut tx = db.begin().await?;
    for table in &TABLES {
        for mut row in secret_rows(&mut tx, table).await? {
            if !row.opens(keys) {
                return Err(ServerError::WrongKey);
            }
        }
    }
    if !vault::opens(&mut tx, keys).await? {
        return Err(ServerError::WrongKey);
    }
    Ok(tx.rollback().await?)
}

/// Seals the secrets that an older release left in clear or in its own form, once for each database. Afterwards a text of
/// that form is a secret like any other: a client may have sent it.
async fn seal_older_rows(db: &Db, key: &EncryptionKey) -> Result<(), ServerError> {
    if meta::read(db, OLDER_SEALED).await?.is_some() {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    for table in &TABLES {
        for mut row in secret_rows(&mut tx, table).await? {
            let name = row.name();
            let (rule, fields) = row.rule_and_fields();
            if secret::seal_older(rule, fields, key, &name).map_err(|_| ServerError::WrongKey)? {
                row.write(&mut tx).await?;
            }
        }
    }
    meta::write(&mut tx, OLDER_SEALED, "sealed").await?;
    tx.commit().await?;
    Ok(())
}
