//! White space as JavaScript defines it: the server and its other clients trim long texts that way.

/// Trims as `String.prototype.trim` does: a byte order mark counts as space, a next-line character does not.
pub(super) fn js_trim(text: &str) -> &str {
    text.trim_matches(is_js_space)
}

/// Whether JavaScript trims this character.
pub(super) fn is_js_space(character: char) -> bool {
    character == '\u{feff}' || (character.is_whitespace() && character != '\u{85}')
}
