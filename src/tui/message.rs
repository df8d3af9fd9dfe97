//! Messages to the model and effects from it: the only connection between the pure part and everything else.

use std::collections::BTreeSet;

use crossterm::event::MouseEvent;

use super::exit::TuiExit;
use super::key::Key;
use super::workbench::{
    AdoptRequest, Adoption, ApplyRequest, ExportRequest, IgnoreRequest, LoadFailure, LoadRequest, LoadStep, LoadedPlan,
    Refusal, SecretComparison, WatchNews,
};
use crate::apply::Cancel;
use crate::apply::event::Event;
use crate::plan::{Plan, Row};
use crate::resource::{Address, Origin};
use crate::show::Line;

/// An input of [`update`](super::update::update).
#[derive(Debug, Clone)]
pub enum Message {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted, with bracketed paste: a terminal without it sends keys.
    Paste(String),
    /// A mouse event arrived.
    Mouse(MouseEvent),
    /// The terminal was resized.
    Resize {
        /// The number of columns.
        width: u16,
        /// The number of lines.
        height: u16,
    },
    /// Milliseconds since the screen appeared; sent while something moves, and before everything else that happens.
    Clock(u64),
    /// A step of loading began or ended.
    LoadStep(LoadStep),
    /// Loading ended, with a plan or with the reason why there is none.
    Loaded(Box<Result<LoadedPlan, LoadFailure>>),
    /// The plan with other rows to delete; `None` if there is none.
    Replanned(Box<Option<Plan>>),
    /// The guards' answer about the rows that the confirmation names.
    Checked(Option<Refusal>),
    /// The run reported an event.
    Run(Event),
    /// The run ended; an error says why it could not begin or broke off.
    RunEnded(Result<(), String>),
    /// A row with long texts was compared in the background.
    Compared {
        /// The address of the row.
        address: Address,
        /// How the lines are laid out.
        style: super::detail::BodyStyle,
        /// The lines of its changes, before they are wrapped.
        lines: Vec<super::detail::BodyLine>,
    },
    /// It is known what an adoption writes, or why it is not.
    Adoption {
        /// What was asked for: another page may be open by now.
        request: AdoptRequest,
        /// What would be written.
        result: Result<Adoption, String>,
    },
    /// An adoption was written, or what went wrong.
    Adopted(Result<String, String>),
    /// It is known how the secrets compare, or why it is not.
    SecretsCompared {
        /// The page that asked: another one may be open by now.
        page: u64,
        /// How they compare.
        result: Result<SecretComparison, String>,
    },
    /// What was stored on the server, or what went wrong.
    SecretsPushed(Result<String, String>),
    /// Where the plan was written, or why it was not.
    Exported(Result<String, String>),
    /// The plan with other drift ignored, or why nothing was written.
    Ignored(Box<Result<Plan, String>>),
    /// Files or server have changed, or something stands in the way of planning them.
    Watched(WatchNews),
    /// Whether the workbench uses the plan of this number from now on.
    PlanTaken {
        /// The number of the plan.
        number: u64,
        /// Whether it is used.
        taken: bool,
    },
    /// The terminal has the keyboard focus again.
    Focused,
    /// The editor ended, or could not be opened.
    Edited(Result<(), String>),
    /// The process got SIGTERM or SIGHUP, or its terminal has gone.
    Terminate,
}

/// A file to open in the editor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditRequest {
    /// The file, relative to the folder of the options, and the line from 1.
    pub origin: Origin,
    /// Names of environment variables that the editor must not inherit: the project's secrets.
    pub hidden_variables: Vec<String>,
}

/// Something to do outside the model.
#[derive(Debug)]
pub enum Effect {
    /// Read files and server, and plan.
    Load(LoadRequest),
    /// Plan again with other rows to delete.
    Replan(BTreeSet<Address>),
    /// Ask the guards about these rows, and answer before the next key is read.
    Check(ApplyRequest),
    /// Apply the selected rows, until the run ends or is cancelled.
    Apply(ApplyRequest, Cancel),
    /// Compare a row with long texts in the background.
    Compare {
        /// The row to compare.
        row: Box<Row>,
        /// How the lines are laid out.
        style: super::detail::BodyStyle,
    },
    /// Work out what an adoption writes.
    Adopt(AdoptRequest),
    /// Write what was worked out for this request.
    WriteAdopted(AdoptRequest),
    /// Compare the secrets with those on the server, for the page of this number.
    CompareSecrets(u64),
    /// Store on the server what it lacks.
    PushSecrets {
        /// The page that has shown it.
        page: u64,
        /// Whether what differs is replaced too.
        replaces: bool,
    },
    /// Write the plan into a file.
    Export(ExportRequest),
    /// Change which drift is ignored.
    Ignore(IgnoreRequest),
    /// Begin to follow files and server, or end it.
    Watch(bool),
    /// Use a newer plan, and answer before the next key is read.
    TakePlan(u64),
    /// Read the server again in the background.
    ReadServer,
    /// Copy a text to the clipboard.
    Copy(String),
    /// Set the terminal's title.
    Title(String),
    /// Tell the user that a long run has ended.
    Announce(String),
    /// Open the editor.
    Edit(EditRequest),
    /// Suspend the process until it is continued.
    Suspend,
    /// Draw everything again, because another program has written to the terminal.
    Redraw,
    /// Close the screen with this result.
    Quit(TuiExit),
}

/// What has to be done outside the model because of a message, in order.
pub type Effects = Vec<Effect>;

/// Returns a notice: one line about the last key or event.
pub(super) fn notice(role: crate::show::Role, text: impl AsRef<str>) -> Line {
    Line::default().push(role, text)
}
