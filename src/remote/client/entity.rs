//! How the client finds the entities that files name.

use serde_json::{Value, json};

use super::Client;
use super::read::found;
use crate::remote::error::RemoteError;
use crate::remote::method::Method;
use crate::remote::normalize;
use crate::remote::transport::Request;
use crate::resource::WatchedEntity;
use crate::wire::entity::{self, EntityPage, MAX_PAGE, WireEntity};

impl Client {
    /// Reads the entities of the organization with this name: none, one, or several when the name is ambiguous.
    pub async fn named_entities(&self, name: &WatchedEntity) -> Result<Vec<WatchedEntity>, RemoteError> {
        let all = match (name.id, &name.slug) {
            (Some(id), _) => self.entity_by_id(id).await?.into_iter().collect(),
            (None, Some(slug)) => self.entities_like(slug, name.entity_type.as_deref()).await?,
            (None, None) => Vec::new(),
        };
        let all = all.into_iter().map(normalize::watched_entity);
        Ok(all.filter(|found| name.names(found)).collect())
    }

    async fn entity_by_id(&self, id: u64) -> Result<Option<WireEntity>, RemoteError> {
        let body = json!({ "action": "get", "entity_id": id });
        match found(self.send(self.entity_request(&body).reading()).await)? {
            Some(reply) => Ok(Some(reply.parse_key("entity")?)),
            None => Ok(None),
        }
    }

    /// Reads the entities whose name or slug contains a text.
    pub(super) async fn entities_like(
        &self,
        text: &str,
        entity_type: Option<&str>,
    ) -> Result<Vec<WireEntity>, RemoteError> {
        let mut all: Vec<WireEntity> = Vec::new();
        loop {
            let mut body = json!({
                "action": "list",
                "search": text,
                "limit": MAX_PAGE,
                "offset": all.len(),
                // Entities that are created meanwhile come last, so that they shift no page.
                "sort_by": "created_at",
                "sort_order": "asc",
            });
            if let Some(entity_type) = entity_type {
                body["entity_type"] = json!(entity_type);
            }
            let page: EntityPage = self.send(self.entity_request(&body).reading()).await?.parse()?;
            let is_last = page.entities.is_empty() || !page.metadata.has_more;
            all.extend(page.entities);
            if is_last {
                return Ok(all);
            }
        }
    }

    pub(super) fn entity_request(&self, body: &Value) -> Request {
        Request::new(Method::Post, self.path(&[entity::TOOL])).with_json(body)
    }
}
