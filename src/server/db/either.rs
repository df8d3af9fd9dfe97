//! Statements that the two databases write differently.

use super::{Db, Tx, TxInner};

/// A statement in the language of each database. Both take the same parameters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EitherSql {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

impl Tx<'_> {
    /// Returns the statement for the database of this transaction.
    pub(crate) fn pick(&self, sql: EitherSql) -> &'static str {
        match self.inner {
            TxInner::Sqlite(_) => sql.sqlite,
            TxInner::Postgres(_) => sql.postgres,
        }
    }
}

impl Db {
    /// Returns the statement for this database.
    pub(crate) fn pick(&self, sql: EitherSql) -> &'static str {
        match self {
            Self::Sqlite { .. } => sql.sqlite,
            Self::Postgres { .. } => sql.postgres,
        }
    }
}
