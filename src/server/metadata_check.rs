//! Checks the metadata of an entity against the JSON Schema of its type, in the words of contract section 12.

use std::error::Error;

use boon::{Compiler, ErrorKind, Schemas, Type, Types, UrlLoader, ValidationError};
use serde_json::Value;

/// The name of the schema inside of the compiler. It leads nowhere.
const SCHEMA: &str = "memory:///metadata.json";

/// A loader that loads nothing: a schema comes from a client, and must not make the server read a file or a page.
struct NoLoader;

impl UrlLoader for NoLoader {
    fn load(&self, url: &str) -> Result<Value, Box<dyn Error>> {
        Err(format!("`{url}` is not part of the schema").into())
    }
}

/// Returns what is wrong with the metadata.
///
/// # Errors
/// A sentence that names the fields, or one that says that the schema itself is broken.
pub(crate) fn check(schema: &Value, metadata: &Value) -> Result<(), String> {
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
