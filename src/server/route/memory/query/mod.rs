//! The tool `query_sql`: contract section 15. The one query that a client needs, and nothing else of SQL.

mod columns;
mod parse;
pub(super) mod run;
mod table;
