//! The actions and their keys: one table, from which input, footer and palette are read.

mod binding;
mod condition;
mod conflict;
mod list;
mod lookup;
mod table;

pub use self::binding::Binding;
pub use self::conflict::{KeyClash, clashes};
pub use self::list::palette;
pub use self::lookup::{footer, help, keys, lookup};
pub use self::table::TABLE;
