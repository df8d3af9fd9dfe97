//! Knowledge: contract section 14. It is only ever added to; a newer piece may supersede an older one.

pub(super) mod list;
pub(super) mod row;
pub(super) mod save;
pub(super) mod search;
mod words;
