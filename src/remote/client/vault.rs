//! How the client reads and changes the secrets that an organization keeps by name.

use serde_json::{Value, json};

use super::Client;
use crate::remote::error::RemoteError;
use crate::remote::method::Method;
use crate::remote::transport::Request;
use crate::resource::{SecretOp, SecretWrite, ServerSecret};
use crate::wire::secret::{AuditReply, ManageReply, WireAuditEvent, WireSecret, WireSecretResult};

/// The route of the list.
const SECRETS: &str = "secrets";

impl Client {
    /// Reads the secrets of the organization, sorted by name. Returns `None` when the server keeps none by name: it does not
    /// know the route.
    pub async fn secrets(&self) -> Result<Option<Vec<ServerSecret>>, RemoteError> {
        let reply = match self.get(&[SECRETS]).await {
            Ok(reply) => reply,
            Err(error) if error.is_unknown_route() => return Ok(None),
            Err(error) => return Err(error),
        };
        let body: Value = reply.parse()?;
        // The recorded server answers every unknown path with 200 and what it is (contract section 1).
        if body.get("mcp_endpoint").is_some() {
            return Ok(None);
        }
        let list: Vec<WireSecret> = serde_json::from_value(body).map_err(|_| reply.malformed("a list of secrets"))?;
        let mut secrets: Vec<ServerSecret> = list.into_iter().map(server_secret).collect();
        secrets.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(Some(secrets))
    }

    /// Carries out all of these changes, or none. The request exposes their values.
    ///
    /// # Errors
    /// A refusal, a lost response, or a response that does not prove that the server stored these values.
    pub async fn write_secrets(&self, writes: &[SecretWrite]) -> Result<Vec<WireSecretResult>, RemoteError> {
        self.redactor.add(writes.iter().filter_map(SecretWrite::value));
        let actions: Vec<Value> = writes.iter().map(action).collect();
        let path = self.path(&[SECRETS, "manage"]);
        // Not repeated: after a lost response, a second create would be refused and a second rotate recorded.
        let request = Request::new(Method::Post, path)
            .with_json(&json!({ "actions": actions }))
            .once();
        let reply = self.send(request).await?;
        let results = reply.parse::<ManageReply>()?.results;
        let proven =
            results.len() == writes.len() && results.iter().zip(writes).all(|(result, write)| proves(result, write));
        if proven {
            Ok(results)
        } else {
            Err(reply.malformed("a result for each name"))
        }
    }

    /// Reads what happened to secrets, newest first: to all of them, or to one name.
    pub async fn secret_events(&self, name: Option<&str>, limit: usize) -> Result<Vec<WireAuditEvent>, RemoteError> {
        let segments: Vec<&str> = [SECRETS, "audit"].into_iter().chain(name).collect();
        let reply = self.get(&segments).await?;
        let events = reply.parse::<AuditReply>()?.events.into_iter();
        Ok(events.take(limit).collect())
    }
}

fn server_secret(wire: WireSecret) -> ServerSecret {
    ServerSecret {
        name: wire.name,
        fingerprint: wire.fingerprint,
        source: wire.source.filter(|source| !source.is_empty()),
        updated_at: wire.updated_at.and_then(|at| at.parse().ok()),
        updated_by: wire.updated_by,
        used_by: wire.used_by,
    }
}

fn action(write: &SecretWrite) -> Value {
    let mut action = match &write.op {
        SecretOp::Create(value) => json!({ "op": "create", "value": value.expose() }),
        SecretOp::Rotate(value) => json!({ "op": "rotate", "value": value.expose() }),
        SecretOp::Delete { force } => json!({ "op": "delete", "force": force }),
    };
    action["name"] = json!(write.name);
    if let Some(expected) = &write.expected {
        action["ifFingerprint"] = json!(expected);
    }
    if !write.source.is_empty() {
        action["source"] = json!(write.source);
    }
    action
}

/// Whether a result says that this change was made, and with this value.
fn proves(result: &WireSecretResult, write: &SecretWrite) -> bool {
    let action = match &write.op {
        SecretOp::Create(_) => "created",
        SecretOp::Rotate(_) => "rotated",
        SecretOp::Delete { .. } => "deleted",
    };
    let stored = write.value().map(crate::resource::secret_fingerprint);
    let same_value = stored.is_none() || result.fingerprint == stored;
    result.name == write.name && result.action == action && same_value
}
