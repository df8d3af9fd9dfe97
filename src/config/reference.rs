//! References to secrets, `$NAME` (contract section 10.1), and texts that only look like one.

use std::ops::Range;

/// The variable of the token that lobuctl itself uses. No file may refer to it, because it gives access to the
/// whole organization.
pub(super) const API_TOKEN: &str = "LOBU_API_TOKEN";

/// One `$NAME` in `lobu.toml`.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    /// The name, without the dollar sign.
    pub name: String,
    /// The location of the string.
    pub span: Range<usize>,
    /// The key that has it: `agents.triage.platforms[0].config.botToken`.
    pub location: String,
    /// Whether the value itself goes to the server.
    pub sent: bool,
}

/// Returns the name in a string that is a reference as a whole. White space around it does not count.
pub fn name(text: &str) -> Option<&str> {
    text.trim().strip_prefix('$').filter(|name| is_name(name))
}

/// Whether a text matches `[A-Z][A-Z0-9_]*`.
pub(super) fn is_name(name: &str) -> bool {
    let part = |character: char| character.is_ascii_uppercase() || character.is_ascii_digit() || character == '_';
    name.starts_with(|first: char| first.is_ascii_uppercase()) && name.chars().all(part)
}

/// Returns the name that was probably meant by text such as `${NAME}`, `$name` or `Bearer $NAME`, for advice.
pub(super) fn look_alike(text: &str) -> Option<String> {
    let (_, after) = text.split_once('$')?;
    let after = after.trim_start_matches(['{', '(', '$']);
    let name: String = after
        .chars()
        .take_while(|character| character.is_ascii_alphanumeric() || *character == '_')
        .collect();
    let starts_like_one = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    // The advice shows the nearest valid name, which has neither lower case nor a leading underscore.
    let name = name.trim_start_matches('_').to_ascii_uppercase();
    (starts_like_one && is_name(&name)).then_some(name)
}
