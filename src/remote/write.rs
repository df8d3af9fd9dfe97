//! Operations become requests here, and answers become what really happened.

use serde_json::{Map, Value, json};

use super::client::{Call, CallKind, Client};
use super::error::RemoteError;
use super::normalize;
use super::transport::Method;
use crate::resource::field_table::{have_same_fields, to_body};
use crate::resource::{Agent, ConfigValue, Platform, Rule, Secret, is_secret_key};
use crate::wire::agent::WireAgent;
use crate::wire::platform::UpsertReply;
use crate::wire::schema::SchemaType;

/// What the server says it did.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// It was not there, and now it is.
    Created,
    /// It was changed; for platforms, whether the instance restarts.
    Updated(Option<bool>),
    /// Nothing changed.
    Unchanged,
    /// There was one already: a POST for an agent that exists changes nothing.
    Exists(Box<Agent>),
}

/// Creates an agent.
pub async fn create_agent(client: &Client, agent: &Agent) -> Result<Answer, RemoteError> {
    let body = WireAgent {
        agent_id: agent.id.clone(),
        fields: to_body(Agent::FIELDS, agent),
    };
    let call = Call::new(Method::Post, client.path(&["agents"]), CallKind::Write).with(&body);
    let reply = client.reply(call).await?;
    let stored = reply.checked(normalize::agent(reply.parse()?))?;
    let repeated = reply.maybe_applied() && stored.id == agent.id && have_same_fields(Agent::FIELDS, &stored, agent);
    Ok(if reply.status() == 201 || repeated {
        Answer::Created
    } else {
        Answer::Exists(Box::new(stored))
    })
}

/// Changes these fields of an agent's own row.
pub async fn patch_agent(client: &Client, id: &str, body: &Map<String, Value>) -> Result<(), RemoteError> {
    let call = Call::new(Method::Patch, client.path(&["agents", id]), CallKind::Write).with(body);
    client.reply(call).await?.expect_success()
}

/// Deletes an agent with all that belongs to it.
pub async fn delete_agent(client: &Client, id: &str) -> Result<(), RemoteError> {
    delete(client, client.path(&["agents", id])).await
}

/// Changes an agent's settings. New providers are stamped with `now_ms`, milliseconds since the epoch.
pub async fn patch_settings(
    client: &Client,
    agent: &str,
    body: &Map<String, Value>,
    now_ms: u64,
) -> Result<(), RemoteError> {
    let mut body = body.clone();
    if let Some(Value::Array(providers)) = body.get_mut(crate::resource::field::PROVIDERS) {
        for provider in providers.iter_mut().filter_map(Value::as_object_mut) {
            provider.entry("installedAt").or_insert_with(|| json!(now_ms));
        }
    }
    let call = Call::new(
        Method::Patch,
        client.path(&["agents", agent, "config"]),
        CallKind::Write,
    )
    .with(&body)
    .hiding(mcp_secrets(&body));
    client.reply(call).await?.expect_success()
}

/// Secrets that stand literally in MCP servers. Short ones are left out: they may be words of any answer.
fn mcp_secrets(body: &Map<String, Value>) -> Vec<Secret> {
    let servers = body.get(crate::resource::field::MCP_SERVERS).and_then(Value::as_object);
    let mut secrets = Vec::new();
    for server in servers.into_iter().flat_map(Map::values) {
        for table in ["headers", "env", "oauth"] {
            let entries = server.get(table).and_then(Value::as_object).into_iter().flatten();
            let hidden = entries.filter(|(key, _)| table != "oauth" || is_secret_key(key));
            let values = hidden.filter_map(|(_, value)| value.as_str());
            let literal = values.filter(|value| value.len() >= 8 && !value.starts_with('$'));
            for value in literal {
                secrets.push(Secret::new(value));
                // `Bearer VALUE` may come back as the value alone.
                secrets.extend(value.split_once(' ').map(|(_, rest)| Secret::new(rest)));
            }
        }
    }
    secrets
}

