//! How the client writes agents and their settings.

use serde_json::{Map, Value, json};

use super::Client;
use crate::remote::error::RemoteError;
use crate::remote::method::Method;
use crate::remote::normalize;
use crate::remote::transport::Request;
use crate::resource::field_table::{have_same_fields, to_body};
use crate::resource::{Agent, Secret, field, is_secret_key};
use crate::wire::agent::WireAgent;

/// What became of the creation of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreatedAgent {
    /// The agent was created.
    Created,
    /// An agent of this id existed already and was not changed.
    Exists(Box<Agent>),
}

impl Client {
    /// Creates an agent. For an id that exists the server answers 200 and changes nothing.
    pub async fn create_agent(&self, agent: &Agent) -> Result<CreatedAgent, RemoteError> {
        let body = WireAgent {
            agent_id: agent.id.clone(),
            fields: to_body(Agent::FIELDS, agent),
        };
        let request = Request::new(Method::Post, self.path(&["agents"]))
            .with_json(&body)
            .creating();
        let reply = self.send(request).await?;
        let stored = reply.checked(normalize::agent(reply.parse()?))?;
        reply.expect_id(Some(&stored.id), &agent.id)?;
        // After an attempt whose response was lost, 200 with the wanted values means that this attempt created it.
        let created_before = reply.maybe_applied() && have_same_fields(Agent::FIELDS, &stored, agent);
        Ok(if reply.status() == 201 || created_before {
            CreatedAgent::Created
        } else {
            CreatedAgent::Exists(Box::new(stored))
        })
    }

    /// Changes these fields of an agent's own row.
    pub async fn patch_agent(&self, id: &str, body: &Map<String, Value>) -> Result<(), RemoteError> {
        let request = Request::new(Method::Patch, self.path(&["agents", id])).with_json(body);
        self.send(request).await?.expect_success(id)
    }

    /// Deletes an agent with its settings and platforms.
    pub async fn delete_agent(&self, id: &str) -> Result<(), RemoteError> {
        let request = Request::new(Method::Delete, self.path(&["agents", id]));
        self.send(request).await?.expect_success(id)
    }

    /// Changes an agent's settings. New providers get the time `now_ms`, in milliseconds since 1970: it is the only
    /// time that the client sends.
    pub async fn patch_settings(&self, agent: &str, body: &Map<String, Value>, now_ms: u64) -> Result<(), RemoteError> {
        // The server stamps everything but the providers of a PATCH. One that has a time keeps it.
        let mut body = body.clone();
        if let Some(Value::Array(providers)) = body.get_mut(field::PROVIDERS) {
            for provider in providers.iter_mut().filter_map(Value::as_object_mut) {
                provider.entry("installedAt").or_insert_with(|| json!(now_ms));
            }
        }
        self.redactor.add(&mcp_secrets(&body));
        let request = Request::new(Method::Patch, self.path(&["agents", agent, "config"])).with_json(&body);
        self.send(request).await?.expect_success(agent)
    }
}

/// Returns the secrets in the headers, environments and OAuth credentials of MCP servers. Short ones are left out: they
/// may be words of any response.
fn mcp_secrets(body: &Map<String, Value>) -> Vec<Secret> {
    let servers = body.get(field::MCP_SERVERS).and_then(Value::as_object);
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
