//! How the client reads what no list has, with the one tool that answers queries.

use serde::de::DeserializeOwned;
use serde_json::json;

use super::Client;
use crate::remote::error::RemoteError;
use crate::remote::method::Method;
use crate::remote::paged::ListPage;
use crate::remote::transport::Request;
use crate::wire::entity::{CONTENT_QUERY, ContentRow};
use crate::wire::query::{MAX_ROWS, QueryPage, TOOL};
use crate::wire::watcher::{SCRIPT_QUERY, ScriptRow};

impl Client {
    /// Reads the first page of the contents of entities. Returns `None` when the token may not ask.
    pub(in crate::remote) async fn first_content_page(&self) -> Result<Option<ListPage<ContentRow>>, RemoteError> {
        allowed(self.content_page(0).await)
    }

    /// Reads one page of the contents of entities.
    pub(in crate::remote) async fn content_page(&self, offset: usize) -> Result<ListPage<ContentRow>, RemoteError> {
        self.query_page(CONTENT_QUERY, offset).await
    }

    /// Reads the scripts of all watchers. Returns `None` when the token may not ask.
    pub async fn watcher_scripts(&self) -> Result<Option<Vec<ScriptRow>>, RemoteError> {
        let page = |offset| self.query_page(SCRIPT_QUERY, offset);
        let Some(first) = allowed(page(0).await)? else {
            return Ok(None);
        };
        self.list_reader(TOOL, &|_| {}).rows(first, page).await.map(Some)
    }

    async fn query_page<R: DeserializeOwned>(&self, sql: &str, offset: usize) -> Result<ListPage<R>, RemoteError> {
        let body = json!({ "sql": sql, "sort_by": "id", "sort_order": "asc", "limit": MAX_ROWS, "offset": offset });
        let request = Request::new(Method::Post, self.path(&[TOOL])).with_json(&body);
        let page: QueryPage<R> = self.send(request.reading()).await?.parse()?;
        Ok(page.into())
    }
}

/// Turns the refusal of a first page into `None`: administrators only, or a server without the query, says nothing about what
/// is there. After it, a refusal is an error like any other.
fn allowed<R>(first: Result<ListPage<R>, RemoteError>) -> Result<Option<ListPage<R>>, RemoteError> {
    match first {
        Ok(page) => Ok(Some(page)),
        Err(error @ RemoteError::Refused { .. }) if matches!(error.status(), Some(200 | 400 | 403 | 404 | 405)) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
