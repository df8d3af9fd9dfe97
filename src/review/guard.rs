//! What has to hold before anything is applied, on every face: `--fail-on`, `--max-restarts`, `--plan-id`, a protected
//! target.

use std::path::Path;

use super::approved;
use super::saved_plan::SavedPlan;
use crate::cli::{FailOn, GuardArgs};
use crate::failure::{Failure, FailureKind};
use crate::plan::{Counts, Plan, PlanId, Row, Selection};
use crate::show::word::plural;

/// The guards that the command line asks for.
#[derive(Debug, Clone, Default)]
pub struct Guards {
    fail_on: Vec<FailOn>,
    max_restarts: Option<usize>,
    plan_id: Option<String>,
}

/// How the user agreed to a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consent {
    /// Without a question: `--yes` was given.
    Unattended,
    /// By a key or a typed `yes`.
    Answered,
    /// By typing the organization's name.
    TypedOrganization(String),
}

/// Why the guards refuse.
#[derive(Debug)]
pub(super) enum GuardRefusal {
    /// Conditions of `--fail-on` and `--max-restarts` that are met, each with its numbers.
    ConditionsMet(Vec<String>),
    /// Another plan than the approved one.
    OtherPlan { approved: String },
    /// The approved plan, but not all of it is selected.
    PartOfPlan,
}

impl Guards {
    /// Reads the guards of the command line.
    pub fn new(arguments: &GuardArgs) -> Self {
        Self {
            fail_on: arguments.fail_on.clone(),
            max_restarts: arguments.max_restarts,
            plan_id: arguments.plan_id.clone(),
        }
    }

    /// Returns the guards that refuse every plan without this id too.
    pub(super) fn with_plan_id(self, id: &PlanId) -> Self {
        Self {
            plan_id: Some(id.to_string()),
            ..self
        }
    }

    /// Asks every guard. What is left out is not written, so only drift counts where it is not selected.
    pub(super) fn check(&self, plan: &Plan, selection: &Selection) -> Result<(), GuardRefusal> {
        // The id comes first: the numbers of another plan than the approved one mean nothing.
        if let Some(approved) = &self.plan_id {
            if approved != plan.id.as_str() {
                let approved = approved.clone();
                return Err(GuardRefusal::OtherPlan { approved });
            }
            if plan
                .rows
                .iter()
                .any(|row| row.writes() && !selection.contains(&row.address))
            {
                return Err(GuardRefusal::PartOfPlan);
            }
        }
        let selected = |row: &&Row| !row.writes() || selection.contains(&row.address);
        let counts = Counts::of(plan.rows.iter().filter(selected));
        let limit = self.max_restarts.and_then(|limit| too_many_restarts(&counts, limit));
        let reasons: Vec<String> = self
            .fail_on
            .iter()
            .filter_map(|guard| fails(&counts, *guard))
            .chain(limit)
            .collect();
        if reasons.is_empty() {
            Ok(())
        } else {
            Err(GuardRefusal::ConditionsMet(reasons))
        }
    }
}

impl Guards {
    /// Returns why this many restarts beside any plan are refused, or nothing where they are not.
    pub(super) fn refused_restarts(&self, platforms: usize) -> Vec<String> {
        let counts = Counts {
            restart: platforms,
            ..Counts::default()
        };
        let limit = self.max_restarts.and_then(|limit| too_many_restarts(&counts, limit));
        let conditions = self.fail_on.iter().filter(|guard| matches!(guard, FailOn::Restart));
        conditions
            .filter_map(|guard| fails(&counts, *guard))
            .chain(limit)
            .collect()
    }
}

