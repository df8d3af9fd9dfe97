//! How the client reads what no list has, with the one tool that answers queries.

use serde::de::DeserializeOwned;
use serde_json::json;

use super::Client;
use crate::remote::error::RemoteError;
use crate::remote::method::Method;
use crate::remote::transport::Request;
use crate::wire::entity::{CONTENT_QUERY, ContentRow};
use crate::wire::query::{MAX_ROWS, QueryPage, TOOL};
use crate::wire::watcher::{SCRIPT_QUERY, ScriptRow};

impl Client {
    /// Reads one page of the contents of entities. Returns `None` when the token may not ask.
    pub(in crate::remote) async fn content_page(
        &self,
        offset: usize,
    ) -> Result<Option<QueryPage<ContentRow>>, RemoteError> {
        self.query_page(CONTENT_QUERY, offset).await
    }

    /// Reads the scripts of all watchers. Returns `None` when the token may not ask.
    pub async fn watcher_scripts(&self) -> Result<Option<Vec<ScriptRow>>, RemoteError> {
        let mut all = Vec::new();
        loop {
            let Some(page) = self.query_page(SCRIPT_QUERY, all.len()).await? else {
                return Ok(None);
            };
            let is_last = page.rows.is_empty() || !page.has_more;
            all.extend(page.rows);
            if is_last {
                return Ok(Some(all));
            }
        }
    }

    async fn query_page<R: DeserializeOwned>(
        &self,
        sql: &str,
        offset: usize,
    ) -> Result<Option<QueryPage<R>>, RemoteError> {
        let body = json!({ "sql": sql, "sort_by": "id", "sort_order": "asc", "limit": MAX_ROWS, "offset": offset });
        let request = Request::new(Method::Post, self.path(&[TOOL])).with_json(&body);
        match self.send(request.reading()).await {
            Ok(reply) => Ok(Some(reply.parse()?)),
            // Administrators only, or a server without the query: neither says anything about what is there.
            Err(error @ RemoteError::Refused { .. }) if matches!(error.status(), Some(200 | 400 | 403 | 404 | 405)) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
