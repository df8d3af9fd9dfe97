//! The body of a platform's PUT or POST, and what it makes of the stored config and settings.

use serde_json::{Map, Value, json};

use crate::server::options::PlatformMode;
use crate::server::reply::{ApiError, ApiResult};
use crate::server::restore::restore;

/// The checked body of PUT or POST.
#[derive(Clone)]
pub(super) struct PlatformRequest {
    /// The platform's type, such as `telegram`.
    pub(super) kind: String,
    pub(super) config: Map<String, Value>,
    /// The config keys that hold secrets although their names do not say so.
    pub(super) secret_keys: Vec<String>,
    allow_groups: Option<bool>,
    allow_from: Option<Value>,
}

impl PlatformRequest {
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
        secret_keys.retain(|key| config.contains_key(key));
        Ok(Self {
            kind,
            config,
            secret_keys,
            allow_groups,
            allow_from,
        })
    }

    /// Returns the config to store over `old`. A redacted secret keeps the stored value; every other key replaces it.
    pub(super) fn config_over(&self, old: &Map<String, Value>, mode: PlatformMode) -> ApiResult<Map<String, Value>> {
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
        if let Value::Object(sent) = sent {
            config.extend(sent.into_iter().filter(|(key, _)| key != "platform"));
        }
        Ok(config)
    }

    /// Returns the settings to store over `old`. As on the recorded server, a PUT without `allowGroups` allows groups
    /// again in the live mode, and keeps what is stored in the local mode.
    pub(super) fn settings_over(&self, old: Option<&Map<String, Value>>, mode: PlatformMode) -> Map<String, Value> {
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
