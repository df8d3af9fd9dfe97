//! A watcher's row and its bodies.

use serde::Serialize;
use serde_json::Value;

use crate::server::app::iso;
use crate::server::db::{Db, DbResult, Tx, params, table_row};
use crate::server::nesting;
use crate::server::reply::{ApiError, ApiResult};
use crate::server::route::memory::array_text;
use crate::server::route::memory::call::MemoryCall;

table_row! {
    /// A watcher with its current version, its entity and that one's parent.
    pub(crate) struct WatcherRow, columns watcher_columns {
        id: i64 = "w.id",
        slug: String = "w.slug",
        status: String = "w.status",
        version: i64 = "w.current_version",
        schedule: Option<String> = "w.schedule",
        agent_id: Option<String> = "w.agent_id",
        scheduler_client_id: Option<String> = "w.scheduler_client_id",
        model_config: Value = "w.model_config",
        tags: Value = "w.tags",
        reaction_script: Option<String> = "w.reaction_script",
        created_at: i64 = "w.created_at",
        updated_at: i64 = "w.updated_at",
        version_id: i64 = "v.id",
        name: String = "v.name",
        description: Option<String> = "v.description",
        prompt: String = "v.prompt",
        extraction_schema: Value = "v.extraction_schema",
        sources: Value = "v.sources",
        json_template: Option<Value> = "v.json_template",
        keying_config: Option<Value> = "v.keying_config",
        classifiers: Option<Value> = "v.classifiers",
        condensation_prompt: Option<String> = "v.condensation_prompt",
        condensation_window_count: Option<i64> = "v.condensation_window_count",
        reactions_guidance: Option<String> = "v.reactions_guidance",
        entity_id: i64 = "e.id",
        entity_type: String = "t.slug",
        entity_name: String = "e.name",
        entity_slug: String = "e.slug",
        parent_id: Option<i64> = "p.id",
        parent_name: Option<String> = "p.name",
        parent_slug: Option<String> = "p.slug",
        parent_entity_type: Option<String> = "pt.slug",
    }
}

/// Expands to a query for watchers.
macro_rules! select_watchers {
    ($conditions:literal) => {
        concat!(
            "SELECT ",
            watcher_columns!(),
            " FROM watcher w JOIN watcher_version v ON v.watcher_id = w.id AND v.version = w.current_version \
             JOIN entity e ON e.id = w.entity_id JOIN entity_type t ON t.id = e.entity_type_id \
             LEFT JOIN entity p ON p.id = e.parent_id LEFT JOIN entity_type pt ON pt.id = p.entity_type_id ",
            $conditions
        )
    };
}

const BY_ID: &str = select_watchers!("WHERE w.organization_id = $1 AND w.id = $2");
const LIST: &str = select_watchers!(
    "WHERE w.organization_id = $1 AND w.status = $2 AND ($3 IS NULL OR w.entity_id = $3) \
     AND ($4 IS NULL OR w.slug = $4) AND ($5 IS NULL OR w.id < $5) ORDER BY w.id DESC LIMIT $6"
);

/// Which watchers a list has.
pub(super) struct WatcherFilter<'a> {
    pub(super) status: &'a str,
    pub(super) entity: Option<i64>,
    pub(super) slug: Option<&'a str>,
    /// The id that all listed watchers are older than.
    pub(super) before: Option<i64>,
    /// The maximum number of watchers.
    pub(super) limit: i64,
}

impl WatcherRow {
    /// Reads a watcher of the organization.
    pub(super) async fn find(db: &Db, organization: &str, id: i64) -> DbResult<Option<Self>> {
        db.row(BY_ID, params![organization, id]).await
    }

    /// Locks a watcher of the organization, archived or not, and reads it.
    pub(super) async fn lock(tx: &mut Tx<'_>, organization: &str, id: i64) -> ApiResult<Self> {
        // A write that changes nothing takes the row's lock, so its version cannot change before the commit.
        let sql = "UPDATE watcher SET updated_at = updated_at WHERE organization_id = $1 AND id = $2";
        tx.execute(sql, params![organization, id]).await?;
        let row = tx.row(BY_ID, params![organization, id]).await?;
        row.ok_or_else(|| not_found(id))
    }

    /// Reads watchers of the organization, newest first.
    pub(super) async fn list(db: &Db, organization: &str, filter: &WatcherFilter<'_>) -> DbResult<Vec<Self>> {
        let WatcherFilter { status, entity, .. } = *filter;
        let parameters = params![organization, status, entity, filter.slug, filter.before, filter.limit];
        db.rows(LIST, parameters).await
    }

