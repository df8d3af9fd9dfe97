//! How the client writes platforms.

use serde_json::{Map, Value, json};

use super::Client;
use crate::remote::error::RemoteError;
use crate::remote::method::Method;
use crate::remote::transport::Request;
use crate::resource::{ConfigValue, Platform};
use crate::wire::platform::UpsertReply;

/// What became of a platform that was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutPlatform {
    /// The platform was created.
    Created,
    /// The platform was changed.
    Updated {
        /// Whether it restarts; `None` when the response that said so was lost.
        restarts: Option<bool>,
    },
    /// The server had these values already.
    Unchanged,
}

impl Client {
    /// Puts a platform by its stable id. The request exposes the secrets of its config.
    pub async fn put_platform(
        &self,
        platform: &Platform,
        settings: Option<&Map<String, Value>>,
    ) -> Result<(PutPlatform, UpsertReply), RemoteError> {
        let id = platform.stable_id.as_str();
        let path = self.path(&["agents", &platform.agent, "platforms", "by-stable-id", id]);
        self.redactor
            .add(platform.config.values().filter_map(ConfigValue::secret));
        let request = Request::new(Method::Put, path).with_json(&put_body(platform, settings));
        let reply = self.send(request).await?;
        let stored: UpsertReply = reply.parse()?;
        reply.expect_id(Some(&stored.platform.id), id)?;
        let result = match (reply.status(), stored.noop) {
            (201, _) => PutPlatform::Created,
            // An earlier attempt was carried out and its response was lost.
            (_, true) if reply.maybe_applied() => PutPlatform::Updated { restarts: None },
            (_, true) => PutPlatform::Unchanged,
            _ => PutPlatform::Updated {
                restarts: Some(stored.will_restart),
            },
        };
        Ok((result, stored))
    }

    /// Deletes a platform.
    pub async fn delete_platform(&self, agent: &str, id: &str) -> Result<(), RemoteError> {
        let request = Request::new(Method::Delete, self.path(&["agents", agent, "platforms", id]));
        self.send(request).await?.expect_success(id)
    }

    /// Starts a platform.
    pub async fn start_platform(&self, agent: &str, id: &str) -> Result<(), RemoteError> {
        let path = self.path(&["agents", agent, "platforms", id, "start"]);
        self.send(Request::new(Method::Post, path)).await?.expect_success(id)
    }
}

fn put_body(platform: &Platform, settings: Option<&Map<String, Value>>) -> Map<String, Value> {
    let config = platform
        .config
        .iter()
        .filter_map(|(key, value)| Some((key.clone(), value.exposed()?)));
    let mut body = Map::new();
    body.insert("platform".to_owned(), json!(platform.kind));
    body.extend(platform.name.iter().map(|name| ("name".to_owned(), json!(name))));
    body.insert("config".to_owned(), Value::Object(config.collect()));
    body.extend(settings.map(|settings| ("settings".to_owned(), Value::Object(settings.clone()))));
    // A server that does not know this key ignores it; ours seals these values whatever their names are.
    let mut secret_keys: Vec<&str> = platform.secret_keys().collect();
    secret_keys.sort_unstable();
    if !secret_keys.is_empty() {
        body.insert("secretKeys".to_owned(), json!(secret_keys));
    }
    body
}
