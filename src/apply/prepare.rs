//! Checks just before a row is written that the plan still fits what the server has (semantics, "Applying").

use super::context::StepContext;
use super::event::Outcome;
use crate::plan::{Operation, ScheduledStep, Verb, compare, is_unchanged};
use crate::remote::RemoteError;
use crate::resource::{Address, Platform, Resource, SharedValue, field};

/// What to do with a row that is not what the plan saw.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnStale {
    /// Write nothing; the user plans again.
    #[default]
    Stop,
    /// Write what the files say over what the server has now.
    Overwrite,
}

/// What a row has to do after its resource was read.
pub(super) enum Prepared {
    /// Write this.
    Write(Box<Work>),
    /// Write nothing: the row has this outcome.
    Done(Outcome),
}

/// A write, and what the server had just before it.
pub(super) struct Work {
    /// The requests to send.
    pub operation: Operation,
    /// The resource before the write; `None` when it did not exist.
    pub before: Option<Resource>,
}

impl Work {
    fn planned(scheduled: &ScheduledStep) -> Prepared {
        Self::of(scheduled.step.operation.clone(), scheduled.step.seen.clone())
    }

    fn of(operation: Operation, before: Option<Resource>) -> Prepared {
        Prepared::Write(Box::new(Self { operation, before }))
    }
}

/// Reads the resource again and decides whether the planned write still fits.
pub(super) async fn prepare(context: &StepContext<'_>, on_stale: OnStale) -> Result<Prepared, RemoteError> {
    let scheduled = context.scheduled;
    if needs_no_reading(scheduled) {
        return Ok(Work::planned(scheduled));
    }
    let mut fresh = context.client.read(&scheduled.address).await?;
    if fresh.is_none() && scheduled.step.seen.is_some() {
        // A proxy answers 404 too, so that a single reading does not prove that the resource is gone.
        fresh = context.client.read(&scheduled.address).await?;
    }
    // The plan saw nothing of an agent that did not exist, so there is no reading to compare with.
    if scheduled.new_agent {
        return Ok(plan_again(scheduled, fresh));
    }
    if is_unchanged(scheduled.step.seen.as_ref(), fresh.as_ref()) {
        return prepare_deletion(context, on_stale).await;
    }
    // Another run of the same files is the usual reason, and no conflict.
    if is_done(scheduled, fresh.as_ref()) {
        context.note("it already has these values: the same change was made since the plan");
        return Ok(Prepared::Done(Outcome::Unchanged));
    }
    if on_stale == OnStale::Overwrite {
        context.note("it changed since the plan was made, and is overwritten");
        return Ok(plan_again(scheduled, fresh));
    }
    let message = stale_message(scheduled.step.seen.as_ref(), fresh.as_ref());
    Ok(Prepared::Done(Outcome::Stale { message }))
}

/// Checks, for the deletion of an agent, that its settings and platforms are those that the plan saw: they are deleted
/// with it, so that what was added or changed since then would be lost unseen (law 4).
async fn prepare_deletion(context: &StepContext<'_>, on_stale: OnStale) -> Result<Prepared, RemoteError> {
    let scheduled = context.scheduled;
    let Operation::DeleteAgent {
        id,
        settings,
        platforms,
    } = &scheduled.step.operation
    else {
        return Ok(Work::planned(scheduled));
    };
    // The deletion carries the revision of the agent's own row, not that of what is read here.
    let client = context.client.beside();
    let mut changed = Vec::new();
    if let Some(seen) = settings {
        let fresh = client.settings(id).await?.map(|it| Resource::Settings(it.into()));
        if !is_unchanged(Some(&Resource::Settings(seen.clone())), fresh.as_ref()) {
            changed.push("settings");
        }
    }
    if !are_same_platforms(platforms, &client.platforms(id).await?.unwrap_or_default()) {
        changed.push("platforms");
    }
    if changed.is_empty() {
        return Ok(Work::planned(scheduled));
    }
    let changed = changed.join(" and ");
    if on_stale == OnStale::Overwrite {
        context.note(format!(
            "its {changed} changed since the plan was made, and are deleted with it"
        ));
        return Ok(Work::planned(scheduled));
    }
    Ok(Prepared::Done(Outcome::Stale {
        message: format!("its {changed} were changed on the server since the plan was made"),
    }))
}

fn are_same_platforms(seen: &[SharedValue<Platform>], fresh: &[Platform]) -> bool {
    let is_same = |fresh: &Platform| {
        let seen = seen.iter().find(|seen| seen.stable_id == fresh.stable_id);
        let seen = seen.cloned().map(Resource::Platform);
        is_unchanged(seen.as_ref(), Some(&Resource::Platform(fresh.clone().into())))
    };
    seen.len() == fresh.len() && fresh.iter().all(is_same)
}

/// Whether the write itself reports a resource that the plan did not see, so that a reading would be one request too
/// many.
fn needs_no_reading(scheduled: &ScheduledStep) -> bool {
    match &scheduled.address {
        // Creating one that exists changes nothing, and the response says so.
        Address::Agent { .. }
        | Address::EntityType { .. }
        | Address::RelationshipType { .. }
        | Address::Entity { .. }
        | Address::Relationship { .. }
        | Address::Watcher { .. } => scheduled.verb == Verb::Create,
        // An agent that this run created has no platforms,
        Address::Platform { .. } => scheduled.new_agent,
        // and the settings that every new agent has.
        Address::Settings { .. } => scheduled.new_agent && !replaces_injected(&scheduled.step.operation),
    }
}

/// Whether a write of settings replaces a list to which the server adds entries for every new agent (contract sections 4
/// and 11.1). The write has to carry those, so they have to be read first.
fn replaces_injected(operation: &Operation) -> bool {
    match operation {
        Operation::PatchSettings(patch) => [field::MCP_SERVERS, field::PRE_APPROVED]
            .iter()
            .any(|name| patch.has(name)),
        _ => false,
    }
}

/// Makes the planned comparison again, against what the server has now.
fn plan_again(scheduled: &ScheduledStep, fresh: Option<Resource>) -> Prepared {
    let step = &scheduled.step;
    let Some(desired) = &step.desired else {
        return Work::of(step.operation.clone(), fresh);
    };
    match compare(desired, fresh.as_ref(), step.undeclared).operation {
        Some(operation) => Work::of(operation, fresh),
        None => Prepared::Done(Outcome::Unchanged),
    }
}

/// Whether the server already has what the files want.
fn is_done(scheduled: &ScheduledStep, fresh: Option<&Resource>) -> bool {
    match &scheduled.step.desired {
        Some(desired) => fresh.is_some() && compare(desired, fresh, scheduled.step.undeclared).operation.is_none(),
        None => fresh.is_none(),
    }
}

/// Says how a resource differs from what the plan saw.
pub(super) fn stale_message(seen: Option<&Resource>, fresh: Option<&Resource>) -> String {
    let change = match (seen, fresh) {
        (None, Some(_)) => "it was created",
        (Some(_), None) => "it was deleted",
        _ => "it was changed",
    };
    format!("{change} on the server since the plan was made")
}
