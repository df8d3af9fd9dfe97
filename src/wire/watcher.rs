//! Watchers: the tools `manage_watchers` and `list_watchers`, and the route `GET …/watchers`.

use serde::Deserialize;
use serde_json::{Map, Value};

/// The tool that writes watchers, below `/api/:org/`.
pub const MANAGE: &str = "manage_watchers";

/// The tool that lists watchers, below `/api/:org/`.
pub const LIST: &str = "list_watchers";

/// The route that describes one watcher, below `/api/:org/`.
pub const DETAILS: &str = "watchers";

/// The maximum number of watchers in one response of a server with pages.
pub const WATCHER_PAGE: usize = 100;

/// What a page is of the list. A server without pages, as every recorded one, says nothing about it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct WatcherPageInfo {
    /// Whether more follow.
    pub has_more: bool,
    /// The id that all watchers of the next page are older than, a number or a string of digits.
    #[serde(default)]
    pub next_before_id: Option<Value>,
}

/// A row of the list: a watcher with one of its entities. A watcher of several entities has several rows.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct WireWatcher {
    /// The id, a number or a string of digits.
    pub watcher_id: Value,
    /// The slug, unique in the organization.
    pub slug: String,
    /// The id of the entity, a number or a string of digits.
    #[serde(default)]
    pub entity_id: Option<Value>,
    /// The slug of the entity's type.
    #[serde(default)]
    pub entity_type: Option<String>,
    /// The slug of the entity.
    #[serde(default)]
    pub entity_slug: Option<String>,
    /// All other keys: the fields of the watcher, and the server's own.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

/// The part of a watcher's description that its row in the list lacks.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct WireWatcherDetails {
    /// The slug.
    pub slug: String,
    /// The text of the script.
    #[serde(default)]
    pub reaction_script: Option<String>,
}

/// The one query of watchers that a client needs: it has the scripts of all, also of archived ones.
pub const SCRIPT_QUERY: &str = "SELECT id, slug, status, reaction_script FROM watchers";

/// A row of [`SCRIPT_QUERY`].
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ScriptRow {
    /// The id of the watcher, a number or a string of digits.
    pub id: Value,
    /// The slug.
    pub slug: String,
    /// The text of the script.
    #[serde(default)]
    pub reaction_script: Option<String>,
}

/// The response to a request that archives watchers.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ArchiveReply {
    /// One result for each watcher.
    pub results: Vec<ArchiveResult>,
}

/// What became of one watcher.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ArchiveResult {
    /// Whether the watcher is archived now and was not before.
    pub success: bool,
    /// The server's message.
    #[serde(default)]
    pub message: String,
}
