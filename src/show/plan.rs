//! A plan as lines: a tree by indentation, the same to the byte for the same plan.

use std::convert::Infallible;
use std::path::Path;

use super::change::{Detail, row_details};
use super::line::{Line, Role};
use super::row::{row_line, verb_role};
use super::word::{counted_list, plural};
use crate::plan::{Counts, Plan, Row, Target, Verb};

/// The state of a command that is reading and planning.
pub const PLANNING: &str = "planning";

/// The state of a command whose plan could not be made.
pub const NO_PLAN: &str = "no plan";

/// Returns what can be done with a plan that was saved in a file.
pub fn saved_text(file: &Path) -> String {
    format!(
        "saved, without secrets: `lobuctl apply {file}` applies exactly this plan, `lobuctl show {file}` shows it",
        file = file.display()
    )
}

/// What is said of a plan that was read from a record.
pub const READ_ONLY: &str = "read-only";

/// How much of a plan is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanView {
    /// Whether unchanged and ignored rows are listed; otherwise they are counted.
    pub all: bool,
    /// How much of each row is shown.
    pub detail: Detail,
}

/// Returns the whole plan: target, agents, memory, warnings, summary.
pub fn plan_lines(plan: &Plan, view: PlanView) -> Vec<Line> {
    let mut lines = Vec::new();
    let Ok(()) = each_plan_line::<Infallible>(plan, view, &mut |line| {
        lines.push(line);
        Ok(())
    });
    lines
}

/// Gives the lines of [`plan_lines`] to `take`, one after the other: those of a large plan take more room than the plan.
///
/// # Errors
/// The first error of `take`, after which it gets no further line.
pub fn each_plan_line<E>(plan: &Plan, view: PlanView, take: &mut TakeLine<'_, E>) -> Result<(), E> {
    take(target_line("Plan", &plan.target))?;
    take(Line::default())?;
    let (memory, agents): (Vec<&Row>, Vec<&Row>) = plan.rows.iter().partition(|row| row.address.is_memory());
    for (title, rows) in [("agents:", agents), ("memory:", memory)] {
        if !rows.is_empty() {
            take(Line::at(2).push(Role::Heading, title))?;
            section(&rows, view, take)?;
            take(Line::default())?;
        }
    }
    if plan.undeclared_entities > 0 {
        let count = plural(plan.undeclared_entities, "entity", "entities");
        let text = format!("{count} on the server in no file: what agents wrote is left alone");
        take(Line::at(2).push(Role::Dim, text))?;
        take(Line::default())?;
    }
    for warning in &plan.warnings {
        take(Line::at(0).push(Role::Warning, format!("⚠ {warning}")))?;
    }
    if !plan.warnings.is_empty() {
        take(Line::default())?;
    }
    take(summary_line(&plan.counts))
}

/// What is done with each line.
type TakeLine<'a, E> = dyn FnMut(Line) -> Result<(), E> + 'a;

/// Returns `Plan: dev at http://127.0.0.1:8787`, with this title.
pub fn target_line(title: &str, target: &Target) -> Line {
    Line::at(0)
        .push(Role::Heading, format!("{title}: "))
        .push(Role::Strong, &target.organization)
        .plain(" at ")
        .plain(&target.url)
}

/// Returns `Summary: 2 create, 3 update, 14 unchanged, 1 drift; 1 restart`.
pub fn summary_line(counts: &Counts) -> Line {
    Line::at(0).push(Role::Heading, "Summary: ").plain(summary_text(counts))
}

/// What a number of a plan counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Rows of this verb.
    Rows(Verb),
    /// Platforms that certainly restart.
    Restarts,
    /// Platforms that may restart.
    PossibleRestarts,
    /// Rows whose hidden secrets are sent again; those of platforms are possible restarts too.
    ResentSecrets,
    /// Fields that only the server has.
    DriftedFields,
    /// Rows and fields that only the server has, and that are ignored.
    Ignored,
}

/// One number of a plan with its sign and its word, where a whole sentence does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountWord {
    /// What the number counts, for a renderer that shows some numbers in a special way.
    pub counted: Counted,
    /// The role of the number.
    pub role: Role,
    /// The sign of such a row: `+`, `?`.
    pub sign: char,
    /// The number of rows or fields.
    pub count: usize,
    /// The word behind the number, in the right form for it.
    pub word: &'static str,
}

