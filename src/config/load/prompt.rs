//! Checks of texts that language models will read: hidden characters, which are warnings, and values of secrets, which are
//! errors.

use std::collections::HashMap;
use std::fmt::Write;

use crate::config::diagnostic::{Diagnostic, tick};
use crate::config::finding::Findings;
use crate::config::secret::Values;
use crate::config::source::Source;
use crate::resource::{is_invisible, is_ordinary_invisible};

/// The minimum length of a secret that is searched for. A shorter value occurs in ordinary text by chance.
const MIN_SECRET: usize = 6;

/// The maximum number of code points that a warning lists.
const MAX_LISTED: usize = 8;

/// Reports each secret whose value occurs in the text, by its name and never by its value.
pub(super) fn check_secrets(source: &Source, values: &Values, findings: &mut Findings) {
    for (name, value) in values.iter().filter(|(_, value)| value.expose().len() >= MIN_SECRET) {
        if let Some(at) = source.text.find(value.expose()) {
            let message = format!("the text contains the value of the secret {}", tick(name));
            let problem = Diagnostic::error("secret-in-text", message).at(source, at..at);
            findings.push(problem.help("remove it: the text is printed in plans, and stored on the server as it is"));
        }
    }
}

/// Warns about runs of characters that cannot be seen.
pub(super) fn check_invisible(source: &Source, findings: &mut Findings) {
    let mut run: Option<(usize, Vec<char>)> = None;
    let mut before = None;
    let mut characters = source.text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let after = characters.peek().map(|(_, after)| *after);
        if is_hidden(before, character, after) {
            run.get_or_insert_with(|| (at, Vec::new())).1.push(character);
        } else if let Some((start, hidden)) = run.take() {
            findings.push(invisible(source, start, &hidden));
        }
        before = Some(character);
    }
    if let Some((start, hidden)) = run {
        findings.push(invisible(source, start, &hidden));
    }
}

/// Whether a character is hidden in its context. Line breaks, tabs, and joiners of emoji and of scripts are not.
fn is_hidden(before: Option<char>, character: char, after: Option<char>) -> bool {
    let is_control = character.is_control() && !matches!(character, '\n' | '\r' | '\t');
    is_control || (is_invisible(character) && !is_ordinary_invisible(before, character, after))
}

fn invisible(source: &Source, start: usize, hidden: &[char]) -> Diagnostic {
    let mut listed = String::new();
    let mut seen = HashMap::new();
    for character in hidden {
        *seen.entry(*character).or_insert(0) += 1;
        if seen[character] == 1 && seen.len() <= MAX_LISTED {
            // Writing to a `String` cannot fail.
            let _ = write!(listed, " U+{:04X}", u32::from(*character));
        }
    }
    let more = if seen.len() > MAX_LISTED { " …" } else { "" };
    let count = match hidden.len() {
        1 => "1 invisible character".to_owned(),
        count => format!("{count} invisible characters"),
    };
    Diagnostic::warning("invisible-text", format!("{count}:{listed}{more}"))
        .at(source, start..start)
        .help("a language model reads characters that a reviewer cannot see: remove them")
}
