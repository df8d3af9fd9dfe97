//! The vault: the secrets that an organization keeps by name. A value is sealed before it is written, bound to its
//! organization and its name, and no route answers it.

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::app::now;
use super::crypto::{EncryptionKey, to_hex};
use super::db::{DbResult, Tx, params, table_row};
use super::error::ServerError;
use super::keyring::Keyring;
use super::reply::ApiResult;

/// The number of bytes of the digest that make up a fingerprint: enough to see that two values differ, too few to find one.
const FINGERPRINT_BYTES: usize = 2;

table_row! {
    /// A secret without its value.
    pub(crate) struct VaultEntry, columns entry_columns {
        name: String = "name",
        fingerprint: String = "fingerprint",
        source: String = "source",
        created_at: i64 = "created_at",
        updated_at: i64 = "updated_at",
        updated_by: String = "updated_by",
    }
}

/// The entries of an organization, by name.
pub(crate) const LIST: &str = concat!(
    "SELECT ",
    entry_columns!(),
    " FROM vault_secret WHERE organization_id = $1 ORDER BY name"
);

/// A value to store, and what is stored beside it.
pub(crate) struct NewSecret<'a> {
    /// The id of the organization.
    pub(crate) organization: &'a str,
    pub(crate) name: &'a str,
    pub(crate) value: &'a SecretString,
    /// Where the client has the value from.
    pub(crate) source: &'a str,
    /// The id of the user who stores it.
    pub(crate) account: &'a str,
}

/// Returns the fingerprint of a value: the first four hexadecimal digits of its SHA-256.
pub(crate) fn fingerprint(value: &SecretString) -> String {
    to_hex(&Sha256::digest(value.expose_secret().as_bytes())[..FINGERPRINT_BYTES])
}

/// Returns the name of the row that a sealed value is bound to.
fn row_name(organization: &str, name: &str) -> String {
    format!("secret/{organization}/{name}")
}

impl NewSecret<'_> {
    /// Inserts the secret. Returns false when the organization has one of this name.
    pub(crate) async fn insert(&self, tx: &mut Tx<'_>) -> ApiResult<bool> {
        let sealed = self.sealed(tx)?;
        let inserted = tx
            .execute(
                "INSERT INTO vault_secret (organization_id, name, value, fingerprint, source, created_at, updated_at, \
                 updated_by) VALUES ($1, $2, $3, $4, $5, $6, $6, $7) ON CONFLICT (organization_id, name) DO NOTHING",
                params![
                    self.organization,
                    self.name,
                    &sealed,
                    &fingerprint(self.value),
                    self.source,
                    now(),
                    self.account
                ],
            )
            .await?;
        Ok(inserted == 1)
    }

    /// Replaces the value; with `expected` only one of this fingerprint. Returns false when the organization has none.
    pub(crate) async fn update(&self, tx: &mut Tx<'_>, expected: Option<&str>) -> ApiResult<bool> {
        let sealed = self.sealed(tx)?;
        let updated = tx
            .execute(
                "UPDATE vault_secret SET value = $1, fingerprint = $2, source = $3, updated_at = $4, updated_by = $5 \
                 WHERE organization_id = $6 AND name = $7 AND fingerprint = COALESCE($8, fingerprint)",
                params![
                    &sealed,
                    &fingerprint(self.value),
                    self.source,
                    now(),
                    self.account,
                    self.organization,
                    self.name,
                    expected
                ],
            )
            .await?;
        Ok(updated == 1)
    }

    fn sealed(&self, tx: &Tx<'_>) -> ApiResult<String> {
        let row = row_name(self.organization, self.name);
        Ok(tx.key()?.seal(self.value.expose_secret(), &row)?)
    }
}

/// Whether the organization has a secret of this name.
pub(crate) async fn exists(tx: &mut Tx<'_>, organization: &str, name: &str) -> DbResult<bool> {
    let row: Option<SealedSecret> = tx.row(BY_NAME, params![organization, name]).await?;
    Ok(row.is_some())
}

/// Deletes a secret. Returns false when the organization has none of this name.
pub(crate) async fn delete(tx: &mut Tx<'_>, organization: &str, name: &str) -> DbResult<bool> {
    let sql = "DELETE FROM vault_secret WHERE organization_id = $1 AND name = $2";
    Ok(tx.execute(sql, params![organization, name]).await? == 1)
}

table_row! {
    /// A sealed value and the row that it is bound to.
    pub(crate) struct SealedSecret, columns sealed_secret_columns {
        organization_id: String = "organization_id",
        name: String = "name",
        value: String = "value",
    }
}

/// One sealed secret, by organization and name.
pub(crate) const BY_NAME: &str = concat!(
    "SELECT ",
    sealed_secret_columns!(),
    " FROM vault_secret WHERE organization_id = $1 AND name = $2"
);

impl SealedSecret {
    /// Returns the name of the row.
    fn row_name(&self) -> String {
        row_name(&self.organization_id, &self.name)
    }

    /// Returns the value. `None` when no key opens it.
    pub(crate) fn open(&self, keys: &Keyring) -> Option<SecretString> {
        keys.open(&self.value, &self.row_name()).ok().map(SecretString::from)
    }
}

async fn sealed_secrets(tx: &mut Tx<'_>) -> DbResult<Vec<SealedSecret>> {
    tx.rows(
        concat!(
            "SELECT ",
            sealed_secret_columns!(),
            " FROM vault_secret ORDER BY organization_id, name"
        ),
        &[],
    )
    .await
}

/// Whether these keys open every secret of the database.
pub(crate) async fn opens(tx: &mut Tx<'_>, keys: &Keyring) -> DbResult<bool> {
    Ok(sealed_secrets(tx).await?.iter().all(|row| row.open(keys).is_some()))
}

/// What [`reseal`] has found.
#[derive(Debug, Default)]
pub(crate) struct ResealedVault {
    /// The number of secrets.
    pub(crate) rows: usize,
    /// The names of the rows that no key opens. They stay as they are.
    pub(crate) unreadable: Vec<String>,
}

/// Seals every secret with another key.
pub(crate) async fn reseal(tx: &mut Tx<'_>, keys: &Keyring, new: &EncryptionKey) -> Result<ResealedVault, ServerError> {
    let mut resealed = ResealedVault::default();
    for row in sealed_secrets(tx).await? {
        resealed.rows += 1;
        let Some(value) = row.open(keys) else {
            resealed.unreadable.push(row.row_name());
            continue;
        };
        let sealed = new.seal(value.expose_secret(), &row.row_name());
        let sealed = sealed.map_err(|_| ServerError::Random)?;
        let sql = "UPDATE vault_secret SET value = $1 WHERE organization_id = $2 AND name = $3";
        tx.execute(sql, params![&sealed, &row.organization_id, &row.name])
            .await?;
    }
    Ok(resealed)
}
