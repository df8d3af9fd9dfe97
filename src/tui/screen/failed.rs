//! There is no plan: the diagnostics, to be read and scrolled.

use super::AfterLoading;
use crate::resource::Origin;
use crate::show::{Line, Role};
use crate::tui::sheet::Sheet;
use crate::tui::workbench::LoadFailure;

/// The screen when loading has failed.
#[derive(Debug, Clone)]
pub struct Failed {
    /// Where the first problem is, when a file is to blame.
    pub origin: Option<Origin>,
    /// The diagnostics.
    pub diagnostics: Sheet,
    /// What the next attempt does with its plan.
    pub after: AfterLoading,
}

impl Failed {
    /// Creates the screen from a failure.
    pub fn new(failure: LoadFailure, after: AfterLoading) -> Self {
        let lines = if failure.lines.is_empty() {
            vec![Line::default().push(Role::Error, "no reason was given")]
        } else {
            failure.lines
        };
        Self {
            origin: failure.origin,
            diagnostics: Sheet::new(lines),
            after,
        }
    }
}
