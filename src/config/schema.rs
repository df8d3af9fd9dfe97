//! The JSON Schema of `lobu.toml`, for editors.

use serde_json::{Value, json};

/// A draft-07 schema.
pub fn json_schema() -> Value {
    json!({ "$schema": "http://json-schema.org/draft-07/schema#" })
}
