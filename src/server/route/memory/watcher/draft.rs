//! What a create or a new version says about a watcher: parsed and checked.

use serde_json::{Value, json};

use super::check;
use super::version_row::VersionRow;
use crate::server::app::now;
use crate::server::db::{DbResult, Tx, params};
use crate::server::reply::{ApiError, ApiResult};
use crate::server::route::memory::arguments::{MemoryArguments, missing};

/// The versioned fields of a watcher.
pub(super) struct VersionDraft {
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) prompt: String,
    pub(super) extraction_schema: Value,
    pub(super) sources: Value,
    pub(super) json_template: Option<Value>,
    pub(super) keying_config: Option<Value>,
    pub(super) classifiers: Option<Value>,
    pub(super) condensation_prompt: Option<String>,
    pub(super) condensation_window_count: Option<i64>,
    pub(super) reactions_guidance: Option<String>,
    pub(super) change_notes: Option<String>,
}

/// Returns a JSON argument, which may also be sent as a text of JSON. Null counts as absent.
pub(super) fn json_argument(arguments: &MemoryArguments, name: &str) -> ApiResult<Option<Value>> {
    match arguments.get(name) {
        Some(Value::String(text)) => serde_json::from_str(text).map(Some).map_err(|error| {
            ApiError::bad_request(format!(
                "{name} must be valid JSON: line {}, column {}",
                error.line(),
                error.column()
            ))
        }),
        other => Ok(other.cloned()),
    }
}

/// Returns the sources that a call names. An empty list counts as absent.
fn sources(arguments: &MemoryArguments) -> ApiResult<Option<Value>> {
    let sources = json_argument(arguments, "sources")?;
    Ok(sources.filter(|sources| sources.as_array().is_none_or(|list| !list.is_empty())))
}

fn owned(arguments: &MemoryArguments, name: &str) -> ApiResult<Option<String>> {
    Ok(arguments.text(name)?.map(str::to_owned))
}

impl VersionDraft {
    /// Reads the first version of a new watcher.
    pub(super) fn of_create(arguments: &MemoryArguments) -> ApiResult<Self> {
        let purpose = "create action";
        let slug = arguments.required_text("slug", purpose)?;
        let prompt = arguments.required_text("prompt", purpose)?.to_owned();
        let schema = json_argument(arguments, "extraction_schema")?;
        let draft = Self {
            name: arguments
                .text("name")?
                .filter(|name| !name.is_empty())
                .unwrap_or(slug)
                .to_owned(),
            description: owned(arguments, "description")?,
            prompt,
            extraction_schema: schema.ok_or_else(|| missing("extraction_schema", purpose))?,
            // What a watcher without sources looks at, as recorded: everything, newest first.
            sources: sources(arguments)?.unwrap_or_else(
                || json!([{ "name": "content", "query": "SELECT * FROM events ORDER BY occurred_at DESC" }]),
            ),
            json_template: json_argument(arguments, "json_template")?,
            keying_config: json_argument(arguments, "keying_config")?,
            classifiers: json_argument(arguments, "classifiers")?,
            condensation_prompt: owned(arguments, "condensation_prompt")?,
            condensation_window_count: arguments.id("condensation_window_count")?,
            reactions_guidance: owned(arguments, "reactions_guidance")?,
            change_notes: Some("Initial version".to_owned()),
        };
        Ok(draft)
    }

    /// Reads a further version. What the call leaves out comes from `latest`; only the description can be cleared with null.
    pub(super) fn of_version(arguments: &MemoryArguments, latest: VersionRow) -> ApiResult<Self> {
        let text = |name: &str| owned(arguments, name);
        let json = |name: &str| json_argument(arguments, name);
        Ok(Self {
            name: text("name")?.filter(|name| !name.is_empty()).unwrap_or(latest.name),
            description: if arguments.has("description") {
                text("description")?
            } else {
                latest.description
            },
            prompt: text("prompt")?
                .filter(|prompt| !prompt.is_empty())
                .unwrap_or(latest.prompt),
            extraction_schema: json("extraction_schema")?.unwrap_or(latest.extraction_schema),
            sources: sources(arguments)?.unwrap_or(latest.sources),
            json_template: json("json_template")?.or(latest.json_template),
            keying_config: json("keying_config")?.or(latest.keying_config),
            classifiers: json("classifiers")?.or(latest.classifiers),
            condensation_prompt: text("condensation_prompt")?.or(latest.condensation_prompt),
            condensation_window_count: arguments
                .id("condensation_window_count")?
                .or(latest.condensation_window_count),
            reactions_guidance: text("reactions_guidance")?.or(latest.reactions_guidance),
            change_notes: text("change_notes")?,
        })
    }

    /// Checks that the fields hold together.
    pub(super) fn check(&self) -> ApiResult<()> {
        check::check_prompt(&self.prompt)?;
        check::check_extraction_schema(&self.extraction_schema)?;
        check::check_sources(&self.sources)?;
        match &self.classifiers {
            Some(classifiers) => check::check_classifiers(classifiers, &self.extraction_schema),
            None => Ok(()),
        }
    }

    /// Inserts a version. Returns its id.
    pub(super) async fn insert(&self, tx: &mut Tx<'_>, (watcher, version): (i64, i64), account: &str) -> DbResult<i64> {
        let sql = "INSERT INTO watcher_version (watcher_id, version, name, description, prompt, extraction_schema, sources, \
            json_template, keying_config, classifiers, condensation_prompt, condensation_window_count, reactions_guidance, \
            change_notes, created_by, created_at) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) RETURNING id";
        let text = |value: &Option<Value>| value.as_ref().map(Value::to_string);
        let id = tx
            .value(
                sql,
                params![
                    watcher,
                    version,
                    &self.name,
                    self.description.as_deref(),
                    &self.prompt,
                    &self.extraction_schema.to_string(),
                    &self.sources.to_string(),
                    text(&self.json_template).as_deref(),
                    text(&self.keying_config).as_deref(),
                    text(&self.classifiers).as_deref(),
                    self.condensation_prompt.as_deref(),
                    self.condensation_window_count,
                    self.reactions_guidance.as_deref(),
                    self.change_notes.as_deref(),
                    account,
                    now()
                ],
            )
            .await?;
        id.ok_or(sqlx::Error::RowNotFound)
    }
}
