//! Reads lists that come in pages, to their end.
//!
//! A page that is refused, that is empty although more are to follow, or that has only rows of earlier pages is an error, never
//! the end of a list: what it lacks would turn into creates (semantics, "Before the first write").

use std::collections::HashSet;
use std::pin::pin;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::Value;

use super::answer::AnswerError;
use super::error::RemoteError;
use super::method::Method;
use crate::wire::entity::{ContentRow, EntityPage, RelationshipPage, WireEntity, WireRelationship};
use crate::wire::query::QueryPage;
use crate::wire::watcher::ScriptRow;

/// The maximum number of pages of a list: one that goes on behind them is an error, because it may have no end.
const MAX_PAGES: usize = 10_000;

/// A page of a list.
pub(super) struct ListPage<T> {
    /// The rows of the page.
    pub(super) rows: Vec<T>,
    /// Whether more follow.
    pub(super) has_more: bool,
    /// The number of all rows, 0 where it is not known. It only tells how many pages can be asked for at a time.
    pub(super) total: usize,
}

/// A row of a list that comes in pages.
pub(super) trait ListRow {
    /// Returns what tells the row from all others.
    fn id(&self) -> &Value;
}

/// Reads the pages of a list after the first one.
pub(super) struct ListReader<'a> {
    /// The path of the requests, for errors.
    pub(super) path: String,
    /// The number of pages that are asked for at a time.
    pub(super) parallelism: usize,
    /// Is told how many more pages are needed.
    pub(super) expect: &'a (dyn Fn(usize) + Send + Sync),
}

impl ListReader<'_> {
    /// Returns all rows of a list that begins with this page. `read` reads the page from a row on.
    ///
    /// # Errors
    /// When a page cannot be read, or says nothing new, or no page is the last one.
    pub(super) async fn rows<T, R, F>(&self, first: ListPage<T>, read: R) -> Result<Vec<T>, RemoteError>
    where
        T: ListRow,
        R: Fn(usize) -> F,
        F: Future<Output = Result<ListPage<T>, RemoteError>>,
    {
        let (size, mut total) = (first.rows.len(), first.total);
        let mut list = RowsSoFar::default();
        list.add(first).map_err(|what| self.odd(&what))?;
        while list.has_more {
            let offsets = (list.offset..total.max(list.offset + 1)).step_by(size).take(MAX_PAGES);
            (self.expect)(offsets.len());
            // Asked for one after the other as they are needed, so that a number of the server takes no room by itself.
            let mut pages = pin!(stream::iter(offsets).map(&read).buffered(self.parallelism));
            while let Some(page) = pages.try_next().await? {
                let is_full = page.rows.len() == size;
                list.add(page).map_err(|what| self.odd(&what))?;
                if !(is_full && list.has_more) {
                    // What was asked for begins where a full page would have ended: from here on, one at a time.
                    total = 0;
                    break;
                }
            }
        }
        Ok(list.rows)
    }

    fn odd(&self, what: &str) -> RemoteError {
        RemoteError::Malformed {
            answer: AnswerError {
                method: Method::Post,
                path: self.path.clone(),
                status: 200,
                what: format!("answered 200 with {what}"),
                hint: Some("run again; if that does not help, look for a proxy or a cache before the server"),
            },
            maybe_applied: false,
        }
    }
}

/// What has been read of a list.
struct RowsSoFar<T> {
    rows: Vec<T>,
    ids: HashSet<String>,
    pages: usize,
    /// Where the next page begins.
    offset: usize,
    has_more: bool,
}

// By hand: the derived one would want a default of the rows.
impl<T> Default for RowsSoFar<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            ids: HashSet::new(),
            pages: 0,
            offset: 0,
            has_more: false,
        }
    }
}

impl<T: ListRow> RowsSoFar<T> {
    /// Adds the next page, or returns what is odd about it.
    fn add(&mut self, page: ListPage<T>) -> Result<(), String> {
        let (known, begin) = (self.rows.len(), self.offset);
        self.pages += 1;
        self.offset += page.rows.len();
        self.has_more = page.has_more;
        // What changes meanwhile shifts the pages, so that a row may be on two of them.
        let ids = &mut self.ids;
        self.rows
            .extend(page.rows.into_iter().filter(|row| ids.insert(row.id().to_string())));
        if self.has_more && self.offset == begin {
            return Err(format!(
                "a page without rows after {begin} rows of a list, and says that more follow"
            ));
        }
        if self.rows.len() == known && self.offset > begin {
            return Err(format!(
                "a page after {begin} rows of a list that has only rows of earlier pages"
            ));
        }
        if self.has_more && self.pages == MAX_PAGES {
            return Err(format!("a list that goes on after {MAX_PAGES} pages"));
        }
        Ok(())
    }
}

impl ListRow for WireEntity {
    fn id(&self) -> &Value {
        &self.id
    }
}

impl ListRow for WireRelationship {
    fn id(&self) -> &Value {
        &self.id
    }
}

impl ListRow for ContentRow {
    fn id(&self) -> &Value {
        &self.id
    }
}

impl ListRow for ScriptRow {
    fn id(&self) -> &Value {
        &self.id
    }
}

impl From<EntityPage> for ListPage<WireEntity> {
    fn from(page: EntityPage) -> Self {
        Self {
            rows: page.entities,
            has_more: page.metadata.has_more,
            total: page.metadata.total_count,
        }
    }
}

impl From<RelationshipPage> for ListPage<WireRelationship> {
    fn from(page: RelationshipPage) -> Self {
        Self {
            rows: page.relationships,
            has_more: page.metadata.has_more,
            total: page.metadata.total,
        }
    }
}

impl<R> From<QueryPage<R>> for ListPage<R> {
    fn from(page: QueryPage<R>) -> Self {
        Self {
            rows: page.rows,
            has_more: page.has_more,
            total: page.total_count,
        }
    }
}
