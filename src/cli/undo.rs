//! The arguments of `lobuctl undo`.

use clap::Args;

use super::apply::{ApplyArgs, FailOn, PlanArgs};

/// The arguments of `lobuctl undo`.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct UndoArgs {
    /// The id of the run, the beginning of one, or `last`; by default the last run on this target that wrote anything.
    pub run: Option<String>,
    /// Also put back what somebody has changed since that run.
    #[arg(long)]
    pub force: bool,
    /// Put back only these rows and what they need. May be repeated.
    #[arg(long, value_name = "ADDRESS")]
    pub target: Vec<String>,
    /// Apply without asking. What somebody has changed since is left alone, and ends with 6.
    #[arg(short, long)]
    pub yes: bool,
    /// Only show the plan.
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Ask plain questions instead of showing the full screen.
    #[arg(long)]
    pub plain: bool,
    /// Show rows in full.
    #[arg(long)]
    pub full: bool,
    /// Refuse with 4 when the plan has any of these: restart, delete, changes>N.
    #[arg(long, value_name = "GUARDS", value_delimiter = ',')]
    pub fail_on: Vec<FailOn>,
    /// Refuse with 4 when more platforms than this restart.
    #[arg(long, value_name = "N")]
    pub max_restarts: Option<usize>,
    /// Refuse with 5 unless the plan has this id.
    #[arg(long, value_name = "ID")]
    pub plan_id: Option<String>,
    /// After a failure, go on with the rows that do not depend on it.
    #[arg(long)]
    pub keep_going: bool,
    /// Keep no journal of the undo.
    #[arg(long)]
    pub no_journal: bool,
    /// Treat the target as protected: ask for the organization's name; `--yes` needs `--plan-id`.
    #[arg(long)]
    pub protect: bool,
}

impl UndoArgs {
    /// Returns the arguments with which the plan of the undo is applied.
    pub fn apply(&self) -> ApplyArgs {
        ApplyArgs {
            plan: PlanArgs {
                target: self.target.clone(),
                full: self.full,
                fail_on: self.fail_on.clone(),
                max_restarts: self.max_restarts,
                plan_id: self.plan_id.clone(),
                ..PlanArgs::default()
            },
            yes: self.yes,
            dry_run: self.dry_run,
            plain: self.plain,
            keep_going: self.keep_going,
            no_journal: self.no_journal,
            protect: self.protect,
            ..ApplyArgs::default()
        }
    }
}
