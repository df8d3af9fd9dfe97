//! Goes on after a request that no response confirmed, when a new reading shows its effect.

use serde_json::{Map, Value};

use crate::apply::context::StepContext;
use crate::apply::event::Outcome;
use crate::apply::prepare::stale_message;
use crate::plan::{Undeclared, compare};
use crate::remote::RemoteError;
use crate::resource::Resource;
use crate::wire::schema::SchemaType;

/// Returns success for a request that may have been carried out when `holds` finds its effect in a new reading.
///
/// The last request of a row needs no confirmation of its own: the row is settled as a whole.
///
/// # Errors
/// The request's own error when its effect is not there, or cannot be read.
pub(super) async fn confirm(
    context: &StepContext<'_>,
    result: Result<(), RemoteError>,
    holds: impl FnOnce(Option<&Resource>) -> bool,
) -> Result<(), RemoteError> {
    let error = match result {
        Err(error) if error.maybe_applied() || error.is_missing() => error,
        other => return other,
    };
    match context.client.read(context.address()).await {
        Ok(fresh) if holds(fresh.as_ref()) => {
            context.note(format!("{error}; the server has carried it out all the same"));
            Ok(())
        }
        _ => Err(error),
    }
}

/// Creates a type of the memory schema and returns how that ended.
///
/// The server refuses to create a type that exists. When an attempt whose response was lost created it, the refusal of
/// the next attempt means success; otherwise another run was quicker, with the same values or with others.
pub(super) async fn create_type(
    context: &StepContext<'_>,
    kind: SchemaType,
    slug: &str,
    fields: &Map<String, Value>,
    wanted: &Resource,
) -> Result<Outcome, RemoteError> {
    match context.client.create_type(kind, slug, fields).await {
        Ok(()) => Ok(Outcome::Created),
        Err(error) => confirm_creation(context, error, wanted).await,
    }
}

/// Returns how a creation ended that got this error, by what is there when it was not refused for a reason of its own.
pub(super) async fn confirm_creation(
    context: &StepContext<'_>,
    error: RemoteError,
    wanted: &Resource,
) -> Result<Outcome, RemoteError> {
    if !error.maybe_applied() && !error.already_exists() {
        return Err(error);
    }
    let Ok(Some(found)) = context.client.read(context.address()).await else {
        // A relationship type of another organization has the slug too, and cannot be read from here.
        return Err(error);
    };
    match (is_created_as(wanted, &found), error.maybe_applied()) {
        (true, true) => {
            context.note(format!("{error}; the server has it all the same"));
            Ok(Outcome::Created)
        }
        (true, false) => {
            context.note("another run created it meanwhile");
            Ok(Outcome::Unchanged)
        }
        (false, true) => Err(error),
        (false, false) => Ok(Outcome::Stale {
            message: stale_message(None, Some(&found)),
        }),
    }
}

/// Whether what was found is what the creation makes. Rules, the inverse type and a script are written after it.
fn is_created_as(wanted: &Resource, found: &Resource) -> bool {
    let written_later = ["rules", "inverse_type_slug", "reaction_script"];
    compare(wanted, Some(found), Undeclared::Keep)
        .changes
        .iter()
        .all(|change| !change.kind.writes() || written_later.contains(&change.path.top()))
}
