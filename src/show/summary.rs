//! A plan in a few lines: what restarts, what is deleted, and how much changes for each agent.

use std::collections::BTreeMap;

use super::line::{Line, Role};
use super::plan::verbs_text;
use super::word::{counted_list, more_text};
use crate::plan::{Counts, Plan, Row, Verb};
use crate::resource::Address;

/// A kind of impact: its role, its word, and the rows that have it.
type ImpactPart = (Role, &'static str, fn(&Row) -> bool);

/// The maximum number of agents that are named.
const NAMED: usize = 20;
/// The maximum number of rows that are named for one impact.
const NAMED_ROWS: usize = 4;

/// Returns what a plan changes: by impact, and then by agent, those with the most changes first. Empty where nothing
/// changes.
pub fn summary_lines(plan: &Plan) -> Vec<Line> {
    // Drift alone is no change: its own headings count it.
    if !plan.rows.iter().any(Row::writes) {
        return Vec::new();
    }
    let mut shares: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in plan.rows.iter().filter(|row| row.is_notable()) {
        shares.entry(owner(&row.address)).or_default().push(row);
    }
    let mut lines = impact_lines(plan);
    let mut shares: Vec<(&str, Vec<&Row>)> = shares.into_iter().collect();
    // Stable, so that agents with as many rows stay in the order of the tree.
    shares.sort_by_key(|(_, rows)| std::cmp::Reverse(rows.len()));
    lines.push(Line::default().push(Role::Heading, "by agent"));
    lines.extend(shares.iter().take(NAMED).map(|(name, rows)| share_line(name, rows)));
    if shares.len() > NAMED {
        lines.push(Line::at(2).push(Role::Dim, more_text(shares.len() - NAMED)));
    }
    lines
}

/// Returns what somebody has to know before anything is applied: the rows that are deleted or restart, by name.
fn impact_lines(plan: &Plan) -> Vec<Line> {
    let parts: [ImpactPart; 3] = [
        (Role::Delete, "delete", |row| row.verb == Verb::Delete),
        (Role::Warning, "restart", Row::restarts),
        (Role::Warning, "may restart", Row::may_restart),
    ];
    let named = parts.into_iter().filter_map(|(role, word, is_part)| {
        let rows: Vec<&Row> = plan.rows.iter().filter(|row| is_part(row)).collect();
        let names: Vec<String> = rows
            .iter()
            .take(NAMED_ROWS)
            .map(|row| row.address.to_string())
            .collect();
        let line = Line::default()
            .push(role, format!("{} {word}: ", rows.len()))
            .plain(names.join(", "));
        let more = rows.len() - names.len();
        let line = if more > 0 {
            line.push(Role::Dim, format!(", {}", more_text(more)))
        } else {
            line
        };
        (!rows.is_empty()).then_some(line)
    });
    let mut lines: Vec<Line> = named.collect();
    if !lines.is_empty() {
        lines.push(Line::default());
    }
    lines
}

/// Returns the agent that a resource belongs to, or the name of the memory schema.
fn owner(address: &Address) -> &str {
    match address {
        Address::Agent { id: agent } | Address::Settings { agent } | Address::Platform { agent, .. } => agent,
        Address::EntityType { .. } | Address::RelationshipType { .. } => "memory",
    }
}

fn share_line(name: &str, rows: &[&Row]) -> Line {
    let counts = Counts::of(rows.iter().copied());
    let has_others = counts.changes() + counts.drift > 0;
    let noop = if has_others { 0 } else { counts.noop };
    let line = Line::at(2)
        .push(Role::Id, name)
        .plain(format!("  {}", verbs_text(&Counts { noop, ..counts })));
    let restarts = counted_list(&[
        (counts.restart, "restart", "restarts"),
        (counts.may_restart, "may restart", "may restart"),
    ]);
    if restarts.is_empty() {
        line
    } else {
        line.push(Role::Warning, format!("  {restarts}"))
    }
}
