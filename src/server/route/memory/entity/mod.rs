//! Entities: contract section 12.1.

mod draft;
mod hierarchy;
mod kind;
pub(super) mod list;
pub(super) mod removal;
pub(super) mod row;
pub(super) mod write;
