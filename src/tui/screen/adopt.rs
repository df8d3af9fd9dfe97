//! The page before files are written: their differences, and what cannot be adopted.

use tui_input::Input;

use super::Page;
use crate::show::pull::adopting_text;
use crate::show::{Line, Role};
use crate::tui::sheet::Sheet;
use crate::tui::workbench::{AdoptRequest, Adoption};

/// How far an adoption is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum AdoptState {
    /// The changes to the files are being worked out.
    WorkedOut,
    /// They are known. Holds the number of files and what happens to them.
    Known(usize, String),
    /// They are being written.
    Written,
}

/// The page that asks before an adoption.
#[derive(Debug, Clone)]
pub struct AdoptPage {
    request: AdoptRequest,
    state: AdoptState,
    list: Sheet,
}

impl AdoptPage {
    /// Creates the page, before the changes to the files are known.
    pub fn new(request: AdoptRequest) -> Self {
        Self {
            request,
            state: AdoptState::WorkedOut,
            list: Sheet::default(),
        }
    }

    /// Returns what the page is about.
    pub fn request(&self) -> &AdoptRequest {
        &self.request
    }

    /// Shows what would be written.
    pub fn show(&mut self, adoption: Adoption) {
        self.state = AdoptState::Known(adoption.files, adoption.summary);
        self.list = Sheet::new(adoption.lines);
    }

    /// Begins to write. Returns whether there is anything to write, and it is known.
    pub fn begin(&mut self) -> bool {
        let writes = matches!(self.state, AdoptState::Known(files, _) if files > 0);
        if writes {
            self.state = AdoptState::Written;
        }
        writes
    }

    /// Whether files are being written: then the page cannot be closed.
    pub fn is_writing(&self) -> bool {
        self.state == AdoptState::Written
    }
}

impl Page for AdoptPage {
    fn head(&self) -> Vec<Line> {
        let sentence = match &self.state {
            AdoptState::WorkedOut => "working out the changes to the files".to_owned(),
            AdoptState::Known(_, summary) => summary.clone(),
            AdoptState::Written => "writing the files".to_owned(),
        };
        vec![
            Line::default().push(Role::Strong, sentence),
            Line::default().push(Role::Dim, adopting_text(self.request.rows.len())),
        ]
    }

    fn list(&self) -> &Sheet {
        &self.list
    }

    fn list_mut(&mut self) -> &mut Sheet {
        &mut self.list
    }

    fn question(&self) -> Line {
        match &self.state {
            AdoptState::Known(0, _) => Line::default().push(Role::Field, "esc").plain(" back"),
            AdoptState::Known(..) => Line::default()
                .push(Role::Field, "y")
                .plain(" write   ")
                .push(Role::Field, "esc")
                .plain(" back"),
            AdoptState::WorkedOut | AdoptState::Written => Line::default().push(Role::Dim, "…"),
        }
    }

    fn typed(&self) -> Option<&Input> {
        None
    }
}
