//! Queries: the tool `query_sql`.

use serde::Deserialize;

/// The tool, below `/api/:org/`.
pub const TOOL: &str = "query_sql";

/// The maximum number of rows in one response.
pub const MAX_ROWS: usize = 500;

/// A page of the rows of a query.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct QueryPage<R> {
    /// The rows of the page.
    pub rows: Vec<R>,
    /// The number of all rows; 0 where the server does not say it.
    #[serde(default)]
    pub total_count: usize,
    /// Whether more follow.
    pub has_more: bool,
}
