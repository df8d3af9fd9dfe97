//! A run as a plan: the same rows, with what was there before and after, for every face that shows plans.

use super::line::RecordedWrite;
use super::recorded_resource::RecordedResource;
use super::recorded_run::RecordedRun;
use crate::plan::{Change, ChangeKind, Counts, Plan, Row, Undeclared, Verb, compare};
use crate::resource::{FieldPath, Resource, Shown};

impl RecordedRun {
    /// Returns what the run wrote, or tried to write, as a plan.
    pub fn plan(&self) -> Plan {
        let rows: Vec<Row> = self.writes.values().map(row).collect();
        Plan {
            target: self.head.target.clone(),
            counts: Counts::of(&rows),
            rows,
            warnings: Vec::new(),
            id: self.head.plan.clone(),
        }
    }
}

fn row(write: &RecordedWrite) -> Row {
    Row {
        address: write.address.clone(),
        verb: write.verb,
        changes: changes(write),
        warnings: Vec::new(),
        impact: None,
        recheck: write.verb == Verb::Noop,
        depends_on: Vec::new(),
        cascade: None,
        origin: None,
        ignored: None,
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
