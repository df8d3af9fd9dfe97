//! What a create or an update says about an entity: parsed and checked, before anything is read from the database.

use serde_json::{Map, Value};

use crate::server::reply::{ApiError, ApiResult};
use crate::server::route::memory::arguments::MemoryArguments;
use crate::server::route::memory::array_text;

/// Arguments that are short forms of a field of the metadata.
const SHORT_FORMS: [&str; 6] = ["domain", "category", "platform_type", "main_market", "market", "link"];

/// How a call changes the metadata.
pub(super) struct MetadataEdit {
    /// The argument `metadata` without its nulls, which the type's schema is asked about. `None` when it was not sent.
    pub(super) checked: Option<Value>,
    /// The fields that are set, those of the short forms included.
    set: Map<String, Value>,
    /// The fields that a null removes.
    removed: Vec<String>,
}

impl MetadataEdit {
    /// Reads the metadata and its short forms.
    pub(super) fn read(arguments: &MemoryArguments) -> Self {
        let sent = arguments.get("metadata");
        let mut edit = Self {
            checked: sent.cloned(),
            set: Map::new(),
            removed: Vec::new(),
        };
        if let Some(Value::Object(fields)) = sent {
            for (name, value) in fields {
                if value.is_null() {
                    edit.removed.push(name.clone());
                } else {
                    edit.set.insert(name.clone(), value.clone());
                }
            }
            edit.checked = Some(Value::Object(edit.set.clone()));
        }
        for name in SHORT_FORMS {
            if let Some(value) = arguments.get(name) {
                edit.set.insert(name.to_owned(), value.clone());
            }
        }
        edit
    }

    /// Whether the edit removes keys.
    pub(super) fn removes(&self) -> bool {
        !self.removed.is_empty()
    }

    /// Returns the metadata after the edit.
    pub(super) fn applied_to(&self, stored: &Value) -> Value {
        let mut merged = stored.as_object().cloned().unwrap_or_default();
        for name in &self.removed {
            merged.shift_remove(name);
        }
        for (name, value) in &self.set {
            merged.insert(name.clone(), value.clone());
        }
        Value::Object(merged)
    }
}

/// Returns the domain in metadata, which no two entities of an organization share. An empty one counts as none.
pub(super) fn domain_of(metadata: &Value) -> Option<&str> {
    metadata.get("domain")?.as_str().filter(|domain| !domain.is_empty())
}

/// Returns the classifiers that a call sets, as a JSON list of texts. `None` when the argument is absent or null.
///
/// The recorded server stores only its database's notation, such as `{sentiment,topic}`, and fails on a list; both are
/// accepted here.
pub(super) fn classifiers(arguments: &MemoryArguments) -> ApiResult<Option<Value>> {
    let wrong = || ApiError::bad_request("enabled_classifiers must be a list of strings");
    match arguments.get("enabled_classifiers") {
        None => Ok(None),
        Some(Value::Array(list)) if list.iter().all(Value::is_string) => Ok(Some(Value::Array(list.clone()))),
        Some(Value::String(text)) => array_text::read(text).map(|names| Some(names.into())).ok_or_else(wrong),
        Some(_) => Err(wrong()),
    }
}

/// Returns the slug that a name becomes: lower-case ASCII letters and digits, with a hyphen for each run of other
/// characters.
///
/// # Errors
/// 400 for a name without any letter or digit of ASCII.
pub(super) fn slug_of_name(name: &str) -> ApiResult<String> {
    let lower = name.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_ascii_lowercase() && !letter.is_ascii_digit());
    let slug = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
    if slug.is_empty() {
        let message = format!("no slug can be made of the name \"{name}\"; send one as `slug`");
        return Err(ApiError::bad_request(message));
    }
    Ok(slug)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn arguments(value: &Value) -> MemoryArguments {
        MemoryArguments {
            fields: value.as_object().unwrap().clone(),
        }
    }

    #[test]
    fn makes_a_slug_of_a_name() {
        assert_eq!(slug_of_name("Bob Müller & Co").unwrap(), "bob-m-ller-co");
        assert!(slug_of_name("Ω").is_err());
    }

    #[test]
    fn merges_metadata_and_removes_what_is_null() {
        let edit = MetadataEdit::read(&arguments(&json!({ "metadata": { "a": 1, "b": null }, "domain": "d" })));
        assert_eq!(edit.checked, Some(json!({ "a": 1 })));
        let merged = edit.applied_to(&json!({ "b": 2, "c": 3 }));
        assert_eq!(merged, json!({ "c": 3, "a": 1, "domain": "d" }));
    }

    #[test]
    fn reads_classifiers_as_a_list_and_in_the_notation_of_the_database() {
        let read = |value: Value| classifiers(&arguments(&json!({ "enabled_classifiers": value })));
        assert_eq!(read(json!(["a", "b"])).unwrap(), Some(json!(["a", "b"])));
        assert_eq!(read(json!("{a,b}")).unwrap(), Some(json!(["a", "b"])));
        assert_eq!(read(json!([])).unwrap(), Some(json!([])));
        assert!(read(json!("a")).is_err() && read(json!([1])).is_err());
    }
}
