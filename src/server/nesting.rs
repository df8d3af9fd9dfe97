//! Bounds on the shape of JSON: checked on the text of a request before it is parsed, and on stored values before they
//! are answered.
//!
//! A response adds a few levels around a stored value, and JSON parsers such as `serde_json` stop at 128 levels: a single
//! value that is nested deeper would make a whole list unreadable. Many small values take a hundred times the size of their
//! text in memory once they are parsed.

use serde_json::Value;

/// The maximum number of nested objects and lists.
const MAX_DEPTH: usize = 64;
/// The maximum number of values and keys in one body.
const MAX_VALUES: usize = 200_000;
/// Replaces a part of a stored value that is nested too deeply to be answered.
const LEFT_OUT: &str = "[left out: nested more than 64 levels deep]";

/// Why a text was refused before it was parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NestingError {
    /// More than [`MAX_DEPTH`] levels.
    #[error("the body is nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
    /// More than [`MAX_VALUES`] values.
    #[error("the body has more than {MAX_VALUES} values")]
    TooMany,
}

/// Checks the bounds on a text that should be JSON. Does not check that it is JSON, which the parser does.
pub(crate) fn check(text: &str) -> Result<(), NestingError> {
    let (mut depth, mut values) = (0_usize, 0_usize);
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => skip_string(&mut bytes),
            b'{' | b'[' => {
                depth += 1;
                values += 1;
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            // Each is followed by one more value, or follows one more key.
            b',' | b':' => values += 1,
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(NestingError::TooDeep);
        }
        if values > MAX_VALUES {
            return Err(NestingError::TooMany);
        }
    }
    Ok(())
}

/// Skips to the end of a string whose first quotation mark was read.
fn skip_string(bytes: &mut std::str::Bytes<'_>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            // The escaped byte may be a quotation mark.
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
}

/// Replaces the parts of a stored value that are nested too deeply. Only releases without [`check`] have stored such values.
pub(crate) fn cut(value: &mut Value) {
    cut_below(value, MAX_DEPTH);
}

/// Returns a nullable value of a row as it is answered: null where there is none, and cut as by [`cut`].
pub(crate) fn cut_nullable(value: Option<Value>) -> Value {
    let mut value = value.unwrap_or_default();
    cut(&mut value);
    value
}

fn cut_below(value: &mut Value, levels: usize) {
    if levels == 0 && matches!(value, Value::Array(_) | Value::Object(_)) {
        *value = Value::from(LEFT_OUT);
        return;
    }
    match value {
        Value::Array(list) => list.iter_mut().for_each(|inner| cut_below(inner, levels - 1)),
        Value::Object(map) => map.values_mut().for_each(|inner| cut_below(inner, levels - 1)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> String {
        format!("{}{}", "[".repeat(levels), "]".repeat(levels))
    }

    #[test]
    fn accepts_64_levels_and_refuses_65() {
        assert_eq!(check(&nested(64)), Ok(()));
        assert_eq!(check(&nested(65)), Err(NestingError::TooDeep));
    }

    #[test]
    fn ignores_brackets_inside_of_strings() {
        let text = format!(r#"{{"a": "\"{}\\"}}"#, "[".repeat(100));
        assert_eq!(check(&text), Ok(()));
    }

    #[test]
    fn refuses_more_values_than_the_bound() {
        let text = format!("[{}0]", "0,".repeat(MAX_VALUES));
        assert_eq!(check(&text), Err(NestingError::TooMany));
        let text = format!("[{}0]", "0,".repeat(MAX_VALUES - 1));
        assert_eq!(check(&text), Ok(()));
    }

    #[test]
    fn cuts_a_stored_value_at_the_bound() {
        let mut value: Value = serde_json::from_str(&nested(100)).unwrap();
        cut(&mut value);
        let shown = value.to_string();
        assert_eq!(shown.matches('[').count(), 64 + 1, "{shown}");
        assert!(shown.contains("left out"));
    }
}
