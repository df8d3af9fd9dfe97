//! Rows of either database, read by the names of their columns.
//!
//! [`table_row!`] declares a struct together with the column list of its `SELECT`, so the two cannot disagree.

use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Column as _, Row as _};

use super::DbResult;

/// A row of either database.
pub(crate) enum DbRow {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl DbRow {
    /// Returns the value of the row's only column. It may have any name.
    pub(super) fn only_value<T: ColumnValue>(&self) -> DbResult<T> {
        let name = match self {
            Self::Sqlite(row) => row.columns().first().map(|column| column.name().to_owned()),
            Self::Postgres(row) => row.columns().first().map(|column| column.name().to_owned()),
        };
        T::read(self, &name.ok_or(sqlx::Error::RowNotFound)?)
    }
}

/// A type that can be read from a column of either database.
pub(crate) trait ColumnValue: Sized {
    /// Reads the column `name`.
    fn read(row: &DbRow, name: &str) -> DbResult<Self>;
}

/// A struct that can be read from a row of either database. [`table_row!`] implements it.
pub(crate) trait FromRow: Sized {
    /// Reads every field from the column with the field's name.
    fn from_row(row: &DbRow) -> DbResult<Self>;
}

/// Reads types that both drivers can read.
macro_rules! read_as_is {
    ($($type:ty),*) => {
        $(impl ColumnValue for $type {
            fn read(row: &DbRow, name: &str) -> DbResult<Self> {
                match row {
                    DbRow::Sqlite(row) => row.try_get(name),
                    DbRow::Postgres(row) => row.try_get(name),
                }
            }
        })*
    };
}
read_as_is!(String, Option<String>, i64, Option<i64>);

/// Both databases store a boolean as the integer 0 or 1.
impl ColumnValue for bool {
    fn read(row: &DbRow, name: &str) -> DbResult<Self> {
        Ok(i64::read(row, name)? == 1)
    }
}

/// Both databases store JSON as text: PostgreSQL's `jsonb` would reorder keys and change numbers.
impl ColumnValue for Value {
    fn read(row: &DbRow, name: &str) -> DbResult<Self> {
        parse(&String::read(row, name)?)
    }
}

impl ColumnValue for Option<Value> {
    fn read(row: &DbRow, name: &str) -> DbResult<Self> {
        Option::<String>::read(row, name)?.map(|text| parse(&text)).transpose()
    }
}

fn parse(text: &str) -> DbResult<Value> {
    serde_json::from_str(text).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// Declares a struct, reads it from rows by name, and defines a macro that expands to its column list:
///
/// ```text
/// table_row! {
///     /// A token with the slug of its organization.
///     pub(crate) struct TokenRow, columns token_columns {
///         id: String = "t.id",
///         organization: Option<String> = "o.slug",
///     }
/// }
/// const LIST: &str = concat!("SELECT ", token_columns!(), " FROM token t …");
/// ```
macro_rules! table_row {
    (
        $(#[$meta:meta])*
        pub(crate) struct $name:ident, columns $columns:ident {
            $first:ident: $first_type:ty = $first_sql:literal
            $(, $field:ident: $type:ty = $sql:literal)* $(,)?
        }
    ) => {
        $(#[$meta])*
        pub(crate) struct $name {
            pub(crate) $first: $first_type,
            $(pub(crate) $field: $type,)*
        }

        impl $crate::server::db::FromRow for $name {
            fn from_row(row: &$crate::server::db::DbRow) -> $crate::server::db::DbResult<Self> {
                Ok(Self {
                    $first: $crate::server::db::ColumnValue::read(row, stringify!($first))?,
                    $($field: $crate::server::db::ColumnValue::read(row, stringify!($field))?,)*
                })
            }
        }

        macro_rules! $columns {
            () => {
                concat!($first_sql, " AS ", stringify!($first) $(, ", ", $sql, " AS ", stringify!($field))*)
            };
        }
    };
}
pub(crate) use table_row;
