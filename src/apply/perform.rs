//! One row's writes, in the order in which they are safe.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use super::event::Outcome;
use super::step::StepContext;
use crate::plan::operation::{Operation, PlatformWrite, RelationshipWrite};
use crate::plan::{compare, creation_fields};
use crate::remote::RemoteError;
use crate::remote::write::{self, Answer};
use crate::resource::{Agent, EntityType, Platform, RelationshipType, Resource, Rule};
use crate::wire::platform::UpsertReply;
use crate::wire::schema::SchemaType;

/// Carries out a row's operation.
///
/// # Errors
/// The first request that failed; what was written before is noted in the context.
pub async fn perform(context: &StepContext<'_>, operation: &Operation) -> Result<Outcome, RemoteError> {
    let client = context.client;
    let answer = match operation {
        Operation::CreateAgent(agent) => return create_agent(context, agent).await,
        Operation::PatchAgent { id, body } => write::patch_agent(client, id, body).await?,
        Operation::DeleteAgent { id } => write::delete_agent(client, id).await?,
        Operation::PatchSettings { agent, body } => {
            let answer = write::patch_settings(client, agent, body, now_ms()).await?;
            if context.rechecks {
                context.note("sent again; the server does not say whether a secret changed");
                return Ok(Outcome::Unchanged);
            }
            answer
        }
        Operation::UpsertPlatform(write) => return upsert_platform(context, write).await,
        Operation::ReplacePlatform(write) => return replace_platform(context, write).await,
        Operation::DeletePlatform { agent, id } => return delete_platform(context, agent, id).await,
        Operation::CreateEntityType(entity_type) => create_entity_type(context, entity_type).await?,
        Operation::UpdateEntityType { slug, fields } => {
            write::schema(client, SchemaType::EntityType, "update", slug, fields).await?;
            Answer::Updated(None)
        }
        Operation::DeleteEntityType { slug } => {
            delete_type(context, SchemaType::EntityType, slug).await?;
            Answer::Deleted
        }
        Operation::CreateRelationshipType(write) => create_relationship_type(context, write).await?,
        Operation::UpdateRelationshipType {
            slug,
            fields,
            add,
            remove,
        } => update_relationship_type(context, slug, fields, (add, remove)).await?,
        Operation::ReplaceRelationshipType(write) => {
            delete_relationship_type(context, &write.relationship_type.slug).await?;
            create_relationship_type(context, write).await?;
            Answer::Updated(None)
        }
        Operation::DeleteRelationshipType { slug } => {
            delete_relationship_type(context, slug).await?;
            Answer::Deleted
        }
    };
    Ok(outcome(context, &answer))
}

fn outcome(context: &StepContext<'_>, answer: &Answer) -> Outcome {
    match answer {
        Answer::Created => Outcome::Created,
        Answer::Updated(_) if context.creates => Outcome::Created,
        Answer::Updated(restarted) => Outcome::Updated { restarted: *restarted },
        Answer::Deleted => Outcome::Deleted,
        Answer::Unchanged | Answer::Exists(_) => Outcome::Unchanged,
    }
}

/// Milliseconds since the epoch: the server stamps with its own clock everything but the providers of a PATCH.
fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, super::stamp::milliseconds)
}

/// A POST for an agent that exists changes nothing and answers 200: never taken for a creation.
async fn create_agent(context: &StepContext<'_>, agent: &Agent) -> Result<Outcome, RemoteError> {
    let stored = match write::create_agent(context.client, agent).await? {
        Answer::Exists(stored) => stored,
        answer => return Ok(outcome(context, &answer)),
    };
    let listed = context
        .client
        .agents()
        .await?
        .iter()
        .any(|other| other.agent_id == agent.id);
    if !listed {
        let message = "the server has a hidden agent of this id, which lobuctl must not touch".to_owned();
        let hint = Some("choose another id".to_owned());
        return Ok(Outcome::Failed {
            message,
            hint,
            partly_written: false,
        });
    }
    let empty = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    if stored.name == agent.name && empty(&stored.description) == empty(&agent.description) {
        context.note("another run created it meanwhile");
        return Ok(Outcome::Unchanged);
    }
    Ok(Outcome::Stale {
        message: "somebody created this agent meanwhile, with other values".to_owned(),
    })
}

