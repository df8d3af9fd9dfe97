//! Relationships between entities: contract section 12.2.

pub(super) mod list;
mod row;
pub(super) mod write;
