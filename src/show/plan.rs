//! A plan as lines: a tree by indentation, the same to the byte for the same plan.

use super::change::{Detail, row_details};
use super::line::{Line, Role};
use super::row::row_line;
use super::word::counted_list;
use crate::plan::{Counts, Plan, Row, Verb};

/// How much of a plan is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanView {
    /// Unchanged rows too.
    pub all: bool,
    /// How much of a row.
    pub detail: Detail,
}

/// The whole plan: target, agents, memory, warnings, summary.
pub fn plan_lines(plan: &Plan, view: PlanView) -> Vec<Line> {
    let mut lines = vec![target_line(plan), Line::default()];
    let (memory, agents): (Vec<&Row>, Vec<&Row>) = plan.rows.iter().partition(|row| row.address.is_memory());
    for (title, rows) in [("agents:", agents), ("memory:", memory)] {
        if !rows.is_empty() {
            lines.push(Line::at(2).push(Role::Heading, title));
            lines.extend(section(&rows, view));
            lines.push(Line::default());
        }
    }
    for warning in &plan.warnings {
        lines.push(Line::at(0).push(Role::Warning, format!("⚠ {warning}")));
    }
    if !plan.warnings.is_empty() {
        lines.push(Line::default());
    }
    lines.push(summary_line(&plan.counts));
    lines
}

/// `Plan: dev at http://127.0.0.1:8787`.
pub fn target_line(plan: &Plan) -> Line {
    Line::at(0)
        .push(Role::Heading, "Plan: ")
        .push(Role::Strong, &plan.target.organization)
        .plain(" at ")
        .plain(&plan.target.url)
}

/// `Summary: 2 create, 3 update, 14 unchanged, 1 drift; 1 restart`.
pub fn summary_line(counts: &Counts) -> Line {
    Line::at(0).push(Role::Heading, "Summary: ").plain(summary_text(counts))
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
    let rest = counted_list(&[
        (counts.restart, "restart", "restarts"),
        (counts.may_restart, "may restart", "may restart"),
        (counts.field_drift, "drifted field", "drifted fields"),
        (counts.recheck, "secret resent", "secrets resent"),
    ]);
    if !rest.is_empty() {
        text.extend(["; ", &rest]);
    }
    text
}

/// Declared rows first, then what only the server has at the top level; plain noops folded into a count.
fn section(rows: &[&Row], view: PlanView) -> Vec<Line> {
    let only_server = |row: &&&Row| matches!(row.verb, Verb::Drift | Verb::Delete) && row.address.parent().is_none();
    let (left_over, declared): (Vec<&&Row>, Vec<&&Row>) = rows.iter().partition(only_server);
    let mut lines = Vec::new();
    let mut folded = 0;
    for row in declared.into_iter().chain(left_over) {
        if view.all || row.is_notable() || has_notable_child(row, rows) {
            lines.extend(row_lines(row, view));
        } else {
            folded += 1;
        }
    }
    if folded > 0 {
        lines.push(Line::at(2).push(Role::Noop, format!("= {folded} unchanged")));
    }
    lines
}

fn has_notable_child(row: &Row, rows: &[&Row]) -> bool {
    row.address.kind() == "agent"
        && children(row, rows).any(|child| child.is_notable() && child.address.parent().as_ref() == Some(&row.address))
}

/// Rows are in pre-order: an agent's children stand right behind it.
fn children<'a>(row: &'a Row, rows: &'a [&'a Row]) -> impl Iterator<Item = &'a &'a Row> {
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
