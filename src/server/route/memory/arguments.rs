//! The arguments of a call of a tool of the memory.

use serde_json::{Map, Value};

use crate::server::body::text_field;
use crate::server::reply::{ApiError, ApiResult};

/// The numbers of rows in a page: by default, and at most.
const DEFAULT_LIMIT: i64 = 100;
const MAX_LIMIT: i64 = 500;

/// A part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowWindow {
    /// The maximum number of rows.
    pub(crate) limit: i64,
    /// The number of rows before the first one.
    pub(crate) offset: i64,
}

/// The arguments of a call, by name.
pub(super) struct MemoryArguments {
    /// The arguments as they were sent.
    pub(super) fields: Map<String, Value>,
}

impl MemoryArguments {
    /// Returns the name of the action in responses. A value that is not a text has the name that the recorded server gives it.
    pub(super) fn action(&self) -> String {
        match self.fields.get("action") {
            None => "undefined".to_owned(),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Null) => "null".to_owned(),
            Some(_) => "not a string".to_owned(),
        }
    }

    /// Returns an argument of any type. Null counts as absent.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    /// Whether the argument is present. Null counts as present.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// Whether the argument is `true`.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|value| value == true)
    }

    /// Returns a text argument. Null counts as absent.
    pub(super) fn text(&self, name: &str) -> ApiResult<Option<&str>> {
        text_field(&self.fields, name)
    }

    /// Returns a text argument. 400 when it is missing or empty: `slug is required for create action`.
    pub(super) fn required_text(&self, name: &str, purpose: &str) -> ApiResult<&str> {
        let text = self.text(name)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| missing(name, purpose))
    }

    /// Returns the id of a row: a number, or a text of digits. Null counts as absent.
    pub(super) fn id(&self, name: &str) -> ApiResult<Option<i64>> {
        self.get(name).map(|value| id_of(value, name)).transpose()
    }

    /// Returns the id of a row. 400 when it is missing.
    pub(super) fn required_id(&self, name: &str, purpose: &str) -> ApiResult<i64> {
        self.id(name)?.ok_or_else(|| missing(name, purpose))
    }

    /// Returns the part of the list that the call asks for: at least one row, a hundred by default, at most 500.
    pub(super) fn window(&self) -> RowWindow {
        self.window_of(DEFAULT_LIMIT)
    }

    /// Returns the part of the list that the call asks for, with `default` rows when it names no number.
    pub(super) fn window_of(&self, default: i64) -> RowWindow {
        // A limit of 0 counts as absent, as on the recorded server.
        let limit = self.number("limit").filter(|limit| *limit != 0).unwrap_or(default);
        RowWindow {
            limit: limit.clamp(1, MAX_LIMIT),
            offset: self.number("offset").unwrap_or(0).max(0),
        }
    }

    fn number(&self, name: &str) -> Option<i64> {
        let value = self.fields.get(name)?;
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }

    /// Returns the names of the arguments that describe the row, for the audit.
    pub(super) fn names(&self) -> Vec<&str> {
        // These choose the action and its target, which the event has in fields of its own.
        let routing = ["action", "entity_id", "relationship_id", "watcher_id", "slug"];
        let names = self.fields.keys().map(String::as_str);
        names.filter(|name| !routing.contains(name)).collect()
    }
}

/// Returns the id that a value means.
///
/// # Errors
/// 400 for a value that is no whole number.
pub(super) fn id_of(value: &Value, name: &str) -> ApiResult<i64> {
    let id = value.as_i64().or_else(|| value.as_str()?.parse().ok());
    id.ok_or_else(|| ApiError::bad_request(format!("{name} must be a whole number")))
}

/// Returns the 400 for an argument that is missing.
pub(super) fn missing(name: &str, purpose: &str) -> ApiError {
    ApiError::bad_request(format!("{name} is required for {purpose}"))
}
