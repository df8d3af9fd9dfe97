//! The question why drift is ignored, and until when.

use std::collections::BTreeSet;

use jiff::civil::Date;
use tui_input::Input;

use crate::resource::{Address, FieldPath};
use crate::tui::workbench::{IgnoreReason, IgnoreRequest};

/// The line that is being typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IgnoreField {
    /// The reason.
    Reason,
    /// The last day.
    Until,
}

/// The dialog that asks before drift is ignored.
#[derive(Debug, Clone)]
pub struct IgnorePage {
    /// The rows.
    pub rows: BTreeSet<Address>,
    /// The one field that is meant; `None` for everything that drifts in the rows.
    pub field: Option<FieldPath>,
    /// The line that has the keys.
    pub typing: IgnoreField,
    /// The reason as it is typed.
    pub reason: Input,
    /// The last day as it is typed.
    pub until: Input,
}

impl IgnorePage {
    /// Creates the dialog with an empty reason.
    pub fn new(rows: BTreeSet<Address>, field: Option<FieldPath>, until: Date) -> Self {
        Self {
            rows,
            field,
            typing: IgnoreField::Reason,
            reason: Input::default(),
            until: Input::new(until.to_string()),
        }
    }

    /// Returns the line that has the keys.
    pub fn input(&mut self) -> &mut Input {
        match self.typing {
            IgnoreField::Reason => &mut self.reason,
            IgnoreField::Until => &mut self.until,
        }
    }

    /// Goes to the other line.
    pub fn other_field(&mut self) {
        self.typing = match self.typing {
            IgnoreField::Reason => IgnoreField::Until,
            IgnoreField::Until => IgnoreField::Reason,
        };
    }

    /// Returns the request.
    ///
    /// # Errors
    /// What is wrong with a line, which then has the keys.
    pub fn request(&mut self, today: Date) -> Result<IgnoreRequest, String> {
        let reason = self.reason.value().trim().to_owned();
        if reason.is_empty() {
            self.typing = IgnoreField::Reason;
            return Err("type the reason: who reads it later wants to know why".to_owned());
        }
        let until = self.until.value().trim().parse::<Date>();
        self.typing = IgnoreField::Until;
        let until = until.map_err(|_| format!("type the last day as YYYY-MM-DD, such as {today}"))?;
        if until < today {
            return Err(format!("{until} has passed: today is {today}"));
        }
        Ok(IgnoreRequest {
            rows: self.rows.clone(),
            field: self.field.clone(),
            because: Some(IgnoreReason { reason, until }),
        })
    }
}