/// Returns the numbers of a plan, most important first: when there is no room, the last ones are left out.
pub fn count_words(counts: &Counts) -> [CountWord; 10] {
    let verb = |verb: Verb, count, word| CountWord {
        counted: Counted::Rows(verb),
        role: verb_role(verb),
        sign: verb.marker(),
        count,
        word,
    };
    let other = |counted, (role, sign), count, one, many| CountWord {
        counted,
        role,
        sign,
        count,
        word: if count == 1 { one } else { many },
    };
    let (warning, secret, drift) = ((Role::Warning, '⚠'), (Role::Secret, '*'), (Role::Drift, '?'));
    let (restarts, possible) = (counts.restart, counts.may_restart);
    [
        verb(Verb::Create, counts.create, "create"),
        verb(Verb::Update, counts.update, "update"),
        verb(Verb::Delete, counts.delete, "delete"),
        other(Counted::Restarts, warning, restarts, "restart", "restarts"),
        other(
            Counted::PossibleRestarts,
            secret,
            possible,
            "may restart",
            "may restart",
        ),
        verb(Verb::Drift, counts.drift, "drift"),
        verb(Verb::Noop, counts.noop, "unchanged"),
        other(
            Counted::ResentSecrets,
            secret,
            counts.recheck,
            "secret resent",
            "secrets resent",
        ),
        other(
            Counted::DriftedFields,
            drift,
            counts.field_drift,
            "drifted field",
            "drifted fields",
        ),
        other(Counted::Ignored, (Role::Dim, '?'), counts.ignored, "ignored", "ignored"),
    ]
}

/// Returns the numbers of rows by verb, without those that are 0: `2 create, 1 drift`.
pub fn verbs_text(counts: &Counts) -> String {
    counted_list(&[
        (counts.create, "create", "create"),
        (counts.update, "update", "update"),
        (counts.delete, "delete", "delete"),
        (counts.drift, "drift", "drift"),
        (counts.noop, "unchanged", "unchanged"),
        (counts.ignored, "ignored", "ignored"),
    ])
}

/// Returns the numbers of a summary without its title: `2 create, 3 update, 14 unchanged, 1 drift; 1 restart`.
pub fn summary_text(counts: &Counts) -> String {
    let mut text = format!(
        "{} create, {} update, {} unchanged, {} drift",
        counts.create, counts.update, counts.noop, counts.drift
    );
    if counts.delete > 0 {
        text.extend([format!(", {} delete", counts.delete)]);
    }
    let remarks = counted_list(&[
        (counts.restart, "restart", "restarts"),
        (counts.may_restart, "may restart", "may restart"),
        (counts.field_drift, "drifted field", "drifted fields"),
        (counts.recheck, "secret resent", "secrets resent"),
        (counts.ignored, "ignored", "ignored"),
    ]);
    if !remarks.is_empty() {
        text.extend(["; ", &remarks]);
    }
    text
}

/// Gives declared rows first, then what only the server has at the top level. Unchanged rows become a count.
fn section<E>(rows: &[&Row], view: PlanView, take: &mut TakeLine<'_, E>) -> Result<(), E> {
    let only_server = |row: &&&Row| matches!(row.verb, Verb::Drift | Verb::Delete) && row.address.parent().is_none();
    let (undeclared, declared): (Vec<&&Row>, Vec<&&Row>) = rows.iter().partition(only_server);
    let (mut unchanged, mut ignored) = (0, 0);
    for row in declared.into_iter().chain(undeclared) {
        // An unchanged agent is listed when something below it is, so that no row is without its parent.
        if view.all || row.is_notable() || has_notable_child(row, rows) {
            row_lines(row, view).into_iter().try_for_each(&mut *take)?;
        } else if row.ignored.is_some() {
            ignored += 1;
        } else {
            unchanged += 1;
        }
    }
    if unchanged > 0 {
        take(Line::at(2).push(Role::Noop, format!("= {unchanged} unchanged")))?;
    }
    if ignored > 0 {
        take(Line::at(2).push(Role::Dim, format!("? {ignored} ignored")))?;
    }
    Ok(())
}

fn has_notable_child(row: &Row, rows: &[&Row]) -> bool {
    row.address.kind() == "agent" && children(row, rows).any(|child| child.is_notable())
}

/// Returns the rows below a row. Rows are in pre-order, so an agent's children follow it directly.
fn children<'a>(row: &'a Row, rows: &'a [&'a Row]) -> impl Iterator<Item = &'a &'a Row> {
    // A search from the start for each row would take quadratic time with thousands of rows.
    let start = rows.partition_point(|other| other.address <= row.address);
    rows.iter()
        .skip(start)
        .take_while(|other| other.address.parent().as_ref() == Some(&row.address))
}

fn row_lines(row: &Row, view: PlanView) -> Vec<Line> {
    let indent = if row.address.parent().is_some() { 4 } else { 2 };
    let mut own = row_line(row);
    own.indent = indent;
    let mut lines = vec![own];
    for mut line in row_details(row, view.detail) {
        line.indent += indent + 4;
        lines.push(line);
    }
    lines
}
