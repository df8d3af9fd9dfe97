//! Makes a server give the ids of a recording: the recorded server's sequences have gaps, because its refused inserts used
//! up ids, and later requests and messages name the ids.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::server::JsonClient;

/// What has ids of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sequence {
    Entity,
    Link,
    Knowledge,
}

/// Creates rows in an organization that no recording knows until the next id is the recorded one.
pub struct IdBurner {
    /// An administrator of the organization `burnt`.
    client: JsonClient,
    last: BTreeMap<Sequence, i64>,
    started: bool,
}

/// Returns the id that a create has given, if the body is the response to one.
fn created(body: &Value) -> Option<(Sequence, i64)> {
    if body.get("semantic_type").is_some() {
        return Some((Sequence::Knowledge, body["id"].as_i64()?));
    }
    match body["action"].as_str()? {
        "create" => Some((Sequence::Entity, body["entity"]["id"].as_i64()?)),
        "link" => Some((Sequence::Link, body["relationship"]["id"].as_i64()?)),
        _ => None,
    }
}

impl IdBurner {
    /// Creates a burner with an administrator of the organization `burnt`.
    pub fn new(client: JsonClient) -> Self {
        Self {
            client,
            last: BTreeMap::new(),
            started: false,
        }
    }

    /// Remembers the id in a response of the server.
    pub fn note(&mut self, body: &Value) {
        if let Some((sequence, id)) = created(body) {
            self.last.insert(sequence, id);
        }
    }

    /// Uses up ids until the next one is that of the recorded response.
    pub async fn prepare(&mut self, exchange: &Value) {
        let Some((sequence, id)) = created(&exchange["response_body"]) else {
            return;
        };
        while self.last.get(&sequence).copied().unwrap_or(0) < id - 1 {
            let burnt = self.burn(sequence).await;
            self.last.insert(sequence, burnt);
        }
    }

    async fn burn(&mut self, sequence: Sequence) -> i64 {
        if !self.started {
            self.started = true;
            for kind in ["entity_type", "relationship_type"] {
                let body = json!({ "schema_type": kind, "action": "create", "slug": "burnt-type", "name": "x" });
                let made = self.client.post("/api/burnt/manage_entity_schema", body).await;
                assert_eq!(made.status, 200, "{}", made.text);
            }
        }
        match sequence {
            Sequence::Entity => self.entity().await,
            Sequence::Knowledge => {
                let body = json!({ "content": "x", "semantic_type": "note" });
                self.call("save_knowledge", body).await
            }
            Sequence::Link => {
                let (from, to) = (self.entity().await, self.entity().await);
                let body = json!({
                    "action": "link", "from_entity_id": from, "to_entity_id": to, "relationship_type_slug": "burnt-type",
                });
                self.call("manage_entity", body).await
            }
        }
    }

    async fn entity(&mut self) -> i64 {
        let slug = format!("e{}", self.last.get(&Sequence::Entity).copied().unwrap_or(0));
        let body = json!({ "action": "create", "entity_type": "burnt-type", "name": "x", "slug": slug });
        self.call("manage_entity", body).await
    }

    async fn call(&mut self, tool: &str, body: Value) -> i64 {
        let reply = self.client.post(&format!("/api/burnt/{tool}"), body).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        self.note(&reply.body);
        created(&reply.body).unwrap().1
    }
}
