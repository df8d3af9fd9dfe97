//! Whether the token may write, found out without writing anything.
//!
//! No route of the server says what a token may do (contract section 2). A write to something that cannot exist does:
//! the server checks the permission first, and then reports that the thing is missing.

use serde_json::{Map, json};

use super::client::Client;
use super::error::RemoteError;
use super::method::Method;
use super::transport::Request;
use crate::wire::schema::{SchemaAction, SchemaType};

/// An id that no agent and no type can have: the server accepts neither dots nor capitals in new ids.
const IMPOSSIBLE_ID: &str = "Lobuctl.Probe";

/// An id that no entity has: servers count from 1, and this is the largest number that JavaScript counts to.
const IMPOSSIBLE_ENTITY: u64 = (1 << 53) - 1;

impl Client {
    /// Checks that the token may write agents, settings and platforms.
    ///
    /// # Errors
    /// The server's refusal, or what else kept it from answering that the agent is missing.
    pub async fn check_agent_writes(&self) -> Result<(), RemoteError> {
        // An empty PATCH changes nothing even where it finds an agent, so it counts as a read.
        let request = Request::new(Method::Patch, self.path(&["agents", IMPOSSIBLE_ID])).with_json(&Map::new());
        expect_missing(self.send(request.reading()).await.map(drop))
    }

    /// Checks that the token and the role of its owner may write entity types, relationship types and watchers.
    ///
    /// # Errors
    /// The server's refusal, or what else kept it from answering that the type is missing.
    pub async fn check_memory_writes(&self) -> Result<(), RemoteError> {
        let (kind, action) = (SchemaType::EntityType, SchemaAction::Update);
        let request = self.type_request(kind, action, IMPOSSIBLE_ID, &Map::new());
        expect_missing(self.send(request.reading()).await.map(drop))
    }

    /// Checks that the token may write entities and relationships.
    ///
    /// # Errors
    /// The server's refusal, or what else kept it from answering that the entity is missing.
    pub async fn check_data_writes(&self) -> Result<(), RemoteError> {
        let body = json!({ "action": "update", "entity_id": IMPOSSIBLE_ENTITY, "name": IMPOSSIBLE_ID });
        expect_missing(self.send(self.entity_request(&body).reading()).await.map(drop))
    }
}

fn expect_missing(answer: Result<(), RemoteError>) -> Result<(), RemoteError> {
    match answer {
        Err(error) if error.is_missing() => Ok(()),
        other => other,
    }
}
