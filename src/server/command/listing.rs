//! Lists as the commands print them: one line for each row, or one JSON list.

use std::io::Write;

use serde_json::Value;

use crate::server::error::ServerError;
use crate::server::name::is_shown;

/// How a command prints a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListFormat {
    /// One line for each row.
    Lines,
    /// One JSON list on one line.
    Json,
}

/// Writes the rows.
pub(super) fn write_list<T>(
    rows: &[T],
    format: ListFormat,
    json: impl Fn(&T) -> serde_json::Result<Value>,
    line: impl Fn(&T) -> String,
    out: &mut (dyn Write + Send),
) -> Result<(), ServerError> {
    match format {
        ListFormat::Json => {
            let list: serde_json::Result<Vec<Value>> = rows.iter().map(json).collect();
            let text = list.and_then(|list| serde_json::to_string(&list));
            let text = text.map_err(|error| ServerError::Output(error.into()))?;
            writeln!(out, "{}", with_visible_escapes(&text)).map_err(ServerError::Output)
        }
        ListFormat::Lines => rows
            .iter()
            .try_for_each(|row| writeln!(out, "{}", line(row)).map_err(ServerError::Output)),
    }
}

/// Returns JSON in which what a terminal would obey, or what draws nothing, is written as escapes: senders without credentials
/// choose the paths that the audit has. Such characters are in strings only, so the meaning stays.
fn with_visible_escapes(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        if is_shown(letter) {
            text.push(letter);
        } else {
            let mut units = [0; 2];
            text.extend(
                letter
                    .encode_utf16(&mut units)
                    .iter()
                    .map(|unit| format!("\\u{unit:04x}")),
            );
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_as_json_shows_what_draws_nothing() {
        let rows = ["POST /api/dev/\u{9b}31m\u{202e}rtl\u{2028}forged\u{1b}\u{e0001} ok é"];
        let mut out = Vec::new();
        let json = |row: &&str| Ok(Value::from(*row));
        write_list(&rows, ListFormat::Json, json, |_| String::new(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let expected = r#"["POST /api/dev/\u009b31m\u202ertl\u2028forged\u001b\udb40\udc01 ok é"]"#;
        assert_eq!(text, format!("{expected}\n"));
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap()[0], rows[0]);
    }
}
