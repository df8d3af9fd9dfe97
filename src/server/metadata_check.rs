//! Checks the metadata of an entity against the JSON Schema of its type, in the words of contract section 12.

use std::error::Error;

use boon::{Compiler, ErrorKind, Schemas, Type, Types, UrlLoader, ValidationError};
use serde_json::Value;

use crate::schema_work::SchemaWork;

/// The name of the schema inside of the compiler. It leads nowhere.
const SCHEMA: &str = "memory:///metadata.json";
/// Its last part.
const SHORT_NAME: &str = "metadata.json";
/// The maximum number of errors in one answer.
const MAX_ERRORS: usize = 100;

/// A loader that loads nothing: a schema comes from a client, and must not make the server read a file or a page.
struct NoLoader;

impl UrlLoader for NoLoader {
    fn load(&self, url: &str) -> Result<Value, Box<dyn Error>> {
        Err(format!("`{url}` is not part of the schema").into())
    }
}

/// Checks a schema before it is stored: one that makes too much work would keep others waiting whenever it is used.
///
/// # Errors
/// A sentence that says why.
pub(crate) fn check_schema(schema: Option<&Value>) -> Result<(), String> {
    let Some(schema) = schema else { return Ok(()) };
    match SchemaWork::new(schema, SHORT_NAME) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("metadata_schema makes too much work: {error}")),
    }
}

/// Returns what is wrong with the metadata.
///
/// # Errors
/// A sentence that names the fields, or one that says that the schema itself is broken.
pub(crate) fn check(schema: &Value, metadata: &Value) -> Result<(), String> {
    // First, and for stored schemas too: earlier releases have stored any.
    let work = SchemaWork::new(schema, SHORT_NAME).and_then(|work| work.check(metadata));
    work.map_err(|error| format!("the metadata_schema of the type makes too much work: {error}"))?;
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.use_loader(Box::new(NoLoader));
    let broken = |error: &dyn Error| format!("the metadata_schema of the type is broken: {error}");
    compiler
        .add_resource(SCHEMA, schema.clone())
        .map_err(|error| broken(&error))?;
    let index = compiler.compile(SCHEMA, &mut schemas).map_err(|error| broken(&error))?;
    schemas.validate(metadata, index).map_err(|error| {
        let mut found = Vec::new();
        collect(&error, &mut found);
        format!("Metadata validation failed: {}", found.join("; "))
    })
}

/// Adds the innermost errors, which name a field; those around them only lead there.
fn collect(error: &ValidationError<'_, '_>, found: &mut Vec<String>) {
    if found.len() == MAX_ERRORS {
        return;
    }
    if error.causes.is_empty() {
        found.push(sentence(error));
    }
    for cause in &error.causes {
        collect(cause, found);
    }
}

fn sentence(error: &ValidationError<'_, '_>) -> String {
    let location = error.instance_location.to_string();
    let field = match location.trim_start_matches('/') {
        "" => "root".to_owned(),
        path => path.replace('/', "."),
    };
    match &error.kind {
        ErrorKind::Required { want } if field == "root" => format!("missing required field: {}", want.join(", ")),
        ErrorKind::Required { want } => format!("{field}: missing required field: {}", want.join(", ")),
        ErrorKind::Enum { want } => {
            let allowed: Vec<String> = want.iter().map(plain).collect();
            format!("{field}: must be one of: {}", allowed.join(", "))
        }
        ErrorKind::Type { want, .. } => format!("{field}: must be {}", type_names(*want)),
        ErrorKind::AdditionalProperties { got } => {
            let names: Vec<String> = got.iter().map(|name| format!("'{name}'")).collect();
            let noun = if names.len() == 1 { "property" } else { "properties" };
            format!("{field}: unknown {noun} {}", names.join(", "))
        }
        other => format!("{field}: {other}"),
    }
}

/// Returns a value as text, without the quotation marks of a string.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn type_names(want: Types) -> String {
    let names: Vec<String> = want.iter().map(|kind: Type| kind.to_string()).collect();
    names.join(" or ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problem(schema: &Value, metadata: &Value) -> String {
        check(schema, metadata).unwrap_err()
    }

    #[test]
    fn names_the_field_and_what_it_must_be() {
        let schema = json!({
            "type": "object", "required": ["tier"], "additionalProperties": false,
            "properties": { "tier": { "enum": ["gold", "silver"] }, "size": { "type": "integer" } },
        });
        assert_eq!(check(&schema, &json!({ "tier": "gold", "size": 3 })), Ok(()));
        for (metadata, expected) in [
            (json!({ "tier": "bronze" }), "tier: must be one of: gold, silver"),
            (json!({ "size": 3 }), "missing required field: tier"),
            (json!({ "tier": "gold", "size": "7" }), "size: must be integer"),
            (json!({ "tier": "gold", "nope": 1 }), "root: unknown property 'nope'"),
            (json!([1]), "root: must be object"),
        ] {
            let message = problem(&schema, &metadata);
            assert_eq!(message, format!("Metadata validation failed: {expected}"));
        }
    }

    #[test]
    fn refuses_a_stored_schema_that_unfolds_without_end_at_once() {
        let twice = |level: usize| {
            let next = json!({ "$ref": format!("#/$defs/a{}", level + 1) });
            (format!("a{level}"), json!({ "allOf": [next, next] }))
        };
        let mut parts: serde_json::Map<_, _> = (0..30).map(twice).collect();
        parts.insert("a30".to_owned(), json!({ "type": "object" }));
        let message = problem(&json!({ "$defs": parts, "$ref": "#/$defs/a0" }), &json!({ "a": 1 }));
        let expected = "the metadata_schema of the type makes too much work: it unfolds to more than 10000 subschemas for one value";
        assert_eq!(message, expected);
    }

    #[test]
    fn follows_the_longest_chain_that_is_allowed_and_keeps_errors_short() {
        let chain = |levels: usize| {
            let next = |level: usize| {
                (
                    format!("a{level}"),
                    json!({ "allOf": [{ "$ref": format!("#/$defs/a{}", level + 1) }] }),
                )
            };
            let mut parts: serde_json::Map<_, _> = (0..levels).map(next).collect();
            parts.insert(format!("a{levels}"), json!({ "type": "integer" }));
            json!({ "$defs": parts, "$ref": "#/$defs/a0" })
        };
        let message = problem(&chain(39), &json!({ "a": 1 }));
        assert_eq!(message, "Metadata validation failed: root: must be integer");
        assert!(problem(&chain(40), &json!({ "a": 1 })).contains("more than 80 levels"));
        let list = json!({ "properties": { "a": { "items": { "type": "integer" } } } });
        let message = problem(&list, &json!({ "a": vec!["x"; 5_000] }));
        assert_eq!(message.matches("must be integer").count(), MAX_ERRORS);
    }

    #[test]
    fn reads_no_file_and_no_page_for_a_schema() {
        for target in ["file:///etc/hostname", "https://example.test/schema.json", "other.json"] {
            let message = problem(&json!({ "$ref": target }), &json!({ "a": 1 }));
            assert!(
                message.starts_with("the metadata_schema of the type is broken"),
                "{message}"
            );
        }
    }
}
