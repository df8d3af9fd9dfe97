//! A run as a plan and as events: the same rows, with what was there before and after and how they ended, for every face
//! that shows plans and runs.

use super::line::{RecordedWrite, SettledRow};
use super::recorded_resource::RecordedResource;
use super::recorded_run::RecordedRun;
use crate::apply::event::{Event, EventKind, Outcome, PlannedStep};
use crate::plan::{Change, ChangeKind, Counts, Plan, Row, RowList, Undeclared, Verb, compare};
use crate::resource::{FieldPath, Resource, Shown};

impl RecordedRun {
    /// Returns what the run wrote, or tried to write, as a plan.
    pub fn plan(&self) -> Plan {
        let rows: RowList = self.writes.values().map(row).collect();
        Plan {
            target: self.head.target.clone(),
            counts: Counts::of(&rows),
            rows,
            undeclared_entities: 0,
            warnings: Vec::new(),
            id: self.head.plan.clone(),
        }
    }

    /// Returns the plan, with the rows that were not written too, and the events of the run as far as its journal tells
    /// them. A row that nobody saw end is unknown.
    pub fn replay(&self) -> (Plan, Vec<Event>) {
        let unwritten = self
            .settled
            .values()
            .filter(|settled| !self.writes.contains_key(&settled.address));
        let mut rows: Vec<Row> = self
            .writes
            .values()
            .map(row)
            .chain(unwritten.map(unwritten_row))
            .collect();
        rows.sort_by(|left, right| left.address.cmp(&right.address));
        let rows = RowList::from(rows);
        let plan = Plan {
            counts: Counts::of(&rows),
            rows,
            ..self.plan()
        };
        let events = self.events(&plan);
        (plan, events)
    }

    fn events(&self, plan: &Plan) -> Vec<Event> {
        let steps = plan.rows.iter().map(|row| PlannedStep {
            address: row.address.clone(),
            verb: row.verb,
            // A journal does not keep what the plan predicted: what happened is all there is.
            restarts: matches!(self.outcome(row), Some(Outcome::Updated { restarted: Some(true) })),
            may_restart: false,
        });
        let started = EventKind::RunStarted {
            target: self.head.target.clone(),
            steps: steps.collect(),
        };
        let mut timed = Vec::new();
        for write in self.writes.values() {
            let address = write.address.clone();
            timed.push((write.at_ms, EventKind::StepStarted { address }));
        }
        for settled in self.settled.values() {
            let write = self.writes.get(&settled.address);
            // What a later run has found out does not make this one longer. And however the two times were taken, no row ends
            // before it starts.
            let at_ms = match write {
                Some(write) if settled.later => write.at_ms,
                Some(write) => settled.at_ms.max(write.at_ms),
                None => settled.at_ms,
            };
            if settled.later {
                let (address, message) = (settled.address.clone(), "read by a later run".to_owned());
                timed.push((at_ms, EventKind::Note { address, message }));
            }
            let took_ms = write.map_or(0, |write| at_ms.saturating_sub(write.at_ms));
            timed.push((at_ms, finished(settled, took_ms)));
        }
        timed.sort_by_key(|(at_ms, _)| *at_ms);
        if self.ended {
            let last_ms = timed.last().map_or(self.head.began_ms, |(at_ms, _)| *at_ms);
            timed.push((last_ms, EventKind::RunFinished));
        }
        let began_ms = self.head.began_ms;
        let all = std::iter::once((began_ms, started)).chain(timed);
        let numbered = (0..).zip(all).map(|(seq, (at_ms, kind))| Event {
            seq,
            elapsed_ms: at_ms.saturating_sub(began_ms),
            kind,
        });
        numbered.collect()
    }

    fn outcome(&self, row: &Row) -> Option<&Outcome> {
        self.settled.get(&row.address).map(|settled| &settled.outcome)
    }
}

fn finished(settled: &SettledRow, took_ms: u64) -> EventKind {
    EventKind::StepFinished {
        address: settled.address.clone(),
        outcome: settled.outcome.clone(),
        took_ms,
    }
}

/// Returns the row of a resource that the run left as it was: no write of it was kept, so nothing differs.
fn unwritten_row(settled: &SettledRow) -> Row {
    Row {
        warnings: vec!["was not written in this run".to_owned()],
        ..Row::bare(settled.address.clone(), Verb::Noop)
    }
}

fn row(write: &RecordedWrite) -> Row {
    Row {
        changes: changes(write),
        recheck: write.verb == Verb::Noop,
        ..Row::bare(write.address.clone(), write.verb)
    }
}

fn changes(write: &RecordedWrite) -> Vec<Change> {
    let Some(after) = write.after.as_ref().and_then(RecordedResource::resource) else {
        return write.before.iter().flat_map(|it| removed(write, it)).collect();
    };
    let before = write.own_before().and_then(RecordedResource::resource);
    let mut changes = compare(&after, before.as_ref(), Undeclared::Clear).changes;
    changes.retain(|change| change.kind.writes());
    for path in &write.secrets {
        if changes.iter().all(|change| change.path != *path) {
            changes.push(Change {
                kind: ChangeKind::SecretNotComparable,
                ..Change::between(path.clone(), Some(Shown::Secret), Some(Shown::Secret))
            });
        }
    }
    changes
}

/// Returns the parts that go away with a deletion, below the name of what they belong to.
fn removed(write: &RecordedWrite, gone: &RecordedResource) -> Vec<Change> {
    let Some(resource) = gone.resource() else {
        return Vec::new();
    };
    let prefix: Vec<String> = match &resource {
        _ if gone.address == write.address => Vec::new(),
        Resource::Platform(platform) => vec!["platforms".to_owned(), platform.stable_id.clone()],
        _ => vec![gone.address.kind().to_owned()],
    };
    let created = compare(&resource, None, Undeclared::Clear).changes.into_iter();
    let found = created.filter_map(|change| {
        let path = FieldPath::of(prefix.iter().chain(change.path.segments()).cloned());
        Some(Change::server_only(path, change.after?, Undeclared::Clear).presented_as(change.presentation))
    });
    found.collect()
}
