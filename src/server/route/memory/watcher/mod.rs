//! Watchers: contract section 13. This server stores, versions and lists them, and runs none.

mod check;
mod draft;
pub(super) mod list;
mod row;
pub(super) mod state;
mod template;
pub(super) mod version;
mod version_row;
pub(super) mod write;
