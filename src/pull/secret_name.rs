//! The names of secrets in files. Their values are never written (semantics, "Pull").

/// Returns the reference `$AGENT_PLACE_FIELD` for a secret that no file names yet.
pub(super) fn new_reference(parts: &[&str]) -> String {
    let name: Vec<String> = parts
        .iter()
        .map(|part| upper_snake(part))
        .filter(|part| !part.is_empty())
        .collect();
    let name = name.join("_");
    // A name begins with a letter.
    let first = if name.starts_with(|first: char| first.is_ascii_uppercase()) {
        ""
    } else {
        "SECRET_"
    };
    format!("${first}{name}")
}

/// Returns `BOT_TOKEN` for `botToken`, and `MY_AGENT` for `my-agent`.
fn upper_snake(text: &str) -> String {
    let mut name = String::new();
    let mut was_lower = false;
    for character in text.chars() {
        if character.is_ascii_alphanumeric() {
            if character.is_ascii_uppercase() && was_lower {
                name.push('_');
            }
            name.push(character.to_ascii_uppercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        was_lower = character.is_ascii_lowercase() || character.is_ascii_digit();
    }
    name.trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::referenced_secret;

    #[test]
    fn names_are_those_that_people_would_choose() {
        let name = |parts: &[&str]| new_reference(parts);
        assert_eq!(
            name(&["triage", "telegram", "", "botToken"]),
            "$TRIAGE_TELEGRAM_BOT_TOKEN"
        );
        assert_eq!(
            name(&["my-agent", "slack", "eng-2", "apiKey"]),
            "$MY_AGENT_SLACK_ENG_2_API_KEY"
        );
        assert_eq!(name(&["0day", "x"]), "$SECRET_0DAY_X");
        assert_eq!(referenced_secret(&name(&["a", "b"])), Some("A_B"));
    }
}
