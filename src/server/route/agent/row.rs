//! An agent's row, without its settings, and the bodies of responses about it.

use serde::Serialize;
use serde_json::Value;

use crate::server::db::{Db, DbResult, Tx, params, table_row};
use crate::server::precondition::Revision;
use crate::server::reply::{ApiError, ApiResult};

table_row! {
    /// An agent without its settings, with the counts of its platforms. Times are in milliseconds since 1970.
    pub(crate) struct AgentRow, columns agent_columns {
        id: String = "a.id",
        organization_id: String = "a.organization_id",
        name: String = "a.name",
        description: Option<String> = "a.description",
        owner: Value = "a.owner",
        is_workspace_agent: bool = "a.is_workspace_agent",
        workspace_id: Option<String> = "a.workspace_id",
        parent_connection_id: Option<String> = "a.parent_connection_id",
        created_at: i64 = "a.created_at",
        updated_at: i64 = "a.updated_at",
        settings_updated_at: i64 = "a.settings_updated_at",
        platforms: i64 = "(SELECT COUNT(*) FROM platform p WHERE p.agent_id = a.id)",
        active_platforms: i64 =
            "(SELECT COUNT(*) FROM platform p WHERE p.agent_id = a.id AND p.status = 'active')",
        platforms_updated_at: i64 =
            "(SELECT COALESCE(MAX(p.updated_at), 0) FROM platform p WHERE p.agent_id = a.id)",
    }
}

const BY_ID: &str = concat!("SELECT ", agent_columns!(), " FROM agent a WHERE a.id = $1");

// Agents with a parent connection are sandboxes, which the recorded server does not list.
const BY_ORGANIZATION: &str = concat!(
    "SELECT ",
    agent_columns!(),
    " FROM agent a WHERE a.organization_id = $1 AND a.parent_connection_id IS NULL",
    " ORDER BY a.created_at DESC, a.id DESC"
);

/// Returns the 404 for an agent.
pub(crate) fn not_found() -> ApiError {
    ApiError::not_found("Agent not found")
}

/// Whether the organization has the agent.
pub(crate) async fn exists(db: &Db, organization: &str, id: &str) -> DbResult<bool> {
    let sql = "SELECT id FROM agent WHERE id = $1 AND organization_id = $2";
    db.exists(sql, params![id, organization]).await
}

impl AgentRow {
    /// Reads the agents of an organization, newest first, without sandboxes.
    pub(crate) async fn list(db: &Db, organization: &str) -> DbResult<Vec<Self>> {
        db.rows(BY_ORGANIZATION, params![organization]).await
    }

    /// Reads an agent of any organization. The caller has to check to which one it belongs.
    pub(crate) async fn find(db: &Db, id: &str) -> DbResult<Option<Self>> {
        db.row(BY_ID, params![id]).await
    }

    /// Locks an agent of an organization until the transaction ends, and reads it.
    pub(crate) async fn lock(tx: &mut Tx<'_>, organization: &str, id: &str) -> ApiResult<Self> {
        // A write that changes nothing takes the row's lock, so what is read next cannot change before the commit. SQLite
        // does not have `SELECT … FOR UPDATE`.
        let sql = "UPDATE agent SET updated_at = updated_at WHERE id = $1 AND organization_id = $2";
        if tx.execute(sql, params![id, organization]).await? == 0 {
            return Err(not_found());
        }
        tx.row(BY_ID, params![id]).await?.ok_or_else(not_found)
    }

    /// Returns the revision of the agent with its settings and platforms. The first part is the agent's own (see
    /// [`Precondition::check_first_part`](crate::server::precondition::Precondition::check_first_part)). The number of
    /// platforms is a part because the deletion of an old one changes no time.
    pub(crate) fn revision(&self) -> Revision {
        Revision::of_parts(&[
            self.updated_at,
            self.settings_updated_at,
            self.platforms,
            self.platforms_updated_at,
        ])
    }
}

/// The first fields of every response about an agent. The responses to a create and to the public have no others.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AgentName {
    pub(crate) agent_id: String,
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
}

/// An agent as an element of a list.
#[derive(Serialize)]
pub(crate) struct AgentBody {
    #[serde(flatten)]
    pub(crate) metadata: AgentMetadata,
    #[serde(flatten)]
    pub(crate) counts: AgentCounts,
}

/// The fields of an agent before its settings.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AgentMetadata {
    #[serde(flatten)]
    name: AgentName,
    owner: Value,
    is_workspace_agent: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_connection_id: Option<String>,
    created_at: i64,
}

/// The fields of an agent after its settings.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AgentCounts {
    connection_count: i64,
    active_connection_count: i64,
    client_count: i64,
    status: &'static str,
}

impl From<AgentRow> for AgentName {
    fn from(row: AgentRow) -> Self {
        Self {
            agent_id: row.id,
            name: row.name,
            description: row.description,
        }
    }
}

impl From<AgentRow> for AgentBody {
    fn from(row: AgentRow) -> Self {
        let counts = AgentCounts {
            connection_count: row.platforms,
            active_connection_count: row.active_platforms,
            client_count: 0,
            status: if row.active_platforms > 0 { "active" } else { "idle" },
        };
        let metadata = AgentMetadata {
            owner: row.owner.clone(),
            is_workspace_agent: row.is_workspace_agent,
            workspace_id: row.workspace_id.clone(),
            parent_connection_id: row.parent_connection_id.clone(),
            created_at: row.created_at,
            name: row.into(),
        };
        Self { metadata, counts }
    }
}