    /// Returns the address of the watcher's page, which is that of its entity.
    pub(super) fn view_url(&self, call: &MemoryCall) -> String {
        let (base, kind, slug) = (call.base_url(), &self.entity_type, &self.entity_slug);
        match (&self.parent_entity_type, &self.parent_slug) {
            (Some(parent_kind), Some(parent)) => format!("{base}/{parent_kind}/{parent}/{kind}/{slug}/watchers"),
            _ => format!("{base}/{kind}/{slug}/watchers"),
        }
    }

    /// Returns the watcher as an element of a list.
    pub(super) fn body(self, call: &MemoryCall, with_details: bool) -> WatcherBody {
        let view_url = self.view_url(call);
        let details = with_details.then(|| WatcherDetails {
            description: self.description,
            prompt: self.prompt,
            extraction_schema: nesting::cut_nullable(Some(self.extraction_schema)),
            classifiers: nesting::cut_nullable(self.classifiers),
            json_template: nesting::cut_nullable(self.json_template),
            keying_config: nesting::cut_nullable(self.keying_config),
            condensation_prompt: self.condensation_prompt,
            condensation_window_count: self.condensation_window_count,
            reactions_guidance: self.reactions_guidance,
        });
        WatcherBody {
            watcher_id: self.id,
            name: self.name,
            slug: self.slug,
            status: self.status,
            version: self.version,
            created_at: iso(self.created_at),
            updated_at: iso(self.updated_at),
            schedule: self.schedule,
            agent_id: self.agent_id,
            scheduler_client_id: self.scheduler_client_id,
            model_config: nesting::cut_nullable(Some(self.model_config)),
            sources: nesting::cut_nullable(Some(self.sources)),
            tags: array_text::write(&self.tags),
            watcher_group_id: self.id,
            run: WatcherRun::default(),
            entity_id: self.entity_id,
            entity_type: self.entity_type,
            entity_name: self.entity_name,
            entity_slug: self.entity_slug,
            parent_id: self.parent_id,
            parent_name: self.parent_name,
            parent_slug: self.parent_slug,
            parent_entity_type: self.parent_entity_type,
            current_version_id: self.version_id,
            details,
            organization_slug: call.caller.organization.slug.clone(),
            view_url,
        }
    }
}

/// Returns the 400 for a watcher that does not exist, or belongs to another organization.
pub(super) fn not_found(id: i64) -> ApiError {
    ApiError::bad_request(format!("Watcher {id} not found"))
}

/// A watcher in a list.
#[derive(Serialize)]
pub(super) struct WatcherBody {
    watcher_id: i64,
    name: String,
    slug: String,
    status: String,
    version: i64,
    created_at: String,
    updated_at: String,
    schedule: Option<String>,
    agent_id: Option<String>,
    scheduler_client_id: Option<String>,
    model_config: Value,
    sources: Value,
    tags: String,
    watcher_group_id: i64,
    #[serde(flatten)]
    run: WatcherRun,
    entity_id: i64,
    entity_type: String,
    entity_name: String,
    entity_slug: String,
    parent_id: Option<i64>,
    parent_name: Option<String>,
    parent_slug: Option<String>,
    parent_entity_type: Option<String>,
    current_version_id: i64,
    #[serde(flatten)]
    details: Option<WatcherDetails>,
    organization_slug: String,
    view_url: String,
}

/// The fields of a watcher that are left out of a list unless it asks for details.
#[derive(Serialize)]
struct WatcherDetails {
    description: Option<String>,
    prompt: String,
    extraction_schema: Value,
    classifiers: Value,
    json_template: Value,
    keying_config: Value,
    condensation_prompt: Option<String>,
    condensation_window_count: Option<i64>,
    reactions_guidance: Option<String>,
}

/// The fields of a watcher about its runs. This server runs none, so there is nothing to say.
#[derive(Serialize, Default)]
struct WatcherRun {
    next_run_at: Option<String>,
    source_watcher_id: Option<i64>,
    watcher_run_id: Option<i64>,
    watcher_run_status: Option<String>,
    watcher_run_error: Option<String>,
    watcher_run_created_at: Option<String>,
    watcher_run_completed_at: Option<String>,
    windows_count: i64,
    pending_content_count: i64,
    historical_content_count: i64,
}
