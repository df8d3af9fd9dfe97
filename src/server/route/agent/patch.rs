//! The body of a `PATCH` of an agent: its fields, checked, and how they are written.

use serde_json::{Map, Value, json};

use crate::server::app::now;
use crate::server::body::text_field;
use crate::server::db::{DbResult, Tx, params};
use crate::server::reply::{ApiError, ApiResult};

/// What a `PATCH` does to an optional text: an absent field keeps it, null clears it.
#[derive(Default)]
enum TextEdit {
    #[default]
    Keep,
    Clear,
    Set(String),
}

impl TextEdit {
    fn is_edit(&self) -> bool {
        !matches!(self, Self::Keep)
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Set(text) => Some(text),
            Self::Keep | Self::Clear => None,
        }
    }
}

/// The checked body of a `PATCH`.
#[derive(Default)]
pub(crate) struct AgentPatch {
    name: Option<String>,
    description: TextEdit,
    owner: Option<String>,
    is_workspace_agent: Option<bool>,
    workspace_id: TextEdit,
    parent_connection_id: TextEdit,
    /// The names of the fields that the body contains, for the audit.
    pub(crate) names: Vec<&'static str>,
}

impl AgentPatch {
    /// Checks the fields of a body. Unknown fields are ignored, as the recorded server ignores them.
    pub(crate) fn from_fields(fields: &Map<String, Value>) -> ApiResult<Self> {
        let mut patch = Self::default();
        if let Some(name) = fields.get("name") {
            let name = name
                .as_str()
                .ok_or_else(|| ApiError::bad_request("name must be a string"))?;
            patch.name = Some(name.to_owned());
            patch.names.push("name");
        }
        if let Some(owner) = fields.get("owner") {
            patch.owner = Some(checked_owner(owner)?);
            patch.names.push("owner");
        }
        if let Some(value) = fields.get("isWorkspaceAgent") {
            let value = value
                .as_bool()
                .ok_or_else(|| ApiError::bad_request("isWorkspaceAgent must be a boolean"))?;
            patch.is_workspace_agent = Some(value);
            patch.names.push("isWorkspaceAgent");
        }
        patch.description = patch.text_edit(fields, "description")?;
        patch.workspace_id = patch.text_edit(fields, "workspaceId")?;
        patch.parent_connection_id = patch.text_edit(fields, "parentConnectionId")?;
        Ok(patch)
    }

    fn text_edit(&mut self, fields: &Map<String, Value>, name: &'static str) -> ApiResult<TextEdit> {
        if !fields.contains_key(name) {
            return Ok(TextEdit::Keep);
        }
        self.names.push(name);
        let text = text_field(fields, name)?;
        Ok(text.map_or(TextEdit::Clear, |text| TextEdit::Set(text.to_owned())))
    }

    /// Writes the given fields of the agent, whose row the transaction has locked.
    pub(crate) async fn write(&self, tx: &mut Tx<'_>, id: &str) -> DbResult<()> {
        // SQL has no value for an absent parameter: 1 in front of a nullable text means that it is written. The time increases
        // by at least one, because it is the revision.
        tx.execute(
            "UPDATE agent SET name = COALESCE($1, name), \
             description = CASE WHEN $2 = 1 THEN $3 ELSE description END, owner = COALESCE($4, owner), \
             is_workspace_agent = COALESCE($5, is_workspace_agent), \
             workspace_id = CASE WHEN $6 = 1 THEN $7 ELSE workspace_id END, \
             parent_connection_id = CASE WHEN $8 = 1 THEN $9 ELSE parent_connection_id END, \
             updated_at = CASE WHEN updated_at >= $10 THEN updated_at + 1 ELSE $10 END WHERE id = $11",
            params![
                self.name.as_deref(),
                self.description.is_edit(),
                self.description.text(),
                self.owner.as_deref(),
                self.is_workspace_agent.map(i64::from),
                self.workspace_id.is_edit(),
                self.workspace_id.text(),
                self.parent_connection_id.is_edit(),
                self.parent_connection_id.text(),
                now(),
                id
            ],
        )
        .await?;
        Ok(())
    }
}

/// Returns the owner as it is stored: with the two known fields only.
fn checked_owner(owner: &Value) -> ApiResult<String> {
    let text = |key| owner.get(key).and_then(Value::as_str);
    match (text("platform"), text("userId")) {
        (Some(platform), Some(user)) => Ok(json!({ "platform": platform, "userId": user }).to_string()),
        _ => Err(ApiError::bad_request(
            "owner must be an object with platform and userId",
        )),
    }
}
