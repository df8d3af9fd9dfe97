//! An agent's settings: contract section 5. A change replaces the fields that it names, under the row's lock, and null resets
//! a field. Unlike the recorded server, this one checks the type of each field and loses no concurrent change.
//!
//! The row contains the fields that were set. All others have their default.

use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};

use super::row::not_found;
use crate::server::app::{App, Shared, now};
use crate::server::audit;
use crate::server::auth::{Admin, AnyMember, Caller};
use crate::server::body::{JsonBody, SettingsBody};
use crate::server::db::{Tx, params, table_row};
use crate::server::nesting;
use crate::server::path::PathIds;
use crate::server::precondition::{Precondition, Revision};
use crate::server::reply::{ApiError, ApiResult, Success, success};
use crate::server::restore::restore;
use crate::server::secret;
use crate::server::secret_field::SecretFields;

/// The type of a field's value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FieldType {
    Text,
    /// A text without a default: a response does not contain the field before it is set.
    OptionalText,
    Flag,
    Object,
    Texts,
    Objects,
}

/// All fields, in the order in which a response has them.
const FIELDS: [(&str, FieldType); 20] = [
    ("model", FieldType::OptionalText),
    ("modelSelection", FieldType::Object),
    ("providerModelPreferences", FieldType::Object),
    ("networkConfig", FieldType::Object),
    ("egressConfig", FieldType::Object),
    ("nixConfig", FieldType::Object),
    ("mcpServers", FieldType::Object),
    ("mcpInstallNotified", FieldType::Object),
    ("soulMd", FieldType::Text),
    ("userMd", FieldType::Text),
    ("identityMd", FieldType::Text),
    ("skillsConfig", FieldType::Object),
    ("toolsConfig", FieldType::Object),
    ("pluginsConfig", FieldType::Object),
    ("authProfiles", FieldType::Objects),
    ("installedProviders", FieldType::Objects),
    ("verboseLogging", FieldType::Flag),
    ("templateAgentId", FieldType::OptionalText),
    ("preApprovedTools", FieldType::Texts),
    ("guardrails", FieldType::Texts),
];

impl FieldType {
    fn accepts(self, value: &Value) -> bool {
        match self {
            Self::Text | Self::OptionalText => value.is_string(),
            Self::Flag => value.is_boolean(),
            Self::Object => value.is_object(),
            Self::Texts => value.as_array().is_some_and(|list| list.iter().all(Value::is_string)),
            Self::Objects => value.as_array().is_some_and(|list| list.iter().all(Value::is_object)),
        }
    }

    /// Names the type in an error message.
    fn description(self) -> &'static str {
        match self {
            Self::Text | Self::OptionalText => "a string",
            Self::Flag => "true or false",
            Self::Object => "an object",
            Self::Texts => "a list of strings",
            Self::Objects => "a list of objects",
        }
    }

    /// Returns the value of a field that is not set. `None` when a response leaves the field out.
    fn default(self, field: &str) -> Option<Value> {
        match self {
            Self::OptionalText => None,
            Self::Text => Some(json!("")),
            Self::Flag => Some(json!(false)),
            Self::Object if field == "skillsConfig" => Some(json!({ "skills": [] })),
            Self::Object => Some(json!({})),
            Self::Texts | Self::Objects => Some(json!([])),
        }
    }
}

table_row! {
    /// The settings of an agent as they are stored, secrets sealed.
    pub(crate) struct SettingsRow, columns settings_columns {
        settings: Value = "settings",
        settings_updated_at: i64 = "settings_updated_at",
    }
}

const READ: &str = concat!(
    "SELECT ",
    settings_columns!(),
    " FROM agent WHERE id = $1 AND organization_id = $2"
);

// A write that changes nothing takes the row's lock: what this returns cannot change before the commit.
const LOCK: &str = concat!(
    "UPDATE agent SET settings_updated_at = settings_updated_at WHERE id = $1 AND organization_id = $2 RETURNING ",
    settings_columns!()
);

// The time increases by at least one, because it is the revision.
const WRITE: &str = "UPDATE agent SET settings = $1, \
    settings_updated_at = CASE WHEN settings_updated_at >= $2 THEN settings_updated_at + 1 ELSE $2 END \
    WHERE id = $3 RETURNING settings_updated_at";

/// Returns the name of the row that the sealed secrets of an agent are bound to.
fn row_name(agent: &str) -> String {
    format!("agent/{agent}")
}

/// Reads the settings as a response has them: every field with its value or default, secrets redacted.
pub(super) async fn load(app: &App, caller: &Caller, agent: &str) -> ApiResult<(Revision, Map<String, Value>)> {
    let parameters = params![agent, &caller.organization.id];
    let row: Option<SettingsRow> = app.db.row(READ, parameters).await?;
    let row = row.ok_or_else(not_found)?;
    let mut stored = open_secrets(app, agent, into_object(row.settings)?);
    let redacted = if caller.member.has_admin_scope() {
        SecretFields::SettingsForAdmins
    } else {
        SecretFields::Settings
    };
    secret::redact(redacted, &mut stored);
    let mut settings = Map::new();
    for (field, field_type) in FIELDS {
        if let Some(mut value) = stored.remove(field).or_else(|| field_type.default(field)) {
            nesting::cut(&mut value);
            settings.insert(field.to_owned(), value);
        }
    }
    settings.insert("updatedAt".to_owned(), json!(row.settings_updated_at));
    Ok((Revision::of_row(row.settings_updated_at), settings))
}

