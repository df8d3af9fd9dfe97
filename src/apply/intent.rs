//! What a row is about to write, for the recorder of the run.

use super::context::StepContext;
use super::prepare::Work;
use super::recorder::WriteIntent;
use crate::plan::{Change, ChangeKind, Operation, compare, effect};
use crate::resource::{FieldPath, Resource, Shown};

/// Returns what the row is about to write.
pub(super) fn intent(context: &StepContext<'_>, work: &Work) -> WriteIntent {
    WriteIntent {
        at_ms: context.now_ms(),
        address: context.address().clone(),
        verb: context.scheduled.verb,
        before: before(work),
        after: effect(&work.operation, work.before.as_ref()),
        secrets: secrets(context, work),
        in_parts: has_several_requests(&work.operation),
    }
}

fn before(work: &Work) -> Vec<Resource> {
    let mut all: Vec<Resource> = work.before.iter().cloned().collect();
    if let Operation::DeleteAgent {
        settings, platforms, ..
    } = &work.operation
    {
        all.extend(settings.iter().cloned().map(Resource::Settings));
        all.extend(platforms.iter().cloned().map(Resource::Platform));
    }
    all
}

/// Returns the secrets that are sent and are not known to be the same as before.
fn secrets(context: &StepContext<'_>, work: &Work) -> Vec<FieldPath> {
    let step = &context.scheduled.step;
    let Some(desired) = &step.desired else {
        return Vec::new();
    };
    let is_hidden = |side: &Option<Shown>| *side == Some(Shown::Secret);
    let may_differ = |change: &Change| {
        let sent = change.kind.writes() || change.kind == ChangeKind::SecretNotComparable;
        sent && (is_hidden(&change.before) || is_hidden(&change.after))
    };
    let changes = compare(desired, work.before.as_ref(), step.undeclared).changes;
    changes
        .into_iter()
        .filter(may_differ)
        .map(|change| change.path)
        .collect()
}

/// Whether an operation is several requests, so that a part of it may be carried out.
pub(super) fn has_several_requests(operation: &Operation) -> bool {
    matches!(
        operation,
        Operation::ReplacePlatform(_)
            | Operation::CreateRelationshipType(_)
            | Operation::UpdateRelationshipType { .. }
            | Operation::ReplaceRelationshipType(_)
            | Operation::DeleteRelationshipType { .. }
            | Operation::CreateWatcher(_)
            | Operation::UpdateWatcher(_)
    )
}