async fn upsert_platform(context: &StepContext<'_>, write: &PlatformWrite) -> Result<Outcome, RemoteError> {
    let (answer, reply) = write::put_platform(context.client, &write.platform, write.settings.as_ref()).await?;
    context.wrote(!matches!(answer, Answer::Unchanged));
    say_restart(context, &answer);
    if let Some(outcome) = start_if_in_error(context, &write.platform, &reply).await {
        return Ok(outcome);
    }
    Ok(outcome(context, &answer))
}

/// A predicted restart that did not happen, and one that was not predicted, are both said.
fn say_restart(context: &StepContext<'_>, answer: &Answer) {
    match (context.predicts_restart, answer) {
        (true, Answer::Updated(Some(false)) | Answer::Unchanged) => context.note("no restart: the server says so"),
        (false, Answer::Updated(Some(true))) => context.note("the server restarts the platform"),
        _ => {}
    }
}

/// A platform in error stays so after a good PUT until it is started (contract section 7).
async fn start_if_in_error(context: &StepContext<'_>, platform: &Platform, reply: &UpsertReply) -> Option<Outcome> {
    if reply.platform.status != "error" {
        return None;
    }
    let started = write::start_platform(context.client, &platform.agent, &platform.stable_id).await;
    match started {
        Ok(()) => {
            context.note("it was in error and has been started");
            None
        }
        Err(error) => Some(Outcome::Failed {
            message: format!("stored, but it does not start: {error}"),
            hint: Some("check the platform's config and secrets".to_owned()),
            partly_written: true,
        }),
    }
}

/// DELETE and at once the PUT, with no read in between (contract section 6).
async fn replace_platform(context: &StepContext<'_>, write: &PlatformWrite) -> Result<Outcome, RemoteError> {
    write::delete_platform(context.client, &write.platform.agent, &write.platform.stable_id).await?;
    context.wrote(true);
    let put = write::put_platform(context.client, &write.platform, write.settings.as_ref()).await;
    let (_, reply) = match put {
        Ok(put) => put,
        Err(error) if error.may_have_written() => return Err(error),
        Err(error) => {
            return Ok(Outcome::Failed {
                message: format!("deleted, but not put back: {error}"),
                hint: Some("run again: the plan will create it".to_owned()),
                partly_written: true,
            });
        }
    };
    let failed = start_if_in_error(context, &write.platform, &reply).await;
    Ok(failed.unwrap_or(Outcome::Updated { restarted: Some(true) }))
}

/// A server may answer success and keep the platform (contract section 7): only a read tells.
async fn delete_platform(context: &StepContext<'_>, agent: &str, id: &str) -> Result<Outcome, RemoteError> {
    write::delete_platform(context.client, agent, id).await?;
    context.wrote(true);
    let left = context.client.platforms(agent).await?;
    if left.into_iter().flatten().any(|platform| platform.stable_id == id) {
        return Ok(Outcome::Failed {
            message: "the server answered success and still has the platform".to_owned(),
            hint: Some("stop it on the server, or delete its agent".to_owned()),
            partly_written: false,
        });
    }
    Ok(Outcome::Deleted)
}

async fn create_entity_type(context: &StepContext<'_>, entity_type: &EntityType) -> Result<Answer, RemoteError> {
    let text = |value: &Option<String>| value.clone().map(Value::String);
    let fields = [
        ("name", Some(json!(entity_type.name))),
        ("description", text(&entity_type.description)),
        ("icon", text(&entity_type.icon)),
        ("color", text(&entity_type.color)),
        ("metadata_schema", entity_type.metadata_schema.clone()),
        ("event_kinds", entity_type.event_kinds.clone()),
    ];
    let wanted = Resource::EntityType(entity_type.clone());
    create_type(
        context,
        SchemaType::EntityType,
        &entity_type.slug,
        present(fields),
        &wanted,
    )
    .await
}

