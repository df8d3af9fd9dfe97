//! Files that show what was planned or done, without the project and without the server: saved plans, the JSON that a
//! pipeline keeps of a plan or an apply, and journals.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::saved_plan::{SavedPlan, SavedPlanError, read_text};
use crate::apply::event::Event;
use crate::journal::RecordedRun;
use crate::plan::Plan;

/// The error for a file that shows nothing.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file is a saved plan that cannot be read.
    #[error(transparent)]
    Plan(SavedPlanError),
    /// The file is anything else.
    #[error("`{}` is no saved plan, no JSON of a plan or an apply, and no journal", .0.display())]
    OtherFile(PathBuf),
}

/// What a file shows.
#[derive(Debug, Clone, PartialEq)]
pub enum Recording {
    /// A plan that was saved.
    Saved(Box<SavedPlan>),
    /// A plan as `--format json` prints it, and the events of the run that followed, if any.
    Printed {
        /// The last plan.
        plan: Box<Plan>,
        /// The events of the run of that plan.
        events: Vec<Event>,
    },
    /// The journal of a run.
    Journal(Box<RecordedRun>),
}

impl Recording {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or shows nothing.
    pub fn read(path: &Path) -> Result<Self, RecordingError> {
        let text = read_text(path).map_err(|source| {
            RecordingError::Plan(SavedPlanError::System {
                path: path.to_owned(),
                source,
            })
        })?;
        Self::parse(&text, path)
    }

    /// Reads the text of a file; the path is for errors.
    ///
    /// # Errors
    /// As [`Recording::read`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, RecordingError> {
        match SavedPlan::parse(text, path) {
            Ok(saved) => return Ok(Self::Saved(Box::new(saved))),
            Err(SavedPlanError::OtherFile(_)) => {}
            Err(error) => return Err(RecordingError::Plan(error)),
        }
        if let Ok(run) = RecordedRun::parse(text) {
            return Ok(Self::Journal(Box::new(run)));
        }
        printed(text).ok_or_else(|| RecordingError::OtherFile(path.to_owned()))
    }

    /// Returns the plan, and what is known of how its rows ended: nothing where it was not applied.
    pub fn replay(&self) -> (Plan, Vec<Event>) {
        match self {
            Self::Saved(saved) => (saved.plan.clone(), Vec::new()),
            Self::Printed { plan, events } => ((**plan).clone(), events.clone()),
            Self::Journal(run) => run.replay(),
        }
    }
}

/// Reads what a command with `--format json` has printed. Lines about anything else are skipped.
fn printed(text: &str) -> Option<Recording> {
    let mut plan = None;
    let mut events = Vec::new();
    for line in text.lines() {
        let Ok(value) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        if value["type"] == "plan"
            && let Ok(found) = Plan::deserialize(&value)
        {
            plan = Some(Box::new(found));
            events.clear();
        } else if let Ok(event) = Event::deserialize(&value) {
            events.push(event);
        }
    }
    Some(Recording::Printed { plan: plan?, events })
}
