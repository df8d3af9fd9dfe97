//! Sealing all secrets again: with another key, or, once for each database, from the forms of older releases.

use serde_json::{Map, Value};

use super::audit_event::{AuditEvent, COMMAND_LINE};
use super::bootstrap;
use super::crypto::Crypto;
use super::db::{Db, Tx, params, table_row};
use super::error::ServerError;
use super::secret::{self, SecretFields};

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

/// A row whose secrets are to be sealed again.
struct Resealed<'a> {
    table: &'a SealedTable,
    id: String,
    fields: Map<String, Value>,
    declared: Vec<String>,
}

impl<'a> Resealed<'a> {
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

    fn place(&self) -> String {
        format!("{}/{}", self.table.place, self.id)
    }

    fn open(&mut self, crypto: &Crypto) -> Result<(), ServerError> {
        let place = self.place();
        let (rule, fields) = self.parts();
        secret::open(rule, fields, crypto, &place).map_err(|_| ServerError::WrongKey)
    }

    /// Opens texts in the form of older releases. Returns whether there were any.
    fn open_older(&mut self, crypto: &Crypto) -> Result<bool, ServerError> {
        let (rule, fields) = self.parts();
        secret::open_older(rule, fields, crypto).map_err(|_| ServerError::WrongKey)
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

    async fn write(mut self, tx: &mut Tx<'_>, crypto: &Crypto) -> Result<(), ServerError> {
        let place = self.place();
        let (rule, fields) = self.parts();
        secret::seal(rule, fields, crypto, &place).map_err(|_| ServerError::Random)?;
        let text = Value::Object(self.fields).to_string();
        tx.execute(self.table.update, params![&text, &self.id]).await?;
        Ok(())
    }
}

async fn rows<'a>(tx: &mut Tx<'_>, table: &'a SealedTable) -> Result<Vec<Resealed<'a>>, ServerError> {
    let rows: Vec<SealedRow> = tx.rows(table.select, &[]).await?;
    Ok(rows.into_iter().map(|row| Resealed::new(table, row)).collect())
}

/// Seals all secrets with the new key, in one transaction. Returns the number of rows.
pub(crate) async fn rekey(db: &Db, old: &Crypto, new: &Crypto) -> Result<usize, ServerError> {
    let mut tx = db.begin().await?;
    // The mark is written first: a transaction that seals with the old key has committed by then, or finds the new mark.
    bootstrap::mark(&mut tx, new).await?;
    let mut count = 0;
    for table in &TABLES {
        for mut row in rows(&mut tx, table).await? {
            row.open(old)?;
            row.write(&mut tx, new).await?;
            count += 1;
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
    // The very mark that was checked: a rekey in between leaves another one, which no transaction accepts.
    db.expect_generation(bootstrap::own_mark(db, crypto).await?);
    Ok(())
}

/// Seals what an older release left in its own form or in clear. Afterwards such texts are values like any other.
async fn migrate_older(db: &Db, crypto: &Crypto) -> Result<usize, ServerError> {
    let sql = "SELECT value FROM meta WHERE name = $1";
    if db.exists(sql, params![OLDER]).await? {
        return Ok(0);
    }
    let mut tx = db.begin().await?;
    let mut count = 0;
    for table in &TABLES {
        for mut row in rows(&mut tx, table).await? {
            if !row.open_older(crypto)? {
                continue;
            }
            row.open(crypto)?;
            row.write(&mut tx, crypto).await?;
            count += 1;
        }
    }
    let sql = "INSERT INTO meta (name, value) VALUES ($1, 'sealed') ON CONFLICT (name) DO NOTHING";
    tx.execute(sql, params![OLDER]).await?;
    tx.commit().await?;
    Ok(count)
}
