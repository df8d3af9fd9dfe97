//! An agent's name and description.

use super::comparison::Comparison;
use crate::plan::change::Change;
use crate::plan::operation::Operation;
use crate::plan::undeclared::Undeclared;
use crate::resource::{Agent, FieldPath, Shown};
use crate::wire::agent::PatchAgent;

/// Compares; a new agent shows what it will be called.
pub(super) fn compare(desired: &Agent, remote: Option<&Agent>, undeclared: Undeclared) -> Comparison {
    let Some(remote) = remote else { return creation(desired) };
    let mut changes = Vec::new();
    let mut body = PatchAgent::default();
    if desired.name != remote.name {
        changes.push(Change::between(
            path("name"),
            Some(shown(&remote.name)),
            Some(shown(&desired.name)),
        ));
        body.name = Some(desired.name.clone());
    }
    match (present(desired), present(remote)) {
        (Some(wanted), found) if Some(wanted) != found => {
            changes.push(Change::between(
                path("description"),
                found.map(shown),
                Some(shown(wanted)),
            ));
            body.description = Some(Some(wanted.to_owned()));
        }
        (None, Some(found)) => {
            changes.push(Change::server_only(path("description"), shown(found), undeclared));
            body.description = undeclared.clears().then_some(None);
        }
        _ => {}
    }
    let writes = changes.iter().any(|change| change.kind.writes());
    let operation = writes.then(|| Operation::PatchAgent {
        id: desired.id.clone(),
        body,
    });
    Comparison {
        changes,
        operation,
        ..Comparison::default()
    }
}

fn creation(desired: &Agent) -> Comparison {
    let mut changes = vec![Change::between(path("name"), None, Some(shown(&desired.name)))];
    if let Some(description) = present(desired) {
        changes.push(Change::between(path("description"), None, Some(shown(description))));
    }
    Comparison {
        changes,
        operation: Some(Operation::CreateAgent(desired.clone())),
        ..Comparison::default()
    }
}

fn present(agent: &Agent) -> Option<&str> {
    agent
        .description
        .as_deref()
        .filter(|description| !description.is_empty())
}

fn path(name: &str) -> FieldPath {
    FieldPath::root(name)
}

fn shown(text: &str) -> Shown {
    Shown::from(text)
}