/// Returns the fields of a stored value, which the server itself has written.
fn into_object(stored: Value) -> ApiResult<Map<String, Value>> {
    match stored {
        Value::Object(stored) => Ok(stored),
        _ => Err(ApiError::internal(&"settings are not an object")),
    }
}

/// Returns stored fields with their secrets in clear. One that does not open becomes a redaction, so that the agent can still
/// be read and the value replaced.
fn open_secrets(app: &App, agent: &str, mut stored: Map<String, Value>) -> Map<String, Value> {
    if secret::open(SecretFields::Settings, &mut stored, &app.keys, &row_name(agent)) > 0 {
        tracing::warn!(
            agent,
            "a stored secret cannot be opened with this key; PATCH its value again"
        );
    }
    stored
}

/// `GET /api/:org/agents/:id/config`: reads the settings.
pub(crate) async fn read(
    State(app): State<Shared>,
    AnyMember(caller): AnyMember,
    PathIds((_, id)): PathIds<(String, String)>,
) -> ApiResult<(Revision, Json<Map<String, Value>>)> {
    let (revision, settings) = load(&app, &caller, &id).await?;
    Ok((revision, Json(settings)))
}

/// `PATCH /api/:org/agents/:id/config`: replaces the fields that the body names.
pub(crate) async fn patch(
    State(app): State<Shared>,
    Admin(caller): Admin,
    PathIds((_, id)): PathIds<(String, String)>,
    precondition: Precondition,
    SettingsBody(mut body): SettingsBody,
) -> ApiResult<(Revision, Json<Success>)> {
    let patch = known_fields(&mut body)?;
    let mut tx = app.db.begin().await?;
    let row: Option<SettingsRow> = tx.row(LOCK, params![&id, &caller.organization.id]).await?;
    let row = row.ok_or_else(not_found)?;
    precondition.check(&Revision::of_row(row.settings_updated_at))?;
    let mut settings = into_object(row.settings)?;
    // Only the fields of the patch are opened and sealed again, so a secret in another field is kept even when it does not
    // open.
    let old = patch.keys().filter_map(|field| settings.swap_remove_entry(field));
    let old = open_secrets(&app, &id, old.collect());
    let mut new = merge(&mut tx, &caller, &old, &patch).await?;
    secret::seal(SecretFields::Settings, &mut new, tx.key()?, &row_name(&id))?;
    settings.append(&mut new);
    let text = Value::Object(settings).to_string();
    let updated_at: Option<i64> = tx.value(WRITE, params![&text, now(), &id]).await?;
    let updated_at = updated_at.ok_or_else(not_found)?;
    let names: Vec<&str> = patch.keys().map(String::as_str).collect();
    audit::record(&mut tx, &caller, "settings.update", &id, &names).await?;
    tx.commit().await?;
    Ok((Revision::of_row(updated_at), success()))
}

/// Returns the known fields of a body, each null or of its type. Unknown fields are ignored, as on the recorded server.
fn known_fields(body: &mut JsonBody) -> ApiResult<Map<String, Value>> {
    let mut sent = body.take_fields();
    let mut patch = Map::new();
    for (field, field_type) in FIELDS {
        let Some(value) = sent.swap_remove(field) else { continue };
        if !value.is_null() && !field_type.accepts(&value) {
            return Err(ApiError::bad_request(format!(
                "{field} must be {} or null",
                field_type.description()
            )));
        }
        if field == "mcpServers" && value.as_object().is_some_and(|map| !map.values().all(Value::is_object)) {
            return Err(ApiError::bad_request("mcpServers must hold an object for each server"));
        }
        patch.insert(field.to_owned(), value);
    }
    Ok(patch)
}

/// Returns the fields that a patch sets, without those that it resets. A redaction in them is replaced by the stored value.
///
/// # Errors
/// 400 for a redaction without a stored value that can be read, and for an unknown template.
async fn merge(
    tx: &mut Tx<'_>,
    caller: &Caller,
    old: &Map<String, Value>,
    patch: &Map<String, Value>,
) -> ApiResult<Map<String, Value>> {
    let mut new = Map::new();
    for (field, value) in patch {
        if value.is_null() {
            continue;
        }
        if field == "templateAgentId" {
            check_template(tx, caller, value).await?;
        }
        let mut value = value.clone();
        if SecretFields::Settings.may_hold_secrets(field) {
            restore(&mut value, old.get(field));
        }
        new.insert(field.clone(), value);
    }
    if secret::holds_redaction(SecretFields::Settings, &new) {
        return Err(ApiError::bad_request(
            "a redacted secret has no stored value that can be read; send the secret itself",
        ));
    }
    Ok(new)
}

/// Refuses a template that is no agent of the caller's organization.
async fn check_template(tx: &mut Tx<'_>, caller: &Caller, value: &Value) -> ApiResult<()> {
    let template = value.as_str().unwrap_or_default();
    let sql = "SELECT id FROM agent WHERE id = $1 AND organization_id = $2";
    if tx.exists(sql, params![template, &caller.organization.id]).await? {
        return Ok(());
    }
    Err(ApiError::bad_request(
        "templateAgentId must be the id of an agent of this organization",
    ))
}
