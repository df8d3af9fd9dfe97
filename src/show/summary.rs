//! A plan in a few lines: what restarts, what is deleted, and how much changes for each agent.

use std::collections::BTreeMap;

use super::line::{Line, Role};
use super::plan::verbs_text;
use super::word::{counted_list, more_text};
use crate::plan::{Counts, Plan, Row, Verb};
use crate::resource::Address;

/// The title of the plan's summary below a row.
pub const TITLE: &str = "whole plan";

/// A kind of impact: its role, its word, and the rows that have it.
type ImpactPart = (Role, &'static str, fn(&Row) -> bool);

/// The maximum number of agents that a summary names.
pub const MAX_AGENTS: usize = 20;
/// The maximum number of rows that are named for one impact.
const NAMED_ROWS: usize = 4;

/// What a plan changes: by impact, and then by agent. Empty where nothing changes.
#[derive(Debug, Clone, Default)]
pub struct PlanSummary {
    impacts: Vec<Line>,
    /// The agents with the most changes, at most [`MAX_AGENTS`].
    agents: Vec<Line>,
    /// The number of all agents that the plan has something to say about.
    agent_count: usize,
    row_count: usize,
}

impl PlanSummary {
    /// Sums up a plan.
    pub fn of(plan: &Plan) -> Self {
        // Drift alone is no change: its own headings count it.
        if !plan.rows.iter().any(Row::writes) {
            return Self::default();
        }
        let mut shares: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
        for row in plan.rows.iter().filter(|row| row.is_notable()) {
            shares.entry(owner(&row.address)).or_default().push(row);
        }
        let mut shares: Vec<(&str, Vec<&Row>)> = shares.into_iter().collect();
        // Stable, so that agents with as many rows stay in the order of the tree.
        shares.sort_by_key(|(_, rows)| std::cmp::Reverse(rows.len()));
        let named = shares.iter().take(MAX_AGENTS);
        Self {
            impacts: impact_lines(plan),
            agents: named.map(|(name, rows)| share_line(name, rows)).collect(),
            agent_count: shares.len(),
            row_count: shares.iter().map(|(_, rows)| rows.len()).sum(),
        }
    }

    /// Returns the number of rows that are summed up.
    pub fn row_count(&self) -> usize {
        self.row_count
    }

    /// Returns the impacts, and the agents with the most changes, at most `max_agents` of them. With 0, only the impacts.
    pub fn lines(&self, max_agents: usize) -> Vec<Line> {
        let named = max_agents.min(self.agents.len());
        let mut lines = self.impacts.clone();
        if named == 0 {
            return lines;
        }
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.push(Line::default().push(Role::Heading, "by agent"));
        lines.extend(self.agents.iter().take(named).cloned());
        if self.agent_count > named {
            lines.push(Line::at(2).push(Role::Dim, more_text(self.agent_count - named)));
        }
        lines
    }
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
    named.collect()
}

/// Returns the agent that a resource belongs to, or the name of the memory.
fn owner(address: &Address) -> &str {
    match address {
        Address::Agent { id: agent } | Address::Settings { agent } | Address::Platform { agent, .. } => agent,
        _ => "memory",
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
