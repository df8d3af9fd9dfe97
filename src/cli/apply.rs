//! Arguments of `lobuctl plan` and `lobuctl apply`.

use std::str::FromStr;

use clap::{Args, ValueEnum};

/// How many requests are in flight at most, unless said otherwise.
const PARALLELISM: u16 = 16;

/// What `plan` and `apply` share.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct PlanArgs {
    /// Only this half of the organisation.
    #[arg(long, value_enum, value_name = "PART")]
    pub only: Option<Only>,
    /// Only these rows and what they depend on: an address such as `platform.triage.*`; may be given several times.
    #[arg(long, value_name = "ADDRESS")]
    pub target: Vec<String>,
    /// Delete what only the server has, and clear fields that the files do not mention.
    #[arg(long)]
    pub prune: bool,
    /// Requests in flight at most.
    #[arg(long, value_name = "N", default_value_t = PARALLELISM, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub parallelism: u16,
    /// Show unchanged rows one by one instead of their number.
    #[arg(long)]
    pub all: bool,
    /// End with 2 when the plan has changes, with 3 when it has only drift.
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Leave platforms alone whose secret the server does not show, when nothing else differs.
    #[arg(long)]
    pub no_recheck: bool,
    /// Which `$NAME` references must have a value: all of them, or those whose value is sent.
    #[arg(long, value_enum, default_value_t, value_name = "WHICH")]
    pub secrets_check: SecretsCheck,
    /// Refuse with 4 when the plan holds one of these: drift, restart, delete, changes>N.
    #[arg(long, value_name = "GUARDS", value_delimiter = ',')]
    pub fail_on: Vec<FailOn>,
    /// Refuse with 4 when more platforms than this restart or may restart.
    #[arg(long, value_name = "N")]
    pub max_restarts: Option<usize>,
    /// Refuse with 5 when the plan is not this one.
    #[arg(long, value_name = "ID")]
    pub plan_id: Option<String>,
}

impl Default for PlanArgs {
    fn default() -> Self {
        Self {
            only: None,
            target: Vec::new(),
            prune: false,
            parallelism: PARALLELISM,
            all: false,
            detailed_exitcode: false,
            no_recheck: false,
            secrets_check: SecretsCheck::All,
            fail_on: Vec::new(),
            max_restarts: None,
            plan_id: None,
        }
    }
}

/// Arguments of `lobuctl apply`.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct ApplyArgs {
    /// What `plan` understands too.
    #[command(flatten)]
    pub plan: PlanArgs,
    /// Ask nothing.
    #[arg(short, long)]
    pub yes: bool,
    /// Plan only.
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// After a failure go on with what does not depend on it.
    #[arg(long)]
    pub keep_going: bool,
    /// Ask in plain text instead of the full screen.
    #[arg(long)]
    pub plain: bool,
    /// What to do with a row that changed on the server since the plan.
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    pub on_stale: OnStale,
    /// Treat the target as protected: the organisation's name is asked for, and `--yes` needs `--plan-id`.
    #[arg(long)]
    pub protect: bool,
}

/// Half of an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Only {
    /// Agents, their settings, their platforms.
    Agents,
    /// Entity and relationship types.
    Memory,
}

/// What to do with a row that changed on the server since the plan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum OnStale {
    /// Leave it, and say so.
    #[default]
    Stop,
    /// Write what the plan says.
    Overwrite,
}

/// Which references must have a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum SecretsCheck {
    /// Every one.
    #[default]
    All,
    /// Those whose value is sent.
    Sent,
}

/// A guard: the plan is refused when it holds this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailOn {
    /// Something that only the server has.
    Drift,
    /// A platform that restarts, or may restart because its secret is sent again.
    Restart,
    /// Something that goes away.
    Delete,
    /// More changes than this.
    Changes(usize),
}

impl FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "drift" => Ok(Self::Drift),
            "restart" => Ok(Self::Restart),
            "delete" => Ok(Self::Delete),
            other => other
                .strip_prefix("changes>")
                .and_then(|limit| limit.trim().parse().ok())
                .map(Self::Changes)
                .ok_or_else(|| "expected drift, restart, delete or changes>N".to_owned()),
        }
    }
}
