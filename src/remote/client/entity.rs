//! How the client finds the entities that files name.

use serde_json::{Value, json};

use super::Client;
use super::read::found;
use crate::remote::error::RemoteError;
use crate::remote::method::Method;
use crate::remote::normalize;
use crate::remote::paged::{ListPage, ListReader};
use crate::remote::transport::Request;
use crate::resource::WatchedEntity;
use crate::wire::entity::{self, EntityPage, MAX_PAGE, WireEntity};

impl Client {
    /// Reads the entities of the organization with this name: none, one, or several when the name is ambiguous.
    pub async fn named_entities(&self, name: &WatchedEntity) -> Result<Vec<WatchedEntity>, RemoteError> {
        let all = match (name.id, &name.slug) {
            (Some(id), _) => self.entity_by_id(id).await?.into_iter().collect(),
            (None, Some(slug)) => {
                let of_type = name
                    .entity_type
                    .as_ref()
                    .map(|of_type| json!({ "entity_type": of_type }));
                self.entities_with_slug(slug, &of_type.unwrap_or_else(|| json!({})))
                    .await?
            }
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

    /// Reads the entities with this slug, of those that the keys of `filter` leave.
    ///
    /// No recording shows that a search finds an entity by its slug alone, and searching is what takes the server least. So where
    /// it finds none, all entities are read.
    pub(super) async fn entities_with_slug(&self, slug: &str, filter: &Value) -> Result<Vec<WireEntity>, RemoteError> {
        let mut search = filter.clone();
        search["search"] = json!(slug);
        for body in [&search, filter] {
            let mut found = self.listed_entities(body).await?;
            found.retain(|entity| entity.slug == slug);
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    async fn listed_entities(&self, filter: &Value) -> Result<Vec<WireEntity>, RemoteError> {
        let page = |offset| async move {
            let mut body = page_of_entities(offset);
            for (key, value) in filter.as_object().into_iter().flatten() {
                body[key] = value.clone();
            }
            let page: EntityPage = self.send(self.entity_request(&body).reading()).await?.parse()?;
            Ok(page.into())
        };
        let first: ListPage<WireEntity> = page(0).await?;
        self.list_reader(entity::TOOL, &|_| {}).rows(first, page).await
    }

    /// Reads one page of all entities of the organization, oldest first.
    pub(in crate::remote) async fn entity_page(&self, offset: usize) -> Result<ListPage<WireEntity>, RemoteError> {
        let request = self.entity_request(&page_of_entities(offset));
        let page: EntityPage = self.send(request.reading()).await?.parse()?;
        Ok(page.into())
    }

    /// Reads the first page of all entities of the organization. Returns `None` when the server does not know entities.
    pub(in crate::remote) async fn first_entity_page(&self) -> Result<Option<ListPage<WireEntity>>, RemoteError> {
        match self.entity_page(0).await {
            Ok(page) => Ok(Some(page)),
            Err(error) if error.is_unknown_tool() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns a reader for the pages of a list of this tool, after the first. `expect` is called with the number of pages
    /// that are still to be read.
    pub(in crate::remote) fn list_reader<'a>(
        &self,
        tool: &str,
        expect: &'a (dyn Fn(usize) + Send + Sync),
    ) -> ListReader<'a> {
        ListReader {
            path: self.path(&[tool]),
            parallelism: self.parallelism(),
            expect,
        }
    }

    pub(in crate::remote) fn entity_request(&self, body: &Value) -> Request {
        Request::new(Method::Post, self.path(&[entity::TOOL])).with_json(body)
    }
}

fn page_of_entities(offset: usize) -> Value {
    json!({
        "action": "list",
        "limit": MAX_PAGE,
        "offset": offset,
        // Entities that are created meanwhile come last, so that they shift no page.
        "sort_by": "created_at",
        "sort_order": "asc",
    })
}
