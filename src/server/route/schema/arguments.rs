//! The arguments of a call of the tool `manage_entity_schema`.

use serde_json::{Map, Value};

use crate::server::body::text_field;
use crate::server::reply::{ApiError, ApiResult};

/// The arguments of a call, by name.
pub(super) struct SchemaArguments {
    /// The action that the call asks for, such as `create`.
    pub(super) action: String,
    /// The arguments as they were sent, those that choose the action included.
    pub(super) fields: Map<String, Value>,
}

impl SchemaArguments {
    /// Returns an argument of any type.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    /// Returns a text argument. 400 when it is missing or empty.
    pub(super) fn required(&self, name: &str) -> ApiResult<&str> {
        let text = text_field(&self.fields, name)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| ApiError::bad_request(format!("{name} is required for {} action", self.action)))
    }

    /// Returns a text argument. Null counts as absent.
    pub(super) fn text(&self, name: &str) -> ApiResult<Option<&str>> {
        text_field(&self.fields, name)
    }

    /// Whether the argument is present. Null counts as present.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// Returns a JSON argument as the text to store. Null counts as absent.
    pub(super) fn json(&self, name: &str) -> Option<String> {
        self.fields
            .get(name)
            .filter(|value| !value.is_null())
            .map(Value::to_string)
    }

    /// Returns the names of the arguments that describe the type, for the audit.
    pub(super) fn names(&self) -> Vec<&str> {
        // These choose the action and its target, which the event has in fields of its own.
        let routing = ["schema_type", "action", "slug"];
        self.fields
            .keys()
            .map(String::as_str)
            .filter(|name| !routing.contains(name))
            .collect()
    }
}
