//! The requests of relationship types and their rules, one at a time: the server loses updates to one type that overlap.

use serde_json::{Map, Value, json};

use super::confirm::{confirm, create_type};
use crate::apply::context::StepContext;
use crate::apply::event::Outcome;
use crate::plan::operation::RelationshipWrite;
use crate::plan::{Operation, compare, creation_fields};
use crate::remote::RemoteError;
use crate::resource::{RelationshipType, Resource, Rule};
use crate::wire::schema::SchemaType;

const KIND: SchemaType = SchemaType::RelationshipType;

/// Creates a relationship type, then its rules.
pub(super) async fn create(context: &StepContext<'_>, write: &RelationshipWrite) -> Result<Outcome, RemoteError> {
    let wanted = &write.relationship_type;
    let resource = Resource::RelationshipType(wanted.clone());
    let created = create_type(context, KIND, &wanted.slug, &creation_fields(write), &resource).await?;
    if !created.succeeded() {
        return Ok(created);
    }
    // A type that another run created may have rules already, so they are read before each one is added.
    let is_new = created == Outcome::Created;
    context.record_write(is_new);
    let mut wrote = is_new;
    for rule in wanted.rules.iter().flat_map(|rules| rules.keys()) {
        wrote |= context.client.add_rule(&wanted.slug, rule, is_new).await?;
        context.record_write(wrote);
    }
    Ok(if wrote { Outcome::Created } else { created })
}

/// Changes these fields of a relationship type, then adds and removes rules.
pub(super) async fn update(
    context: &StepContext<'_>,
    slug: &str,
    fields: &Map<String, Value>,
    (add, remove): (&[Rule], &[Value]),
) -> Result<Outcome, RemoteError> {
    if !fields.is_empty() {
        let updated = context.client.update_type(KIND, slug, fields).await;
        confirm(context, updated, |fresh| has_fields(context, fresh)).await?;
        context.record_write(true);
    }
    for rule in add {
        let added = context.client.add_rule(slug, rule, false).await?;
        context.record_write(added);
    }
    for id in remove {
        let removed = context.client.remove_rule(slug, id).await;
        confirm(context, removed, |fresh| !has_rule(fresh, id)).await?;
        context.record_write(true);
    }
    Ok(Outcome::Updated { restarted: None })
}

/// Deletes a relationship type and creates it again.
pub(super) async fn replace(context: &StepContext<'_>, write: &RelationshipWrite) -> Result<Outcome, RemoteError> {
    delete(context, &write.relationship_type.slug).await?;
    context.record_write(true);
    let created = create(context, write).await?;
    Ok(if created.succeeded() {
        Outcome::Updated { restarted: None }
    } else {
        created
    })
}

/// Archives a relationship type, then deletes it: the slug of a type that is deleted while it is active can never be
/// used again (contract section 8.2).
pub(super) async fn delete(context: &StepContext<'_>, slug: &str) -> Result<Outcome, RemoteError> {
    let archive = Map::from_iter([("status".to_owned(), json!("archived"))]);
    let archived = context.client.update_type(KIND, slug, &archive).await;
    confirm(context, archived, |fresh| {
        status(fresh).is_none_or(|status| status == "archived")
    })
    .await?;
    context.record_write(true);
    let deleted = context.client.delete_type(KIND, slug).await;
    confirm(context, deleted, |fresh| fresh.is_none()).await?;
    Ok(Outcome::Deleted)
}

/// Whether nothing of what the files want differs but the rules.
fn has_fields(context: &StepContext<'_>, fresh: Option<&Resource>) -> bool {
    let step = &context.scheduled.step;
    let (Some(desired), Some(_)) = (&step.desired, fresh) else {
        return false;
    };
    match compare(desired, fresh, step.undeclared).operation {
        None => true,
        Some(Operation::UpdateRelationshipType { fields, .. }) => fields.is_empty(),
        Some(_) => false,
    }
}

fn has_rule(fresh: Option<&Resource>, id: &Value) -> bool {
    relationship_type(fresh)
        .and_then(|it| it.rules.as_ref())
        .is_some_and(|rules| rules.values().flatten().any(|known| known == id))
}

fn status(fresh: Option<&Resource>) -> Option<&str> {
    relationship_type(fresh)?.status.as_deref()
}

fn relationship_type(resource: Option<&Resource>) -> Option<&RelationshipType> {
    match resource? {
        Resource::RelationshipType(it) => Some(it),
        _ => None,
    }
}
