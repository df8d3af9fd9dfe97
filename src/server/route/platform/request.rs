//! The body of a platform's PUT or POST, and how it is merged with the stored config and settings.

use serde_json::{Map, Value, json};

use crate::server::options::PlatformMode;
use crate::server::reply::{ApiError, ApiResult};
use crate::server::restore::restore;

/// The checked body of a PUT or POST.
#[derive(Clone)]
pub(super) struct PlatformRequest {
    /// The platform's type, such as `telegram`.
    pub(super) kind: String,
    /// The config as the client sent it, with redactions and without the keys that it leaves out.
    pub(super) config: Map<String, Value>,
    /// The config keys that the client declares secret although their names do not sound secret.
    pub(super) secret_keys: Vec<String>,
    /// `None` when null or absent.
    allow_groups: Option<bool>,
    /// A list of texts, or null to remove the stored one. `None` when absent.
    allow_from: Option<Value>,
}

impl PlatformRequest {
    /// Checks a body. Unknown fields are ignored.
    pub(super) fn from_fields(mut fields: Map<String, Value>) -> ApiResult<Self> {
        let kind = match fields.get("platform") {
            None | Some(Value::Null) => return Err(ApiError::bad_request("platform is required")),
            Some(Value::String(kind)) if kind.is_empty() => {
                return Err(ApiError::bad_request("platform is required"));
            }
            Some(Value::String(kind)) => kind.clone(),
            Some(_) => return Err(ApiError::bad_request("platform must be a string")),
        };
        let config = object(fields.swap_remove("config"), "config")?;
        let mut settings = object(fields.swap_remove("settings"), "settings")?;
        let allow_groups = match settings.swap_remove("allowGroups") {
            None | Some(Value::Null) => None,
            Some(Value::Bool(value)) => Some(value),
            Some(_) => return Err(ApiError::bad_request("settings.allowGroups must be true or false")),
        };
        let allow_from = settings.swap_remove("allowFrom");
        if let Some(list) = allow_from.as_ref().filter(|list| !list.is_null()) {
            texts(list, "settings.allowFrom")?;
        }
        let mut secret_keys = match fields.get("secretKeys") {
            None | Some(Value::Null) => Vec::new(),
            Some(list) => texts(list, "secretKeys")?,
        };
        // A name without a value would be stored for as long as the platform, and a client could store any number.
        secret_keys.retain(|key| config.contains_key(key));
        Ok(Self {
            kind,
            config,
            secret_keys,
            allow_groups,
            allow_from,
        })
    }

    /// Returns `old` with the keys of this config added or replaced: a PUT cannot remove a key (contract section 6). A redaction
    /// is replaced by the stored value.
    pub(super) fn merged_config(&self, old: &Map<String, Value>, mode: PlatformMode) -> ApiResult<Map<String, Value>> {
        if let Some(Value::String(other)) = self.config.get("platform")
            && mode == PlatformMode::Live
            && *other != self.kind
        {
            let message = format!("Config platform mismatch: expected {}, got {other}", self.kind);
            return Err(ApiError::bad_request(message));
        }
        let mut sent = Value::Object(self.config.clone());
        let stored = Value::Object(old.clone());
        restore(&mut sent, Some(&stored));
        let mut config = old.clone();
        config.insert("platform".to_owned(), json!(self.kind));
        // Every config has the type of its platform in this key (contract section 6), which the client cannot change.
        if let Value::Object(sent) = sent {
            config.extend(sent.into_iter().filter(|(key, _)| key != "platform"));
        }
        Ok(config)
    }

    /// Returns `old` with these settings merged in. As on the recorded server, a PUT without `allowGroups` sets it to true in the
    /// live mode and keeps the stored value in the local mode.
    pub(super) fn merged_settings(&self, old: Option<&Map<String, Value>>, mode: PlatformMode) -> Map<String, Value> {
        let mut settings = old.cloned().unwrap_or_default();
        let default = (mode == PlatformMode::Live || old.is_none()).then_some(true);
        if let Some(allow) = self.allow_groups.or(default) {
            settings.insert("allowGroups".to_owned(), json!(allow));
        }
        match &self.allow_from {
            None => {}
            Some(Value::Null) => drop(settings.shift_remove("allowFrom")),
            Some(list) => drop(settings.insert("allowFrom".to_owned(), list.clone())),
        }
        settings
    }

    /// Returns the names of the config's keys, for the audit.
    pub(super) fn names(&self) -> Vec<&str> {
        self.config.keys().map(String::as_str).collect()
    }
}

/// Returns an object. Null and absent count as an empty one.
fn object(value: Option<Value>, name: &str) -> ApiResult<Map<String, Value>> {
    match value {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map),
        Some(_) => Err(ApiError::bad_request(format!("{name} must be an object"))),
    }
}

fn texts(list: &Value, name: &str) -> ApiResult<Vec<String>> {
    serde_json::from_value(list.clone()).map_err(|_| ApiError::bad_request(format!("{name} must be a list of strings")))
}
