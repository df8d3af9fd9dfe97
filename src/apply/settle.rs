//! Finds out what became of a write that no response confirmed (semantics, "Applying").
//!
//! Only a 4xx proves that a write was not carried out, and only the expected response proves that it was. In every other
//! case the resource is read again, and one function decides by what is there: [`judge`].

use super::context::StepContext;
use super::event::Outcome;
use super::intent::has_several_requests;
use super::prepare::{Work, stale_message};
use crate::plan::{Operation, ScheduledStep, compare, is_unchanged};
use crate::remote::RemoteError;
use crate::resource::{Address, Entity, Resource};

/// How often a resource is read while it looks untouched and the server may still be at work on the write.
const MAX_READINGS: u32 = 3;

/// What a new reading says about a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finding {
    /// The server has what was wanted.
    Applied,
    /// The server has what it had before.
    NotApplied,
    /// Some requests of the row were carried out and some were not.
    PartlyApplied,
    /// All that can be read is as wanted and as before: only a hidden secret may differ.
    SecretHidden,
    /// All that can be read is as wanted and as before: only the content of an entity may differ.
    ContentHidden,
    /// The server has neither what was wanted nor what it had before.
    Different,
}

/// Whether an error of a row's writes leaves open what the server has now.
pub(super) fn needs_settling(context: &StepContext<'_>, error: &RemoteError) -> bool {
    // A 404 contradicts the plan: the resource, or the agent above it, was there a moment ago.
    let contradicts = error.is_missing() || error.status() == Some(404);
    error.maybe_applied() || contradicts || context.wrote()
}

/// Reads the resource again and returns the outcome that the reading proves.
pub(super) async fn settle(context: &StepContext<'_>, work: &Work, error: &RemoteError) -> Outcome {
    let mut readings = 0;
    loop {
        readings += 1;
        let fresh = match read(context, &work.operation).await {
            Ok(fresh) => fresh,
            Err(reading) => return unreadable(context, error, &reading),
        };
        let finding = judge(context.scheduled, work, fresh.as_ref());
        // The server may still be at work on the write, so that one reading of the old state proves nothing yet.
        if finding == Finding::NotApplied && may_be_at_work(error) && readings < MAX_READINGS {
            context.client.pause(readings).await;
            continue;
        }
        return outcome(context, work, error, finding, fresh.as_ref());
    }
}

/// Decides what became of a write by what the server has now.
pub(super) fn judge(scheduled: &ScheduledStep, work: &Work, fresh: Option<&Resource>) -> Finding {
    let step = &scheduled.step;
    let untouched = is_unchanged(work.before.as_ref(), fresh);
    let rest = match (&step.desired, fresh) {
        (None, None) => return Finding::Applied,
        (None, Some(_)) | (Some(_), None) => None,
        (Some(desired), Some(_)) => Some(compare(desired, fresh, step.undeclared)),
    };
    match rest {
        // Where the token may not ask for the content, no reading shows whether it has arrived.
        Some(rest)
            if rest.operation.is_none() && untouched && hides_content(fresh) && writes_content(&work.operation) =>
        {
            Finding::ContentHidden
        }
        Some(rest) if rest.operation.is_none() => Finding::Applied,
        // A PUT is carried out whole or not at all. Where the plan changes a field that can be read, and that field is
        // as wanted now, the secret that came with it has arrived too; where it changes the secret alone, no reading
        // can show that.
        Some(rest) if rest.recheck && untouched => Finding::SecretHidden,
        Some(rest) if rest.recheck => Finding::Applied,
        _ if untouched || is_untouched_new(scheduled, fresh) => Finding::NotApplied,
        _ if has_several_requests(&work.operation) => Finding::PartlyApplied,
        _ => Finding::Different,
    }
}

fn hides_content(fresh: Option<&Resource>) -> bool {
    fresh
        .and_then(Resource::as_entity)
        .is_some_and(|entity| entity.hides_content)
}

fn writes_content(operation: &Operation) -> bool {
    let Operation::UpdateEntity(update) = operation else {
        return false;
    };
    Entity::HIDDEN.iter().any(|name| update.fields.contains_key(*name))
}

/// Whether these are the settings of an agent that this run created and that were not read before the write. No other
/// client knows the agent yet and a PATCH is carried out whole, so settings that are not as wanted are those of a new agent.
fn is_untouched_new(scheduled: &ScheduledStep, fresh: Option<&Resource>) -> bool {
    scheduled.new_agent && matches!(fresh, Some(Resource::Settings(_)))
}

/// Reads the row's resource. A new agent has to be in the list: the server also answers for hidden agents, which
/// lobuctl must not take for its own (contract section 4).
async fn read(context: &StepContext<'_>, operation: &Operation) -> Result<Option<Resource>, RemoteError> {
    let address = context.address();
    if let (Address::Agent { id }, true) = (address, context.creates()) {
        let listed = context.client.agents().await?;
        if listed.iter().all(|listed| *listed.agent.id != **id) {
            return Ok(None);
        }
    }
    let fresh = context.client.read(address).await?;
    match fresh {
        Some(found) if writes_content(operation) => Ok(Some(context.client.with_content(found).await?)),
        fresh => Ok(fresh),
    }
}

/// Whether the server may still carry out the write after this error: it may have been interrupted in its work, or a
/// proxy may have stopped waiting for it.
fn may_be_at_work(error: &RemoteError) -> bool {
    error.maybe_applied() && error.status().is_none_or(|status| matches!(status, 408 | 502..=504))
}

fn outcome(
    context: &StepContext<'_>,
    work: &Work,
    error: &RemoteError,
    finding: Finding,
    fresh: Option<&Resource>,
) -> Outcome {
    match finding {
        Finding::Applied => {
            context.note(format!("{error}; the server has it all the same"));
            applied(context)
        }
        Finding::NotApplied => failed(error, context.wrote()),
        Finding::PartlyApplied if fresh.is_none() => Outcome::Failed {
            message: format!("deleted, but not put back: {error}"),
            hint: Some("run again: the plan will create it".to_owned()),
            partly_written: true,
        },
        Finding::PartlyApplied => failed(error, true),
        Finding::SecretHidden => Outcome::Unknown {
            message: format!("{error}; the server hides the secret, so a new reading does not tell"),
        },
        Finding::ContentHidden => Outcome::Unknown {
            message: format!("{error}; a new reading does not tell the content"),
        },
        Finding::Different if fresh.is_none() && !error.maybe_applied() => Outcome::Stale {
            message: stale_message(work.before.as_ref(), fresh),
        },
        Finding::Different => Outcome::Unknown {
            message: format!("{error}; the server has neither what it had before nor what was sent"),
        },
    }
}

/// The outcome of a row whose resource cannot be read again.
fn unreadable(context: &StepContext<'_>, error: &RemoteError, reading: &RemoteError) -> Outcome {
    // Any other refusal proves that the last request was not carried out, even without a reading.
    if error.maybe_applied() || error.status() == Some(404) {
        return Outcome::Unknown {
            message: format!("{error}; reading it again failed: {reading}"),
        };
    }
    failed(error, context.wrote())
}

fn applied(context: &StepContext<'_>) -> Outcome {
    if context.scheduled.step.desired.is_none() {
        return Outcome::Deleted;
    }
    if context.creates() {
        return Outcome::Created;
    }
    // The response would have told whether the platform restarts; a reading does not.
    Outcome::Updated { restarted: None }
}

fn failed(error: &RemoteError, partly_written: bool) -> Outcome {
    Outcome::Failed {
        message: error.to_string(),
        hint: error.hint().map(str::to_owned),
        partly_written,
    }
}
