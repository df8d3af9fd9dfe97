//! How the client writes entities and relationships.

use serde_json::{Map, Value, json};

use super::Client;
use super::reply::Reply;
use crate::remote::error::RemoteError;
use crate::remote::normalize;
use crate::resource::EntityPath;
use crate::wire::entity::{WireEntity, WireRelationship};

impl Client {
    /// Creates an entity below a parent, if it has one, and keeps its id.
    pub async fn create_entity(
        &self,
        entity_type: &str,
        path: &EntityPath,
        parent: Option<u64>,
        fields: &Map<String, Value>,
    ) -> Result<(), RemoteError> {
        let mut body = with_classifiers(fields);
        body.insert("entity_type".to_owned(), json!(entity_type));
        body.insert("slug".to_owned(), json!(path.slug()));
        body.extend(parent.map(|parent| ("parent_id".to_owned(), json!(parent))));
        let request = self.entity_request(&action("create", body)).creating();
        let reply = self.send(request).await?;
        let created: WireEntity = reply.parse_key("entity")?;
        reply.expect_id(Some(&created.slug), path.slug())?;
        let id = normalize::number(&created.id).ok_or_else(|| reply.malformed("the id of the entity"))?;
        self.entity_ids.insert(path.clone(), id);
        Ok(())
    }

    /// Changes fields of an entity. Metadata is merged by the server; the slug stays, because it is sent too.
    pub async fn update_entity(
        &self,
        id: u64,
        path: &EntityPath,
        fields: &Map<String, Value>,
    ) -> Result<(), RemoteError> {
        let mut body = with_classifiers(fields);
        body.insert("entity_id".to_owned(), json!(id));
        // The server makes a new slug of a name that comes alone.
        body.insert("slug".to_owned(), json!(path.slug()));
        let reply = self.send(self.entity_request(&action("update", body))).await?;
        let updated: WireEntity = reply.parse_key("entity")?;
        expect_number(&reply, &updated.id, id)?;
        reply.expect_id(Some(&updated.slug), path.slug())
    }

    /// Deletes an entity without children. Its slug stays taken.
    pub async fn delete_entity(&self, id: u64) -> Result<(), RemoteError> {
        let body = Map::from_iter([("entity_id".to_owned(), json!(id))]);
        let reply = self.send(self.entity_request(&action("delete", body))).await?;
        expect_done(&reply)
    }

    /// Creates a relationship.
    pub async fn link(
        &self,
        kind: &str,
        (from, to): (u64, u64),
        fields: &Map<String, Value>,
    ) -> Result<(), RemoteError> {
        let mut body = fields.clone();
        body.insert("relationship_type_slug".to_owned(), json!(kind));
        body.insert("from_entity_id".to_owned(), json!(from));
        body.insert("to_entity_id".to_owned(), json!(to));
        let request = self.entity_request(&action("link", body)).creating();
        let reply = self.send(request).await?;
        let linked: WireRelationship = reply.parse_key("relationship")?;
        reply.expect_id(Some(&linked.relationship_type_slug), kind)
    }

    /// Changes fields of a relationship of this type. Metadata is replaced.
    pub async fn update_link(&self, id: u64, kind: &str, fields: &Map<String, Value>) -> Result<(), RemoteError> {
        let mut body = fields.clone();
        body.insert("relationship_id".to_owned(), json!(id));
        let reply = self.send(self.entity_request(&action("update_link", body))).await?;
        let updated: WireRelationship = reply.parse_key("relationship")?;
        expect_number(&reply, &updated.id, id)?;
        reply.expect_id(Some(&updated.relationship_type_slug), kind)
    }

    /// Deletes a relationship.
    pub async fn unlink(&self, id: u64) -> Result<(), RemoteError> {
        let body = Map::from_iter([("relationship_id".to_owned(), json!(id))]);
        let reply = self.send(self.entity_request(&action("unlink", body))).await?;
        expect_done(&reply)
    }
}

fn action(action: &str, mut body: Map<String, Value>) -> Value {
    body.insert("action".to_owned(), json!(action));
    Value::Object(body)
}

/// Returns fields with the classifiers as the text of a PostgreSQL array: a recorded server refuses a list.
fn with_classifiers(fields: &Map<String, Value>) -> Map<String, Value> {
    let mut fields = fields.clone();
    if let Some(classifiers) = fields.get_mut("enabled_classifiers") {
        let items = classifiers.as_array().cloned().unwrap_or_default();
        let items = items.iter().filter_map(Value::as_str);
        let quoted: Vec<String> = items
            .map(|item| format!("\"{}\"", item.replace('\\', "\\\\").replace('"', "\\\"")))
            .collect();
        *classifiers = json!(format!("{{{}}}", quoted.join(",")));
    }
    fields
}

/// Checks that the response is about the row of the request.
fn expect_number(reply: &Reply, found: &Value, id: u64) -> Result<(), RemoteError> {
    if normalize::number(found) == Some(id) {
        return Ok(());
    }
    Err(reply.malformed(&format!("the id {id}")))
}

fn expect_done(reply: &Reply) -> Result<(), RemoteError> {
    let done: bool = reply.parse_key("success")?;
    if done {
        Ok(())
    } else {
        Err(reply.malformed("`success`"))
    }
}
