//! How the client reads relationships in pages, and one entity or relationship.

use std::collections::HashMap;

use serde_json::json;

use super::Client;
use super::read::found;
use crate::remote::answer::AnswerError;
use crate::remote::error::RemoteError;
use crate::remote::method::Method;
use crate::remote::normalize;
use crate::remote::paged::ListPage;
use crate::resource::field_table::FieldMismatch;
use crate::resource::{Entity, EntityPath, Relationship, RelationshipKey, Resource};
use crate::wire::entity::{AllLinksPage, MAX_PAGE, RelationshipPage, TOOL, WireEntity, WireRelationship};

/// The maximum number of pages that are read for the content of one entity.
const CONTENT_PAGES: usize = 20;

impl Client {
    /// Reads all relationships of an entity, those that lead to it too.
    pub(in crate::remote) async fn links(&self, entity: u64) -> Result<Vec<WireRelationship>, RemoteError> {
        let page = |offset| async move {
            let body = json!({
                "action": "list_links",
                "entity_id": entity,
                // Of a symmetric relationship the server may have swapped the ends.
                "direction": "both",
                "limit": MAX_PAGE,
                "offset": offset,
            });
            let page: RelationshipPage = self.send(self.entity_request(&body).reading()).await?.parse()?;
            Ok(page.into())
        };
        let first: ListPage<WireRelationship> = page(0).await?;
        self.list_reader(TOOL, &|_| {}).rows(first, page).await
    }

    /// Reads one page of all relationships of the organization: those behind this id. Returns `None` when the server has no
    /// such list, as no recorded one has.
    pub(in crate::remote) async fn all_links(&self, after: u64) -> Result<Option<AllLinksPage>, RemoteError> {
        let body = json!({ "action": "list_all_links", "after_id": after, "limit": MAX_PAGE });
        match self.send(self.entity_request(&body).reading()).await {
            Ok(reply) => {
                let page: AllLinksPage = reply.parse()?;
                let next = page.metadata.next_after_id.as_ref().and_then(normalize::number);
                // Pages go up: one that does not would be asked for again and again, or taken for the last one.
                if page.metadata.has_more && next.is_none_or(|next| next <= after) {
                    return Err(reply.malformed("a `next_after_id` that leads on"));
                }
                Ok(Some(page))
            }
            Err(error) if error.status() == Some(400) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns the id of an entity, as it was read or created before, or as a search for it finds it now.
    pub async fn entity_id(&self, path: &EntityPath) -> Result<Option<u64>, RemoteError> {
        if let Some(id) = self.entity_ids.get(path) {
            return Ok(Some(id));
        }
        let Some(parent) = path.parent() else {
            return self.find_child(None, path).await;
        };
        match Box::pin(self.entity_id(&parent)).await? {
            Some(parent) => self.find_child(Some(parent), path).await,
            None => Ok(None),
        }
    }

    async fn find_child(&self, parent: Option<u64>, path: &EntityPath) -> Result<Option<u64>, RemoteError> {
        let below = json!({ "parent_id": parent });
        let children = self.entities_with_slug(path.slug(), &below).await?;
        let parent_of = |entity: &WireEntity| entity.parent_id.as_ref().and_then(normalize::number);
        let found = children.iter().find(|entity| parent_of(entity) == parent);
        let id = found.and_then(|entity| normalize::number(&entity.id));
        if let Some(id) = id {
            self.entity_ids.insert(path.clone(), id);
        }
        Ok(id)
    }

    /// Reads an entity, without its content. Returns `None` when there is none at this path, or one of another type.
    pub(super) async fn entity(&self, entity_type: &str, path: &EntityPath) -> Result<Option<Entity>, RemoteError> {
        let Some(id) = self.entity_id(path).await? else {
            return Ok(None);
        };
        let body = json!({ "action": "get", "entity_id": id });
        let Some(reply) = found(self.send(self.entity_request(&body).reading()).await)? else {
            return Ok(None);
        };
        let wire: WireEntity = reply.parse_key("entity")?;
        let is_same = wire.entity_type == entity_type && wire.slug == path.slug();
        let entity = reply.checked(normalize::entity(wire, path.clone()))?;
        Ok(Some(entity).filter(|_| is_same))
    }

    /// Returns a resource with what no single reading has: of an entity, its content. As it is where the token may not ask for
    /// that, or where the entity comes after the first [`CONTENT_PAGES`] pages.
    pub async fn with_content(&self, resource: Resource) -> Result<Resource, RemoteError> {
        let Resource::Entity(entity) = resource else {
            return Ok(resource);
        };
        let mut offset = 0;
        for _ in 0..CONTENT_PAGES {
            let page = match offset {
                0 => self.first_content_page().await?,
                _ => Some(self.content_page(offset).await?),
            };
            let Some(page) = page else { break };
            offset += page.rows.len();
            let is_last = page.rows.is_empty() || !page.has_more;
            let mut rows = page.rows.into_iter();
            if let Some(row) = rows.find(|row| normalize::number(&row.id) == entity.id) {
                let entity = normalize::with_content(entity.into_inner(), row);
                return Ok(Resource::Entity(entity.into()));
            }
            if is_last {
                break;
            }
        }
        Ok(Resource::Entity(entity))
    }

    /// Reads a relationship. Returns `None` when there is none between the two entities.
    pub(super) async fn relationship(&self, key: &RelationshipKey) -> Result<Option<Relationship>, RemoteError> {
        let (Some(from), Some(to)) = (self.entity_id(&key.from).await?, self.entity_id(&key.to).await?) else {
            return Ok(None);
        };
        for link in self.links(from).await? {
            let ends = normalize::ends(&link);
            let is_same = ends == Some((from, to)) || (link.is_symmetric && ends == Some((to, from)));
            if is_same && *link.relationship_type_slug == *key.kind {
                let found = normalize::relationship(&link, key.clone());
                return found.map(Some).map_err(|mismatch| self.odd_data(&mismatch));
            }
        }
        Ok(None)
    }

    /// Keeps the ids of all entities, by path.
    pub(in crate::remote) fn remember_entities(&self, ids: HashMap<EntityPath, u64>) {
        self.entity_ids.replace(ids);
    }

    /// Returns the error for an entity or a relationship with a field of another type than expected.
    pub(in crate::remote) fn odd_data(&self, mismatch: &FieldMismatch) -> RemoteError {
        RemoteError::Malformed {
            answer: AnswerError {
                method: Method::Post,
                path: self.path(&[TOOL]),
                status: 200,
                what: format!("answered 200 without {mismatch}"),
                hint: Some("check that `--url` is a Lobu server, and its path prefix"),
            },
            maybe_applied: false,
        }
    }
}
