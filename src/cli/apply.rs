//! The arguments of `lobuctl plan` and `lobuctl apply`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::choice;
use crate::apply::OnStale;
use crate::config::{Only, SecretsCheck, SecretsFrom};

/// The default of `--parallelism`. Few servers answer more requests at a time any faster.
const PARALLELISM: u16 = 64;

/// The arguments that `plan` and `apply` share.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct PlanArgs {
    /// Plan only this part of the organization.
    #[arg(long, value_parser = choice::only(), default_value = "all", value_name = "PART")]
    pub only: Only,
    /// Plan only these rows and what they need: an address such as `platform.triage.*`, or a row as the plan
    /// prints it, `agent triage`. `*`, `?` and `[0-2]` are wildcards. May be repeated.
    #[arg(long, value_name = "ADDRESS")]
    pub target: Vec<String>,
    /// Delete drift: resources and fields that only the server has.
    #[arg(long)]
    pub prune: bool,
    /// Delete this entity or relationship that no file declares, such as `entity.person.acme/ada` or
    /// `relationship.works-at.acme/ada.acme`. Without a wildcard; may be repeated. `--prune` never deletes one.
    #[arg(long, value_name = "ADDRESS")]
    pub delete: Vec<String>,
    /// The maximum number of requests in flight. It starts at 8, grows while the server answers as fast as before, and
    /// shrinks when it does not.
    #[arg(long, value_name = "N", default_value_t = PARALLELISM, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub parallelism: u16,
    /// List unchanged rows instead of their number.
    #[arg(long)]
    pub all: bool,
    /// Show rows in full: fields of created rows, what a deletion removes, and long texts.
    #[arg(long)]
    pub full: bool,
    /// Exit with 2 when the plan has changes, with 3 when it has only drift.
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Do not resend hidden secrets of platforms that are otherwise unchanged.
    #[arg(long)]
    pub no_recheck: bool,
    /// Which `$NAME` references must have a value.
    #[arg(long, value_parser = choice::secrets_check(), default_value = "all", value_name = "WHICH")]
    pub secrets_check: SecretsCheck,
    /// Who has the values that platforms use.
    #[arg(long, value_parser = choice::secrets_from(), default_value = "local", value_name = "WHERE")]
    pub secrets: SecretsFrom,
    /// The conditions under which the plan is refused.
    #[command(flatten)]
    pub guards: GuardArgs,
}

/// The conditions under which a plan is refused.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct GuardArgs {
    /// Refuse with 4 when the plan has any of these: drift, restart, delete, changes:N (more than N; also 'changes>N').
    #[arg(long, value_name = "GUARDS", value_delimiter = ',')]
    pub fail_on: Vec<FailOn>,
    /// Refuse with 4 when more platforms than this restart or may restart.
    #[arg(long, value_name = "N")]
    pub max_restarts: Option<usize>,
    /// Refuse with 5 unless the plan has this id.
    #[arg(long, value_name = "ID")]
    pub plan_id: Option<String>,
}

// By hand, because the derived default would not be that of the command line (`parallelism` would be 0). `Cli` compares
// with it to find flags before a command's name.
impl Default for PlanArgs {
    fn default() -> Self {
        Self {
            only: Only::All,
            target: Vec::new(),
            prune: false,
            delete: Vec::new(),
            parallelism: PARALLELISM,
            all: false,
            full: false,
            detailed_exitcode: false,
            no_recheck: false,
            secrets_check: SecretsCheck::All,
            secrets: SecretsFrom::Local,
            guards: GuardArgs::default(),
        }
    }
}

/// The arguments of `lobuctl plan`.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct PlanCommandArgs {
    /// The arguments that `apply` takes too.
    #[command(flatten)]
    pub plan: PlanArgs,
    /// Also save the plan in this file, without any secret: `lobuctl apply FILE` applies exactly that plan.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// The arguments of `lobuctl apply` with its name.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct ApplyCommandArgs {
    /// A plan that `lobuctl plan --out FILE` has saved. It is made again from files and server, and applied only when
    /// it is the same one; otherwise the rows that differ are named, and nothing is written.
    pub file: Option<PathBuf>,
    /// The arguments that `lobuctl` takes without a command too.
    #[command(flatten)]
    pub apply: ApplyArgs,
}

/// The arguments of an apply.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct ApplyArgs {
    /// The arguments that `plan` takes too.
    #[command(flatten)]
    pub plan: PlanArgs,
    /// The arguments that every command takes that writes to the server.
    #[command(flatten)]
    pub writing: WritingArgs,
    /// What to do with a row that changed on the server after the plan was made.
    #[arg(long, value_parser = choice::on_stale(), default_value = "stop", value_name = "WHAT")]
    pub on_stale: OnStale,
    /// End with the line `Apply complete` when nothing failed, as `lobu apply` does.
    #[arg(long)]
    pub compat: bool,
}

/// The arguments of commands that write to the server: how a plan is approved and carried out.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct WritingArgs {
    /// Apply without asking.
    #[arg(short, long)]
    pub yes: bool,
    /// Only show the plan.
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// After a failure, go on with the rows that do not depend on it.
    #[arg(long)]
    pub keep_going: bool,
    /// Ask plain questions instead of showing the full screen.
    #[arg(long)]
    pub plain: bool,
    /// Keep no journal of the run.
    #[arg(long)]
    pub no_journal: bool,
    /// Treat the target as protected: ask for the organization's name; `--yes` needs `--plan-id`.
    #[arg(long)]
    pub protect: bool,
}

/// A guard of `--fail-on`: the plan is refused when it has this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailOn {
    /// A resource or a field that only the server has.
    Drift,
    /// A platform that restarts, or may restart because its secret is sent again.
    Restart,
    /// A deletion.
    Delete,
    /// More than this number of created, updated and deleted rows.
    Changes(usize),
}

impl FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "drift" => Ok(Self::Drift),
            "restart" => Ok(Self::Restart),
            "delete" => Ok(Self::Delete),
            other => changes_limit(other, "drift, restart, delete").map(Self::Changes),
        }
    }
}

/// Returns the number of `changes:N`, which is also written `changes>N`.
pub(super) fn changes_limit(text: &str, others: &str) -> Result<usize, String> {
    let limit = text.strip_prefix("changes").map(str::trim_start);
    // What a shell leaves of an unquoted `changes>20`; the rest has become the name of a file.
    if limit == Some("") {
        return Err("it lacks its number: write `changes:20`, or `'changes>20'` in quotes, because a shell takes `>` for itself".to_owned());
    }
    limit
        .and_then(|limit| limit.strip_prefix([':', '>']))
        .and_then(|limit| limit.trim().parse().ok())
        .ok_or_else(|| format!("expected {others} or changes:N"))
}
