//! Values of secrets in a text that another program has written: `NAME=value` lines as in `.env`, or one JSON object.

use std::collections::BTreeMap;

use serde_json::Value;
use zeroize::Zeroize;

use super::dotenv;
use super::finding::Findings;
use super::reference::{API_TOKEN, is_name};
use super::source::Source;
use crate::resource::Secret;

/// Why a text has no values of secrets. No message repeats anything of the text but names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretTextError {
    /// The text begins like JSON and is none.
    #[error("it is not JSON: line {line}, column {column}")]
    NotJson {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
    },
    /// A value is no text.
    #[error("the value of `{0}` is not a text")]
    NotText(String),
    /// Lines that are not `NAME=value`.
    #[error("{0}")]
    Lines(String),
}

/// Reads the values of a text, by name. The last value of a name counts. Names that no `$NAME` can refer to are left out, and
/// so is the token of lobuctl itself, which belongs to no project.
///
/// # Errors
/// When a part of the text cannot be read: nothing is left out silently.
pub fn parse_secret_text(text: &str) -> Result<BTreeMap<String, Secret>, SecretTextError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut values = if text.trim_start().starts_with('{') {
        from_json(text)?
    } else {
        from_lines(text)?
    };
    values.retain(|name, _| is_name(name) && name != API_TOKEN);
    Ok(values)
}

fn from_json(text: &str) -> Result<BTreeMap<String, Secret>, SecretTextError> {
    // The error of the parser is not shown: it may repeat a value.
    let object: serde_json::Map<String, Value> =
        serde_json::from_str(text).map_err(|error| SecretTextError::NotJson {
            line: error.line(),
            column: error.column(),
        })?;
    let mut values = BTreeMap::new();
    for (name, value) in object {
        match value {
            Value::String(text) => drop(values.insert(name, Secret::new(text))),
            _ => return Err(SecretTextError::NotText(name)),
        }
    }
    Ok(values)
}

fn from_lines(text: &str) -> Result<BTreeMap<String, Secret>, SecretTextError> {
    let mut source = Source::new("", text);
    let mut findings = Findings::default();
    let values = dotenv::parse(&source, &mut findings);
    source.text.zeroize();
    let problems: Vec<String> = findings
        .into_sorted()
        .iter()
        .map(|problem| match problem.line {
            Some(line) => format!(
                "line {line}: {}",
                problem.message.trim_start_matches("the line is skipped: ")
            ),
            None => problem.message.clone(),
        })
        .collect();
    if problems.is_empty() {
        return Ok(values.into_iter().collect());
    }
    Err(SecretTextError::Lines(problems.join("; ")))
}
