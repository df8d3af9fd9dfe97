//! The changes of rows as lines, compared once: long texts on a background thread, the last ones kept.

use std::sync::Arc;

use crate::plan::Row;
use crate::resource::{Address, Shown};
use crate::tui::body::{BodyLine, BodyStyle};
use crate::tui::{lines, side};

/// The total size of a row's changes, in bytes, above which they are compared in the background.
const LONG: usize = 48 * 1024;
/// The maximum number of cached bodies.
const MAX_CACHED: usize = 16;

/// A row, and how it is laid out.
pub(super) type BodyKey = (Address, BodyStyle);

/// The bodies that were compared last, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct BodyCache(Vec<(BodyKey, Arc<Vec<BodyLine>>)>);

impl BodyCache {
    pub(super) fn get(&self, key: &BodyKey) -> Option<Arc<Vec<BodyLine>>> {
        let (_, lines) = self.0.iter().find(|(known, _)| known == key)?;
        Some(Arc::clone(lines))
    }

    pub(super) fn put(&mut self, key: BodyKey, lines: Arc<Vec<BodyLine>>) {
        if self.0.len() >= MAX_CACHED {
            self.0.remove(0);
        }
        self.0.push((key, lines));
    }
}

/// Returns the lines of a row's changes.
pub fn compare(row: &Row, style: BodyStyle) -> Vec<BodyLine> {
    if style.side_by_side {
        side::changes(row, style.context_lines())
    } else {
        lines::changes(row, style.context_lines())
    }
}

/// Whether a row is compared in the background.
pub(super) fn is_long(row: &Row) -> bool {
    let length = |shown: &Option<Shown>| shown.as_ref().and_then(Shown::as_str).map_or(0, str::len);
    let total: usize = row
        .changes
        .iter()
        .map(|change| length(&change.before) + length(&change.after))
        .sum();
    total > LONG
}
