//! The arguments of `lobuctl watch`.

use clap::Args;

use super::apply::{ApplyArgs, PlanArgs, WritingArgs};
use super::choice;
use crate::apply::OnStale;

/// The arguments of `lobuctl watch`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct WatchArgs {
    /// The arguments that `plan` takes too.
    #[command(flatten)]
    pub plan: PlanArgs,
    /// Read the server again after this number of seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub every: u32,
    /// Without a screen: end with 0 as soon as nothing is left to apply.
    #[arg(long)]
    pub once_clean: bool,
    /// When applying: after a failure, go on with the rows that do not depend on it.
    #[arg(long)]
    pub keep_going: bool,
    /// When applying: what to do with a row that changed on the server after the plan was made.
    #[arg(long, value_parser = choice::on_stale(), default_value = "stop", value_name = "WHAT")]
    pub on_stale: OnStale,
    /// Treat the target as protected: ask for the organization's name.
    #[arg(long)]
    pub protect: bool,
}

impl WatchArgs {
    /// Returns the same arguments as those of an apply that asks.
    pub fn apply(&self) -> ApplyArgs {
        ApplyArgs {
            plan: self.plan.clone(),
            on_stale: self.on_stale,
            writing: WritingArgs {
                keep_going: self.keep_going,
                protect: self.protect,
                ..WritingArgs::default()
            },
            ..ApplyArgs::default()
        }
    }
}
