//! The arguments of a tool: one JSON object, or `NAME=VALUE` pairs whose types the tool's schema knows.

use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::host::Host;
use crate::resource::suggestion::nearest;
use crate::show::memory_tools::{ToolArgument, tool_arguments};

/// The maximum size of standard input, in bytes.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Arguments as they were given.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Given {
    /// A JSON object.
    Object(Map<String, Value>),
    /// Names and texts.
    Pairs(Vec<(String, String)>),
}

/// Reads the words after the name of a tool.
///
/// # Errors
/// When they are neither one JSON object nor pairs.
pub(super) fn read(host: &Host, words: &[String]) -> Result<Given, Failure> {
    match words {
        [] => Ok(Given::Object(Map::new())),
        [word] if word == "-" => {
            let text = host.stdin.rest(MAX_BYTES);
            let text = text.map_err(|error| Failure::failed("standard input could not be read").because(&error))?;
            object(&text, "standard input")
        }
        [word] if word.trim_start().starts_with('{') => object(word, "the argument"),
        words => {
            let pairs: Result<_, Failure> = words.iter().map(|word| pair(word)).collect();
            pairs.map(Given::Pairs)
        }
    }
}

fn object(text: &str, place: &str) -> Result<Given, Failure> {
    match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => Ok(Given::Object(fields)),
        Ok(_) => Err(Failure::usage(format!("{place} is no JSON object; nothing was called"))),
        Err(error) => Err(Failure::usage(format!("{place} is no JSON; nothing was called")).because(&error)),
    }
}

fn pair(word: &str) -> Result<(String, String), Failure> {
    let parts = word.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, value) = parts.ok_or_else(|| {
        let failure = Failure::usage("arguments are one JSON object or NAME=VALUE pairs; nothing was called");
        failure.hint("`lobuctl memory run search_knowledge query='blue whale'`")
    })?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Returns the pairs as values of the types that the schema says.
///
/// # Errors
/// All names that the tool does not have, and values that are no JSON of their type.
pub(super) fn typed(pairs: &[(String, String)], schema: &Value) -> Result<Map<String, Value>, Failure> {
    let known = tool_arguments(schema);
    let mut fields = Map::new();
    let mut problems = Vec::new();
    for (name, text) in pairs {
        let value = match known.iter().find(|argument| argument.name == name) {
            None if !allows_others(schema) => Err(unknown(name, &known)),
            argument => value(name, text, argument.map_or("", |argument| argument.kind)),
        };
        let added = value.map(|value| fields.insert(name.clone(), value));
        match added {
            Ok(None) => {}
            Ok(Some(_)) => problems.push(format!("`{name}` is given twice")),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        return Ok(fields);
    }
    let mut failure = Failure::usage("these arguments do not fit the tool; nothing was called");
    failure.causes = problems;
    Err(failure.hint("`lobuctl memory tools` shows what it takes"))
}

/// Whether the tool takes arguments that its schema does not name. A schema without names says nothing about them.
fn allows_others(schema: &Value) -> bool {
    schema["properties"].as_object().is_none_or(Map::is_empty) || schema["additionalProperties"] == true
}

fn unknown(name: &str, known: &[ToolArgument<'_>]) -> String {
    match nearest(name, known.iter().map(|argument| argument.name)) {
        Some(near) => format!("it has no argument `{name}`; did you mean `{near}`?"),
        None => format!("it has no argument `{name}`"),
    }
}

fn value(name: &str, text: &str, kind: &str) -> Result<Value, String> {
    if matches!(kind, "" | "string") {
        return Ok(Value::String(text.to_owned()));
    }
    let parsed: Option<Value> = serde_json::from_str(text).ok();
    let fits = |value: &Value| match kind {
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    };
    parsed
        .filter(fits)
        .ok_or_else(|| format!("`{name}` takes JSON of the type {kind}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Value {
        json!({ "properties": {
            "query": { "type": "string" }, "limit": { "type": "number" }, "tags": { "type": "array" },
        }})
    }

    fn pairs(words: &[&str]) -> Vec<(String, String)> {
        words.iter().map(|word| pair(word).unwrap()).collect()
    }

    #[test]
    fn values_have_the_type_of_the_schema() {
        let fields = typed(&pairs(&["query=7", "limit=7", "tags=[\"a=b\"]"]), &schema()).unwrap();
        assert_eq!(
            Value::Object(fields),
            json!({ "query": "7", "limit": 7, "tags": ["a=b"] })
        );
    }

    #[test]
    fn everything_that_does_not_fit_is_reported_together() {
        let failure = typed(&pairs(&["querry=a", "limit=many", "query=a", "query=b"]), &schema()).unwrap_err();
        assert_eq!(
            failure.causes,
            [
                "it has no argument `querry`; did you mean `query`?",
                "`limit` takes JSON of the type number",
                "`query` is given twice",
            ]
        );
    }

    #[test]
    fn a_schema_without_names_takes_any_text() {
        let fields = typed(&pairs(&["anything=1"]), &json!({})).unwrap();
        assert_eq!(Value::Object(fields), json!({ "anything": "1" }));
    }
}
