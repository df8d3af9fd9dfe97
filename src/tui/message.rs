//! What the model is told, and what it asks for: the only two ways between the pure part and the world.

use crossterm::event::MouseEvent;

use super::exit::TuiExit;
use super::key::Key;
use super::workbench::{ApplyRequest, LoadFailure, LoadRequest, LoadStep, Loaded, Refusal};
use crate::apply::Cancel;
use crate::apply::event::Event;
use crate::plan::{Plan, Row};
use crate::resource::{Address, Origin};
use crate::show::Line;
use std::collections::BTreeSet;

/// Something happened.
#[derive(Debug, Clone)]
pub enum Message {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// The terminal has this size now.
    Resize {
        /// Columns.
        width: u16,
        /// Lines.
        height: u16,
    },
    /// Milliseconds since the screen appeared; sent while something moves, and before everything else that happens.
    Clock(u64),
    /// Loading got somewhere.
    LoadStep(LoadStep),
    /// Loading has ended.
    Loaded(Box<Result<Loaded, LoadFailure>>),
    /// The plan with other rows to delete.
    Replanned(Box<Option<Plan>>),
    /// The guards' answer about the rows that the confirmation names.
    Checked(Option<Refusal>),
    /// The run got somewhere.
    Run(Event),
    /// The run has ended.
    RunEnded(Result<(), String>),
    /// The lines of a row whose texts are too long to compare between two frames.
    Compared {
        /// Which row.
        address: Address,
        /// Which of the two layouts.
        side_by_side: bool,
        /// What to show.
        lines: Vec<super::detail::BodyLine>,
    },
    /// The editor was closed, or could not be opened.
    Edited(Result<(), String>),
    /// SIGTERM or SIGHUP.
    Terminate,
}

/// Something is to be done.
#[derive(Debug)]
pub enum Effect {
    /// Read and plan.
    Load(LoadRequest),
    /// Plan again with other rows to delete.
    Replan(BTreeSet<Address>),
    /// Ask the guards about these rows, and answer before the next key is read.
    Check(ApplyRequest),
    /// Apply.
    Apply(ApplyRequest, Cancel),
    /// Compare long texts aside.
    Compare {
        /// The row to lay out.
        row: Box<Row>,
        /// Which of the two layouts.
        side_by_side: bool,
    },
    /// Put a text on the clipboard.
    Copy(String),
    /// Open the editor.
    Edit(Origin),
    /// Stop the process until it is continued.
    Suspend,
    /// Draw everything again.
    Redraw,
    /// Leave.
    Quit(TuiExit),
}

/// Lines that a message carries, for a notice.
pub(super) fn notice(role: crate::show::Role, text: impl AsRef<str>) -> Line {
    Line::default().push(role, text)
}
