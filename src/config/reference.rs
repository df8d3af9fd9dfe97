//! `$NAME`: what is a reference to a secret, and what only looks like one.

use super::diagnostic::{Diagnostic, Sink, Source, tick};
use super::draft::Reference;
use super::table::Text;

/// The name, when the whole string is a reference (contract section 10.1).
pub(super) fn name(text: &str) -> Option<&str> {
    text.trim().strip_prefix('$').filter(|name| is_name(name))
}

/// `[A-Z][A-Z0-9_]*`.
pub(super) fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
        && name
            .chars()
            .all(|character| character.is_ascii_uppercase() || character.is_ascii_digit() || character == '_')
}

/// Notes the reference in a string that may hold one, or warns about what only looks like one.
pub(super) fn note(
    source: &Source,
    place: String,
    text: &Text,
    sent: bool,
    found: &mut Vec<Reference>,
    sink: &mut Sink,
) {
    if let Some(name) = name(&text.value) {
        found.push(Reference {
            name: name.to_owned(),
            span: text.span.clone(),
            place,
            sent,
        });
    } else if let Some(near) = look_alike(&text.value) {
        sink.push(
            Diagnostic::warning(
                "not-a-reference",
                format!(
                    "{} looks like a reference to a secret, but is literal text",
                    tick(&place)
                ),
            )
            .at(source, text.span.clone())
            .help(format!("a reference is the whole string, in capitals: `\"${near}\"`")),
        );
    }
}

/// The name that somebody may have meant: `${NAME}`, `$name`, `Bearer $NAME`.
fn look_alike(text: &str) -> Option<String> {
    let (_, after) = text.split_once('$')?;
    let after = after.trim_start_matches(['{', '(', '$']);
    let name: String = after
        .chars()
        .take_while(|character| character.is_ascii_alphanumeric() || *character == '_')
        .collect();
    let named = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let name = name.trim_start_matches('_').to_ascii_uppercase();
    (named && is_name(&name)).then_some(name)
}
