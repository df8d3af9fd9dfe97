//! Texts of files as they may be printed: what could be secret is replaced by `***`.

mod lobu_toml;
mod masked;

pub(super) use lobu_toml::{mask as lobu_toml, newer_syntax};
pub use masked::{MaskedText, harmless};

use crate::resource::is_secret_key;

/// Masks a text as a whole. Only its lines remain.
pub(super) fn covered(text: &str) -> MaskedText {
    let mut output = MaskedText::default();
    output.cover(text);
    output
}

/// Masks a `.env` file: everything but the names.
pub(super) fn env(text: &str) -> MaskedText {
    let mut output = MaskedText::default();
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

/// Whether the text before an equals sign is a name, and not a piece of a value.
fn is_env_name(text: &str) -> bool {
    let text = text.trim();
    let name = text.strip_prefix("export ").unwrap_or(text).trim();
    name.chars()
        .all(|character| character.is_ascii_uppercase() || character.is_ascii_digit() || " _".contains(character))
}

/// Masks YAML: values under secret-named keys, and everything below `env` and `headers`.
pub(super) fn yaml(text: &str) -> MaskedText {
    let mut output = MaskedText::default();
    let mut closed: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches([' ', '-']).len();
        if !line.trim().is_empty() && closed.is_some_and(|outer| indent <= outer) {
            closed = None;
        }
        let secret = secret_part(line);
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

/// Keys of a skill's front matter whose values may be shown.
const OPEN_FRONT: [&str; 9] = [
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

/// Masks a skill: the values of all but a few keys, and the text.
pub(super) fn skill(text: &str) -> MaskedText {
    let mut output = MaskedText::default();
    for line in text.split_inclusive('\n') {
        let word = |character: char| character.is_alphanumeric() || character == '_' || character == '-';
        let start = line.len() - line.trim_start_matches([' ', '-']).len();
        let key = line[start..]
            .split(|character| !word(character))
            .next()
            .unwrap_or_default();
        let colon = start + key.len();
        if line.trim() == "---" || (OPEN_FRONT.contains(&key) && line[colon..].starts_with(':')) {
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

/// Returns where the rest of a line starts, after a secret-named key and its colon.
fn secret_part(line: &str) -> Option<usize> {
    line.match_indices(':').map(|(colon, _)| colon).find_map(|colon| {
        let before = line[..colon].trim_end_matches(['"', '\'', ' ']);
        let word = before
            .rsplit(|character: char| !character.is_alphanumeric() && character != '_' && character != '-')
            .next()?;
        (word == "env" || word == "headers" || is_secret_key(word)).then_some(colon + 1)
    })
}
