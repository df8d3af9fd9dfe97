//! The use of the vault: the values that a platform's config refers to are put in for its start, and nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::app::App;
use super::auth::Organization;
use super::db::{Db, Tx, params, table_row};
use super::reply::{ApiError, ApiResult};
use super::runtime::{Instance, RuntimeError, Started};
use super::vault::{self, SealedSecret};
use super::vault_reference::{referenced_names, vault_reference, visit_references};

/// Stands in for a value that a runtime repeats.
const STARS: &str = "***";

/// An instance as it is started: every reference replaced by its value.
pub(crate) struct ResolvedInstance {
    pub(crate) instance: Instance,
    /// The sealed value of each name, by which a later change is noticed.
    used: Vec<SealedSecret>,
    values: Vec<SecretString>,
}

/// Returns the instance with the values of the secrets that its config refers to.
///
/// # Errors
/// 400 when a reference is none of this organization, names no secret, or names one that no key opens.
pub(crate) async fn resolve(
    app: &App,
    organization: &Organization,
    instance: &Instance,
) -> ApiResult<ResolvedInstance> {
    let names = referenced_names(&instance.config, &organization.slug).map_err(|wrong| {
        let message = format!("`{wrong}` refers to no secret of this organization");
        ApiError::coded_bad_request("invalid_reference", message)
    })?;
    let mut used: Vec<SealedSecret> = Vec::new();
    let mut missing = Vec::new();
    for name in names {
        match app.db.row(vault::BY_NAME, params![&organization.id, &name]).await? {
            Some(sealed) => used.push(sealed),
            None => missing.push(name),
        }
    }
    if !missing.is_empty() {
        let message = format!("there is no secret {} in this organization", missing.join(", "));
        return Err(ApiError::coded_bad_request("unknown_secret", message));
    }
    let mut values = BTreeMap::new();
    for sealed in &used {
        let value = sealed.open(&app.keys).ok_or_else(|| {
            ApiError::bad_request(format!(
                "secret {} does not open with this key; push its value again",
                sealed.name
            ))
        })?;
        values.insert(vault_reference(&organization.slug, &sealed.name), value);
    }
    let mut instance = instance.clone();
    visit_references(&mut instance.config, &mut |text| {
        if let Some(value) = values.get(text) {
            *text = value.expose_secret().to_owned();
        }
    });
    Ok(ResolvedInstance {
        instance,
        used,
        values: values.into_values().collect(),
    })
}

impl ResolvedInstance {
    /// Checks that every secret still has the value that was put in, and keeps it until the transaction ends.
    ///
    /// # Errors
    /// 503 when one was changed meanwhile: the same request can succeed.
    pub(crate) async fn check_current(&self, tx: &mut Tx<'_>) -> ApiResult<()> {
        for sealed in &self.used {
            // An update that changes nothing locks the row on PostgreSQL, so that a rotation waits and then finds the
            // platform.
            let sql = "UPDATE vault_secret SET name = name WHERE organization_id = $1 AND name = $2 AND value = $3";
            let parameters = params![&sealed.organization_id, &sealed.name, &sealed.value];
            if tx.execute(sql, parameters).await? != 1 {
                return Err(ApiError::unavailable("a secret was changed meanwhile, try again"));
            }
        }
        Ok(())
    }

    /// Returns the result of a start without the values, which a start may have copied.
    pub(crate) fn without_values(&self, result: Result<Started, RuntimeError>) -> Result<Started, RuntimeError> {
        match result {
            Ok(mut started) => {
                started.metadata.values_mut().for_each(|value| self.strike(value));
                Ok(started)
            }
            Err(error) => Err(RuntimeError::new(error.name, self.struck(&error.message))),
        }
    }

    fn strike(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.struck(text),
            Value::Array(list) => list.iter_mut().for_each(|inner| self.strike(inner)),
            Value::Object(map) => map.values_mut().for_each(|inner| self.strike(inner)),
            _ => {}
        }
    }

    fn struck(&self, text: &str) -> String {
        self.values.iter().fold(text.to_owned(), |text, value| {
            text.replace(value.expose_secret(), STARS)
        })
    }
}

table_row! {
    /// A platform and its config, sealed.
    pub(crate) struct ConfigRow, columns config_columns {
        id: String = "id",
        config: Value = "config",
    }
}

/// Which platforms of an organization use which secrets.
pub(crate) struct VaultUses(BTreeMap<String, BTreeSet<String>>);

/// The configs of the platforms of an organization. References are stored in clear.
const CONFIGS: &str = concat!(
    "SELECT ",
    config_columns!(),
    " FROM platform WHERE organization_id = $1 ORDER BY id"
);

impl VaultUses {
    /// Reads the uses.
    pub(crate) async fn read(db: &Db, organization: &Organization) -> ApiResult<Self> {
        Ok(Self::of_rows(
            db.rows(CONFIGS, params![&organization.id]).await?,
            organization,
        ))
    }

    /// Reads the uses as a transaction sees them.
    pub(crate) async fn read_in(tx: &mut Tx<'_>, organization: &Organization) -> ApiResult<Self> {
        Ok(Self::of_rows(
            tx.rows(CONFIGS, params![&organization.id]).await?,
            organization,
        ))
    }

    fn of_rows(rows: Vec<ConfigRow>, organization: &Organization) -> Self {
        let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in rows {
            let config = row.config.as_object().cloned().unwrap_or_default();
            for name in referenced_names(&config, &organization.slug).unwrap_or_default() {
                uses.entry(name).or_default().insert(row.id.clone());
            }
        }
        Self(uses)
    }

    /// Returns the ids of the platforms that use a secret, sorted.
    pub(crate) fn of(&self, name: &str) -> Vec<String> {
        self.0.get(name).into_iter().flatten().cloned().collect()
    }
}
