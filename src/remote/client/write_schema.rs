//! How the client writes entity types, relationship types and their rules.

use serde_json::{Map, Value, json};

use super::Client;
use crate::remote::error::RemoteError;
use crate::resource::Rule;
use crate::wire::schema::{SchemaAction, SchemaType};

/// The maximum number of attempts to add a rule when responses are lost. The rules are read before each further one.
const MAX_RULE_ATTEMPTS: u32 = 3;

impl Client {
    /// Creates a type.
    pub async fn create_type(
        &self,
        kind: SchemaType,
        slug: &str,
        fields: &Map<String, Value>,
    ) -> Result<(), RemoteError> {
        self.write_type(kind, SchemaAction::Create, slug, fields).await
    }

    /// Changes fields of a type.
    pub async fn update_type(
        &self,
        kind: SchemaType,
        slug: &str,
        fields: &Map<String, Value>,
    ) -> Result<(), RemoteError> {
        self.write_type(kind, SchemaAction::Update, slug, fields).await
    }

    /// Deletes a type.
    pub async fn delete_type(&self, kind: SchemaType, slug: &str) -> Result<(), RemoteError> {
        self.write_type(kind, SchemaAction::Delete, slug, &Map::new()).await
    }

    /// Adds a rule unless the server has it. Returns whether it was added.
    ///
    /// `is_new` means that this run has just created the type: it has no rules yet, so they are not read first. A request
    /// whose response is lost is repeated only after the rules were read again, because two requests may add two rows of
    /// one rule (contract section 8.2).
    pub async fn add_rule(&self, slug: &str, rule: &Rule, is_new: bool) -> Result<bool, RemoteError> {
        if !is_new && self.has_rule(slug, rule).await? {
            return Ok(false);
        }
        let fields = Map::from_iter([
            ("source_entity_type_slug".to_owned(), json!(rule.source)),
            ("target_entity_type_slug".to_owned(), json!(rule.target)),
        ]);
        let kind = SchemaType::RelationshipType;
        let mut attempt = 1;
        loop {
            let error = match self.write_type(kind, SchemaAction::AddRule, slug, &fields).await {
                Ok(()) => return Ok(true),
                Err(error) if error.already_exists() => return Ok(attempt > 1),
                Err(error) if !error.maybe_applied() => return Err(error),
                Err(error) => error,
            };
            match self.has_rule(slug, rule).await {
                Ok(true) => return Ok(true),
                Ok(false) if attempt < MAX_RULE_ATTEMPTS => self.pause(attempt).await,
                // The rule may still appear; the caller settles the whole row.
                _ => return Err(error),
            }
            attempt += 1;
        }
    }

    /// Removes a rule. When it is gone already that is an error like any other: the caller reads the rules again.
    pub async fn remove_rule(&self, slug: &str, id: &Value) -> Result<(), RemoteError> {
        let fields = Map::from_iter([("rule_id".to_owned(), id.clone())]);
        self.write_type(SchemaType::RelationshipType, SchemaAction::RemoveRule, slug, &fields)
            .await
    }

    async fn has_rule(&self, slug: &str, rule: &Rule) -> Result<bool, RemoteError> {
        let present = self.rules(slug).await?;
        Ok(present
            .iter()
            .any(|row| row.source_entity_type_slug == rule.source && row.target_entity_type_slug == rule.target))
    }

    async fn write_type(
        &self,
        kind: SchemaType,
        action: SchemaAction,
        slug: &str,
        fields: &Map<String, Value>,
    ) -> Result<(), RemoteError> {
        let request = self.type_request(kind, action, slug, fields);
        self.send(request).await?.expect_echo(kind, action, slug)
    }
}
