//! How the client writes watchers.

use serde_json::{Map, Value, json};

use super::Client;
use super::reply::Reply;
use crate::remote::error::RemoteError;
use crate::remote::method::Method;
use crate::remote::normalize;
use crate::remote::transport::Request;
use crate::wire::watcher::{self, ArchiveReply};

impl Client {
    /// Creates a watcher of an entity and returns its id. Two creations must not overlap: a recorded server gives both the
    /// same id. So one whose response was lost is not sent again: the server may still be at work on it.
    pub async fn create_watcher(
        &self,
        slug: &str,
        entity: u64,
        fields: &Map<String, Value>,
    ) -> Result<Value, RemoteError> {
        let mut body = fields.clone();
        body.insert("slug".to_owned(), json!(slug));
        body.insert("entity_id".to_owned(), json!(entity));
        let reply = self.send(self.watcher_request("create", body).once()).await?;
        expect_action(&reply, "create")?;
        let id: Value = reply.parse_key("watcher_id")?;
        match normalize::number(&id) {
            Some(_) => Ok(id),
            None => Err(reply.malformed("the id of the watcher")),
        }
    }

    /// Changes fields of a watcher in place.
    pub async fn update_watcher(&self, id: &Value, fields: &Map<String, Value>) -> Result<(), RemoteError> {
        let reply = self.send(self.watcher_request("update", with_id(id, fields))).await?;
        expect_action(&reply, "update")?;
        let updated: Vec<String> = reply.parse_key("updated_fields")?;
        // The server leaves out what it does not change, and calls that a success.
        match fields.keys().find(|name| !updated.contains(name)) {
            Some(ignored) => Err(reply.malformed(&format!("`{ignored}` among the updated fields"))),
            None => Ok(()),
        }
    }

    /// Creates a new version of a watcher with these fields, and makes it the current one.
    pub async fn create_watcher_version(&self, id: &Value, fields: &Map<String, Value>) -> Result<(), RemoteError> {
        let request = self.watcher_request("create_version", with_id(id, fields));
        // Sent twice, it creates two versions.
        let reply = self.send(request.once()).await?;
        expect_action(&reply, "create_version")
    }

    /// Sets the script of a watcher. An empty one removes it.
    pub async fn set_watcher_script(&self, id: &Value, script: &str) -> Result<(), RemoteError> {
        let fields = Map::from_iter([("reaction_script".to_owned(), json!(script))]);
        let request = self.watcher_request("set_reaction_script", with_id(id, &fields));
        let reply = self.send(request).await?;
        expect_action(&reply, "set_reaction_script")?;
        let has_script: bool = reply.parse_key("has_script")?;
        if has_script == script.is_empty() {
            return Err(reply.malformed("the state of the script"));
        }
        Ok(())
    }

    /// Archives a watcher.
    pub async fn archive_watcher(&self, id: &Value) -> Result<(), RemoteError> {
        let body = Map::from_iter([("watcher_ids".to_owned(), json!([id]))]);
        let reply = self.send(self.watcher_request("delete", body)).await?;
        let archived: ArchiveReply = reply.parse()?;
        match archived.results.as_slice() {
            [result] if result.success => Ok(()),
            // 200 says nothing: the result of each watcher does.
            [result] => Err(reply.malformed(&format!("success: {}", result.message))),
            _ => Err(reply.malformed("one result")),
        }
    }

    fn watcher_request(&self, action: &str, mut body: Map<String, Value>) -> Request {
        body.insert("action".to_owned(), json!(action));
        Request::new(Method::Post, self.path(&[watcher::MANAGE])).with_json(&body)
    }
}

fn with_id(id: &Value, fields: &Map<String, Value>) -> Map<String, Value> {
    let mut body = fields.clone();
    body.insert("watcher_id".to_owned(), id.clone());
    body
}

/// Checks that the response is to this action: a proxy or a catch-all route answers any JSON object.
fn expect_action(reply: &Reply, action: &str) -> Result<(), RemoteError> {
    let echo: Value = reply.parse_key("action")?;
    if echo == action {
        return Ok(());
    }
    Err(reply.malformed(&format!("`action: {action}`")))
}
