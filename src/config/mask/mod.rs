//! Texts of files as they may be printed. Every piece that could be secret is replaced by `***`.
//!
//! Masking works on lines and tokens instead of parsed values, because broken files have to be printed too. In doubt a
//! piece is covered (law 3).

mod lobu_toml;
mod masked;

pub(super) use lobu_toml::{mask as lobu_toml, newer_syntax};
pub use masked::{MaskedText, harmless};

use super::literal::token_kind;
use crate::resource::is_secret_key;

/// Masks a text as a whole. Only the number of its lines and their indentation remain.
pub(super) fn covered(text: &str) -> MaskedText {
    let mut output = MaskedText::default();
    output.cover(text);
    output
}

/// Masks the user's preferences, which have no secrets: lines where there seems to be one all the same.
pub(super) fn preferences(text: &str) -> MaskedText {
    let mut output = MaskedText::default();
    for line in text.split_inclusive('\n') {
        let mut words = line.split(|character: char| character.is_whitespace() || "\"'=.[]".contains(character));
        if words.any(|word| is_secret_key(word) || token_kind(word).is_some()) {
            output.cover(line);
        } else {
            output.plain(line);
        }
    }
    output
}

/// Masks a `.env` file: everything but the names.
pub(super) fn env(text: &str) -> MaskedText {
    let mut output = MaskedText::default();
    // The quote of a value that began on an earlier line and has not ended. Such lines have no names.
    let mut open = None;
    for line in text.split_inclusive('\n') {
        let shown = match (open, line.split_once('=')) {
            (None, Some((name, value))) if is_env_name(name) => {
                let quote = value
                    .trim_start()
                    .chars()
                    .next()
                    .filter(|quote| "\"'`".contains(*quote));
                open = quote.filter(|quote| value.trim_start()[1..].matches(*quote).count() == 0);
                name.len() + 1
            }
            (Some(quote), _) if line.contains(quote) => {
                open = None;
                0
            }
            _ => 0,
        };
        output.plain(&line[..shown]);
        output.cover(&line[shown..]);
    }
    output
}

/// Whether the text before an equals sign is a name, and not a piece of a value. Only capitals, digits and `_` count,
/// because a line of base64 can have an equals sign too.
fn is_env_name(text: &str) -> bool {
    let text = text.trim();
    let name = text.strip_prefix("export ").unwrap_or(text).trim();
    name.chars()
        .all(|character| character.is_ascii_uppercase() || character.is_ascii_digit() || " _".contains(character))
}

/// Masks YAML: the values of [secret keys](is_secret_key), and everything below `env` and `headers`.
pub(super) fn yaml(text: &str) -> MaskedText {
    let mut output = MaskedText::default();
    // The indentation of the key whose value is being covered. Deeper lines belong to its value.
    let mut closed: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        // The dash of a list item counts as indentation, so that all keys of the item have the same.
        let indent = line.len() - line.trim_start_matches([' ', '-']).len();
        if !line.trim().is_empty() && closed.is_some_and(|outer| indent <= outer) {
            closed = None;
        }
        let secret = secret_value_start(line);
        if closed.is_some() {
            output.cover(line);
        } else if let Some(start) = secret {
            closed = Some(indent);
            output.plain(&line[..start]);
            output.cover(&line[start..]);
        } else {
            output.plain(line);
        }
    }
    output
}

/// The keys of a skill's front matter whose values may be shown.
const SHOWN_FRONT_KEYS: [&str; 9] = [
    "name",
    "description",
    "type",
    "nixPackages",
    "network",
    "allow",
    "deny",
    "judge",
    "domain",
];

/// Masks a skill: the values of all keys but [`SHOWN_FRONT_KEYS`], and the text.
pub(super) fn skill(text: &str) -> MaskedText {
    let mut output = MaskedText::default();
    for line in text.split_inclusive('\n') {
        let in_key = |character: char| character.is_alphanumeric() || character == '_' || character == '-';
        let start = line.len() - line.trim_start_matches([' ', '-']).len();
        let key = line[start..]
            .split(|character| !in_key(character))
            .next()
            .unwrap_or_default();
        let colon = start + key.len();
        if line.trim() == "---" || (SHOWN_FRONT_KEYS.contains(&key) && line[colon..].starts_with(':')) {
            output.plain(line);
        } else {
            let shown = if line[colon..].starts_with(':') {
                colon + 1
            } else {
                start
            };
            output.plain(&line[..shown]);
            output.cover(&line[shown..]);
        }
    }
    output
}

/// Returns the byte after the first secret key of a line and its colon. `None` when the line has no such key.
fn secret_value_start(line: &str) -> Option<usize> {
    line.match_indices(':').map(|(colon, _)| colon).find_map(|colon| {
        let before = line[..colon].trim_end_matches(['"', '\'', ' ']);
        let key = before
            .rsplit(|character: char| !character.is_alphanumeric() && character != '_' && character != '-')
            .next()?;
        (key == "env" || key == "headers" || is_secret_key(key)).then_some(colon + 1)
    })
}
