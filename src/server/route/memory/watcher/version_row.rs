//! A version of a watcher: its row with its statements.

use serde_json::{Value, json};

use crate::server::app::iso;
use crate::server::db::{Db, DbResult, Tx, params, table_row};

table_row! {
    /// A version of a watcher.
    pub(crate) struct VersionRow, columns version_columns {
        id: i64 = "v.id",
        version: i64 = "v.version",
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
        change_notes: Option<String> = "v.change_notes",
        created_by: Option<String> = "v.created_by",
        created_at: i64 = "v.created_at",
    }
}

const LATEST: &str = concat!(
    "SELECT ",
    version_columns!(),
    " FROM watcher_version v WHERE v.watcher_id = $1 ORDER BY v.version DESC LIMIT 1"
);
const ONE: &str = concat!(
    "SELECT ",
    version_columns!(),
    " FROM watcher_version v WHERE v.watcher_id = $1 AND v.version = $2"
);
const ALL: &str = concat!(
    "SELECT ",
    version_columns!(),
    " FROM watcher_version v WHERE v.watcher_id = $1 ORDER BY v.version DESC"
);

impl VersionRow {
    /// Reads the version with the highest number, which need not be the current one.
    pub(super) async fn latest(tx: &mut Tx<'_>, watcher: i64) -> DbResult<Self> {
        let row = tx.row(LATEST, params![watcher]).await?;
        row.ok_or(sqlx::Error::RowNotFound)
    }

    /// Reads one version.
    pub(super) async fn find(db: &Db, watcher: i64, version: i64) -> DbResult<Option<Self>> {
        db.row(ONE, params![watcher, version]).await
    }

    /// Reads all versions, newest first.
    pub(super) async fn all(db: &Db, watcher: i64) -> DbResult<Vec<Self>> {
        db.rows(ALL, params![watcher]).await
    }

    /// Returns the version as an element of the list of all versions of its watcher.
    pub(super) fn listed_body(&self, current: i64) -> Value {
        json!({
            "version_id": self.id.to_string(),
            "version": self.version,
            "name": self.name,
            "description": self.description,
            "is_current": self.version == current,
            "created_at": iso(self.created_at),
            "created_by": self.created_by,
            "change_notes": self.change_notes,
        })
    }

    /// Returns what the response about a watcher says about the version.
    pub(super) fn short_body(&self, current: i64) -> Value {
        json!({
            "version": self.version,
            "name": self.name,
            "created_at": iso(self.created_at),
            "is_current": self.version == current,
        })
    }
}
