//! The arguments of `lobuctl undo`.

use clap::Args;

use super::apply::{ApplyArgs, GuardArgs, PlanArgs, WritingArgs};

/// The arguments of `lobuctl undo`.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct UndoArgs {
    /// The id of the run, the beginning of one, or `last`; by default the last run on this target that wrote anything.
    pub run: Option<String>,
    /// Also put back what somebody has changed since that run; without it, `--yes` leaves that alone and ends with 6.
    #[arg(long)]
    pub force: bool,
    /// Put back only these rows and what they need. May be repeated.
    #[arg(long, value_name = "ADDRESS")]
    pub target: Vec<String>,
    /// Show rows in full.
    #[arg(long)]
    pub full: bool,
    /// The conditions under which the plan is refused.
    #[command(flatten)]
    pub guards: GuardArgs,
    /// The arguments that every command takes that writes to the server.
    #[command(flatten)]
    pub writing: WritingArgs,
}

impl UndoArgs {
    /// Returns the arguments with which the plan of the undo is applied.
    pub fn apply(&self) -> ApplyArgs {
        ApplyArgs {
            plan: PlanArgs {
                target: self.target.clone(),
                full: self.full,
                guards: self.guards.clone(),
                ..PlanArgs::default()
            },
            writing: self.writing.clone(),
            ..ApplyArgs::default()
        }
    }
}