fn present<const N: usize>(fields: [(&str, Option<Value>); N]) -> Map<String, Value> {
    fields
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name.to_owned(), value)))
        .collect()
}

/// A creation whose first answer was lost is refused the second time: when what is there is what was wanted, it is ours.
/// So is one that another run was quicker with.
async fn create_type(
    context: &StepContext<'_>,
    kind: SchemaType,
    slug: &str,
    fields: Map<String, Value>,
    wanted: &Resource,
) -> Result<Answer, RemoteError> {
    let refused = match write::schema(context.client, kind, "create", slug, &fields).await {
        Ok(()) => return Ok(Answer::Created),
        Err(error) if error.status() == Some(400) => error,
        Err(error) => return Err(error),
    };
    let repeated = context.repeated();
    let Ok(found) = context.client.read(&context.address).await else {
        return Err(refused);
    };
    let differs = compare(wanted, found.as_ref(), false)
        .changes
        .iter()
        .any(|change| change.kind.writes() && change.path.top() != "rules" && change.path.top() != "inverse_type_slug");
    if found.is_none() || differs {
        return Err(refused);
    }
    if repeated {
        return Ok(Answer::Created);
    }
    context.note("another run created it meanwhile");
    Ok(Answer::Unchanged)
}

async fn create_relationship_type(context: &StepContext<'_>, write: &RelationshipWrite) -> Result<Answer, RemoteError> {
    let wanted: &RelationshipType = &write.relationship_type;
    let resource = Resource::RelationshipType(wanted.clone());
    let kind = SchemaType::RelationshipType;
    let answer = create_type(context, kind, &wanted.slug, creation_fields(write), &resource).await?;
    let mut wrote = answer == Answer::Created;
    context.wrote(wrote);
    for rule in wanted.rules.iter().flat_map(|rules| rules.keys()) {
        wrote |= write::add_rule(context.client, &wanted.slug, rule).await?;
        context.wrote(wrote);
    }
    Ok(if wrote { Answer::Created } else { answer })
}

/// One request at a time: requests that touch one type's rules never overlap.
async fn update_relationship_type(
    context: &StepContext<'_>,
    slug: &str,
    fields: &Map<String, Value>,
    (add, remove): (&[Rule], &[Value]),
) -> Result<Answer, RemoteError> {
    if !fields.is_empty() {
        write::schema(context.client, SchemaType::RelationshipType, "update", slug, fields).await?;
        context.wrote(true);
    }
    for rule in add {
        let added = write::add_rule(context.client, slug, rule).await?;
        context.wrote(added);
    }
    for id in remove {
        write::remove_rule(context.client, slug, id).await?;
        context.wrote(true);
    }
    Ok(Answer::Updated(None))
}

/// Archived first: a type that is deleted while active poisons its slug (contract section 8.2).
async fn delete_relationship_type(context: &StepContext<'_>, slug: &str) -> Result<(), RemoteError> {
    let kind = SchemaType::RelationshipType;
    let archive = Map::from_iter([("status".to_owned(), json!("archived"))]);
    write::schema(context.client, kind, "update", slug, &archive).await?;
    context.wrote(true);
    delete_type(context, kind, slug).await
}

/// A deletion whose first answer was lost is refused the second time: what is gone is gone.
async fn delete_type(context: &StepContext<'_>, kind: SchemaType, slug: &str) -> Result<(), RemoteError> {
    match write::schema(context.client, kind, "delete", slug, &Map::new()).await {
        Err(error) if context.repeated() && error.words().ends_with("not found") => Ok(()),
        other => other,
    }
}