impl GuardRefusal {
    /// Returns the refusal as a failure, with what is known of the approved plan: all of it where it was saved.
    pub(super) fn explained(self, state_dir: Option<&Path>, saved: Option<&SavedPlan>, plan: &Plan) -> Failure {
        match self {
            Self::ConditionsMet(reasons) => {
                let mut failure = Failure::refused("refused by a guard; nothing was written")
                    .hint("apply without the guard if the plan is what you want");
                failure.causes = reasons;
                failure
            }
            Self::PartOfPlan => {
                let failure = Failure::new(FailureKind::Stale, "only a part of the approved plan is selected");
                failure.hint(match saved {
                    Some(_) => "select everything, or plan again what you want",
                    None => "select everything, or apply without `--plan-id`",
                })
            }
            Self::OtherPlan { approved } => match saved {
                Some(saved) => {
                    let message = format!(
                        "this is plan `{}`, and `{approved}` was saved; nothing was written",
                        plan.id
                    );
                    let mut failure = Failure::new(FailureKind::Stale, message);
                    failure.causes = approved::differences_of_plans(&saved.plan, plan);
                    failure.hint("files or server changed since: `lobuctl plan --out FILE` saves the plan of now")
                }
                None => other_plan(&approved, state_dir, plan),
            },
        }
    }
}

fn other_plan(approved: &str, state_dir: Option<&Path>, plan: &Plan) -> Failure {
    let message = format!("this is plan `{}`, not `{approved}`", plan.id);
    let mut failure = Failure::new(FailureKind::Stale, message);
    let approved: PlanId = match approved.parse() {
        Ok(approved) => approved,
        Err(error) => return failure.hint(error.to_string()),
    };
    match approved::differences(state_dir, &approved, plan) {
        Some(rows) => failure.causes = rows,
        None => failure
            .hints
            .push("the approved plan was not made on this machine: its rows are not known".to_owned()),
    }
    failure.hint("files or server changed since: review the plan again, then use its id")
}

/// Returns why `--max-restarts` refuses, or `None` within its limit. Possible restarts count too.
fn too_many_restarts(counts: &Counts, limit: usize) -> Option<String> {
    let restarts = counts.all_restarts();
    (restarts > limit).then(|| format!("`--max-restarts {limit}`: {}", restarts_of(counts)))
}

/// Returns `1 restart, 4 platforms may restart`.
fn restarts_of(counts: &Counts) -> String {
    let certain = plural(counts.restart, "restart", "restarts");
    let possible = format!("{} may restart", plural(counts.may_restart, "platform", "platforms"));
    match (counts.restart, counts.may_restart) {
        (_, 0) => certain,
        (0, _) => possible,
        _ => format!("{certain}, {possible}"),
    }
}

/// Returns why a condition of `--fail-on` refuses, or `None` when it is not met.
fn fails(counts: &Counts, guard: FailOn) -> Option<String> {
    match guard {
        FailOn::Drift if counts.drift > 0 => {
            let found = plural(counts.drift, "drifted resource", "drifted resources");
            Some(format!("`--fail-on drift`: {found}"))
        }
        FailOn::Drift => (counts.field_drift > 0).then(|| {
            let found = plural(counts.field_drift, "drifted field", "drifted fields");
            format!("`--fail-on drift`: {found}")
        }),
        // A secret that is sent again restarts its platform when it is another one: that cannot be known before.
        FailOn::Restart => (counts.all_restarts() > 0).then(|| format!("`--fail-on restart`: {}", restarts_of(counts))),
        FailOn::Delete => (counts.delete > 0).then(|| {
            let found = plural(counts.delete, "deletion", "deletions");
            format!("`--fail-on delete`: {found}")
        }),
        FailOn::Changes(limit) => (counts.changes() > limit).then(|| {
            let found = plural(counts.changes(), "change", "changes");
            format!("`--fail-on changes:{limit}`: {found}")
        }),
    }
}

impl Consent {
    /// Checks that this is enough for a protected target: `--yes` needs the id of a reviewed plan, a user types the
    /// organization's name.
    ///
    /// # Errors
    /// Exit 4 when it is not enough.
    pub(super) fn suffices(&self, organization: &str, guards: &Guards, plan: &Plan) -> Result<(), Failure> {
        match self {
            Self::Unattended if guards.plan_id.is_some() => Ok(()),
            Self::Unattended => {
                let message = format!("`{organization}` is protected: `--yes` alone is not enough");
                let hint = format!("review the plan, then use `--plan-id {}`", plan.id);
                Err(Failure::refused(message).hint(hint))
            }
            Self::TypedOrganization(typed) if typed == organization => Ok(()),
            Self::Answered | Self::TypedOrganization(_) => {
                let message = format!("`{organization}` is protected: its name was not typed; nothing was written");
                Err(Failure::refused(message))
            }
        }
    }
}
