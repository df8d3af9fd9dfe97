//! An agent's own row.

use super::comparison::Comparison;
use super::fields::compare_resource;
use crate::plan::operation::Operation;
use crate::plan::undeclared::Undeclared;
use crate::resource::{Agent, SharedValue};

/// Compares an agent with the one on the server, if it exists there.
pub(super) fn compare(
    desired: &SharedValue<Agent>,
    remote: Option<&SharedValue<Agent>>,
    undeclared: Undeclared,
) -> Comparison {
    let update = |body| Operation::PatchAgent {
        id: desired.id.clone(),
        body,
    };
    let pair = (desired, remote);
    compare_resource(Agent::FIELDS, pair, undeclared, Operation::CreateAgent, update)
}
