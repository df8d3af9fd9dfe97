//! An agent's own row.

use super::comparison::Comparison;
use super::fields::compare_fields;
use crate::plan::operation::Operation;
use crate::plan::undeclared::Undeclared;
use crate::resource::Agent;

/// Compares an agent with the one on the server, if it exists there.
pub(super) fn compare(desired: &Agent, remote: Option<&Agent>, undeclared: Undeclared) -> Comparison {
    let fields = compare_fields(Agent::FIELDS, desired, remote, undeclared);
    let operation = match remote {
        None => Some(Operation::CreateAgent(desired.clone())),
        Some(_) if fields.body.is_empty() => None,
        Some(_) => Some(Operation::PatchAgent {
            id: desired.id.clone(),
            body: fields.body,
        }),
    };
    Comparison {
        changes: fields.changes,
        operation,
        ..Comparison::default()
    }
}