/// Puts a platform by its stable id. The body exposes its secrets.
pub async fn put_platform(
    client: &Client,
    platform: &Platform,
    settings: Option<&Map<String, Value>>,
) -> Result<(Answer, UpsertReply), RemoteError> {
    let config = platform
        .config
        .iter()
        .filter_map(|(key, value)| Some((key.clone(), value.exposed()?)));
    let mut body = Map::new();
    body.insert("platform".to_owned(), json!(platform.kind));
    body.extend(platform.name.iter().map(|name| ("name".to_owned(), json!(name))));
    body.insert("config".to_owned(), Value::Object(config.collect()));
    body.extend(settings.map(|settings| ("settings".to_owned(), Value::Object(settings.clone()))));
    // A server that does not know the key ignores it; ours seals these values whatever their names are.
    let mut secret_keys: Vec<&str> = platform.secret_keys().collect();
    secret_keys.sort_unstable();
    if !secret_keys.is_empty() {
        body.insert("secretKeys".to_owned(), json!(secret_keys));
    }
    let path = client.path(&[
        "agents",
        &platform.agent,
        "platforms",
        "by-stable-id",
        &platform.stable_id,
    ]);
    let secrets = platform.config.values().filter_map(|value| match value {
        ConfigValue::Secret(secret) => Some(secret.clone()),
        _ => None,
    });
    let reply = client
        .reply(
            Call::new(Method::Put, path, CallKind::Write)
                .with(&body)
                .hiding(secrets),
        )
        .await?;
    let stored: UpsertReply = reply.parse()?;
    let answer = match (reply.status(), stored.noop) {
        (201, _) => Answer::Created,
        // An earlier try was carried out though its answer was lost.
        (_, true) if reply.maybe_applied() => Answer::Updated(None),
        (_, true) => Answer::Unchanged,
        _ => Answer::Updated(Some(stored.will_restart)),
    };
    Ok((answer, stored))
}

/// Deletes a platform.
pub async fn delete_platform(client: &Client, agent: &str, id: &str) -> Result<(), RemoteError> {
    delete(client, client.path(&["agents", agent, "platforms", id])).await
}

/// Starts a platform.
pub async fn start_platform(client: &Client, agent: &str, id: &str) -> Result<(), RemoteError> {
    let path = client.path(&["agents", agent, "platforms", id, "start"]);
    client
        .reply(Call::new(Method::Post, path, CallKind::Write))
        .await?
        .expect_success()
}

async fn delete(client: &Client, path: String) -> Result<(), RemoteError> {
    client
        .reply(Call::new(Method::Delete, path, CallKind::Write))
        .await?
        .expect_success()
}

/// One action of the schema tool that changes something. Of its reply only the echo is read.
pub async fn schema(
    client: &Client,
    kind: SchemaType,
    action: &str,
    slug: &str,
    fields: &Map<String, Value>,
) -> Result<(), RemoteError> {
    let mut body = Map::from_iter([("slug".to_owned(), json!(slug))]);
    body.extend(fields.clone());
    client
        .schema(kind, action, &body, CallKind::Write)
        .await?
        .expect_echo(kind, action)
}

/// Adds a rule unless the server has it, and returns whether it was added. `is_new` says that the type was created a
/// moment ago and has no rules, so that reading them first is not needed.
///
/// Sent twice, the request makes two rows of one rule (contract section 8.2), so that it is never repeated without
/// reading the rules in between.
pub async fn add_rule(client: &Client, slug: &str, rule: &Rule, is_new: bool) -> Result<bool, RemoteError> {
    if !is_new && has_rule(client, slug, rule).await? {
        return Ok(false);
    }
    let mut attempt = 1;
    loop {
        let error = match send_rule(client, slug, rule).await {
            Ok(()) => return Ok(true),
            Err(error) if error.already_exists() => return Ok(attempt > 1),
            Err(error) if !error.maybe_applied() => return Err(error),
            Err(error) => error,
        };
        match has_rule(client, slug, rule).await {
            Ok(true) => return Ok(true),
            Ok(false) if attempt < MAX_RULE_ATTEMPTS => client.pause(attempt).await,
            // The row is settled as a whole: the rule may still appear.
            _ => return Err(error),
        }
        attempt += 1;
    }
}

/// How often adding a rule is tried when the response is lost, with a reading in between.
const MAX_RULE_ATTEMPTS: u32 = 3;

async fn has_rule(client: &Client, slug: &str, rule: &Rule) -> Result<bool, RemoteError> {
    let present = client.rules(slug).await?;
    Ok(present
        .iter()
        .any(|row| row.source_entity_type_slug == rule.source && row.target_entity_type_slug == rule.target))
}

async fn send_rule(client: &Client, slug: &str, rule: &Rule) -> Result<(), RemoteError> {
    let body = Map::from_iter([
        ("slug".to_owned(), json!(slug)),
        ("source_entity_type_slug".to_owned(), json!(rule.source)),
        ("target_entity_type_slug".to_owned(), json!(rule.target)),
    ]);
    client
        .schema(SchemaType::RelationshipType, "add_rule", &body, CallKind::WriteOnce)
        .await?
        .expect_echo(SchemaType::RelationshipType, "add_rule")
}

/// Removes a rule. A refusal because it is gone already is an error like any other: the caller reads the rules again.
pub async fn remove_rule(client: &Client, slug: &str, id: &Value) -> Result<(), RemoteError> {
    let body = Map::from_iter([("slug".to_owned(), json!(slug)), ("rule_id".to_owned(), id.clone())]);
    client
        .schema(SchemaType::RelationshipType, "remove_rule", &body, CallKind::Write)
        .await?
        .expect_echo(SchemaType::RelationshipType, "remove_rule")
}
