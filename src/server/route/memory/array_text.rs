//! Lists of texts in the notation of PostgreSQL, such as `{a,"b c"}`, in which the recorded server answers tags and
//! classifiers.

use serde_json::Value;

/// Returns a list of texts in this notation.
pub(super) fn write(list: &Value) -> String {
    let items = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    let items: Vec<String> = items.map(item).collect();
    format!("{{{}}}", items.join(","))
}

fn item(text: &str) -> String {
    let special = |letter: char| letter.is_whitespace() || matches!(letter, '{' | '}' | ',' | '"' | '\\');
    if !text.is_empty() && !text.eq_ignore_ascii_case("null") && !text.contains(special) {
        return text.to_owned();
    }
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

/// Returns the texts of a list in this notation. `None` for a text in another notation.
pub(super) fn read(text: &str) -> Option<Vec<String>> {
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    if inner.trim().is_empty() {
        return Some(Vec::new());
    }
    let (mut items, mut item, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => item.push(letters.next()?),
            '"' => quoted = !quoted,
            '{' | '}' if !quoted => return None,
            ',' if !quoted => items.push(std::mem::take(&mut item)),
            other => item.push(other),
        }
    }
    if quoted {
        return None;
    }
    items.push(item);
    Some(items)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn writes_and_reads_texts_with_any_characters() {
        for (list, text) in [
            (json!([]), "{}"),
            (json!(["a", "b"]), "{a,b}"),
            (json!(["a b", "", "x,\"y\\"]), r#"{"a b","","x,\"y\\"}"#),
        ] {
            assert_eq!(write(&list), text);
            assert_eq!(json!(read(text).unwrap()), list);
        }
        for broken in ["a", "{a", "{\"a}", "{{a}}"] {
            assert_eq!(read(broken), None, "{broken}");
        }
    }
}
