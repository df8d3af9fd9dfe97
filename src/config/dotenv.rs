//! `.env` files: `NAME=value`, quotes, comments, values over several lines. A `$` is an ordinary character, and no
//! diagnostic contains a value.

use super::diagnostic::Diagnostic;
use super::finding::Findings;
use super::source::Source;
use crate::resource::Secret;

/// Returns the variables of one file, in file order, with repetitions; the last one of a name counts. Lines that cannot be
/// read are skipped with a warning.
pub(super) fn parse(source: &Source, findings: &mut Findings) -> Vec<(String, Secret)> {
    let mut variables = Vec::new();
    let mut offset = 0;
    while let Some(rest) = source.text.get(offset..).filter(|rest| !rest.is_empty()) {
        let line = rest.split_inclusive('\n').next().unwrap_or(rest);
        let trimmed = line.trim();
        let mut length = line.len();
        if !trimmed.is_empty() && !trimmed.starts_with('#') {
            match read_assignment(rest, line) {
                Ok((name, value, consumed)) => {
                    variables.push((name.to_owned(), value));
                    // A value in quotes can end on a later line.
                    length = length.max(consumed);
                }
                Err((message, help)) => findings.push(
                    Diagnostic::warning("env-line", format!("the line is skipped: {message}"))
                        .at(source, offset..offset)
                        .help(help),
                ),
            }
        }
        offset += length;
    }
    variables
}

/// Why a line is skipped, and what to do about it.
type LineProblem = (&'static str, &'static str);

/// Reads one assignment at the start of `rest`, whose first line is `line`. Returns the name, the value, and the number of
/// bytes that were read.
fn read_assignment<'a>(rest: &'a str, line: &'a str) -> Result<(&'a str, Secret, usize), LineProblem> {
    let (name, _) = line.split_once('=').ok_or(("there is no `=`", "write `NAME=value`"))?;
    let start = name.len() + 1;
    let name = name.trim();
    let name = name.strip_prefix("export ").unwrap_or(name).trim();
    let in_name =
        |character: char| character.is_ascii_alphanumeric() || character == '_' || character == '.' || character == '-';
    if name.is_empty() || !name.chars().all(in_name) {
        return Err((
            "the text before `=` is not a name",
            "write `NAME=value`, the name in letters, digits and `_`",
        ));
    }
    let after = &rest[start..];
    let blank = after.len() - after.trim_start_matches([' ', '\t']).len();
    let after = &after[blank..];
    let (value, length) = match after.chars().next() {
        Some(quote @ ('"' | '\'' | '`')) => {
            let (value, length) =
                read_quoted(&after[1..], quote).ok_or(("a quote is not closed", "close the quote"))?;
            (value, extend_to_line_end(after, length + 1))
        }
        _ => (read_bare(after.split('\n').next().unwrap_or("")), 0),
    };
    Ok((name, value, start + blank + length))
}

/// Returns the value up to the closing quote, and its length in bytes with that quote. `None` when there is no such quote.
/// Only double quotes allow escapes.
fn read_quoted(text: &str, quote: char) -> Option<(Secret, usize)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            found if found == quote => return Some((Secret::new(value), index + 1)),
            '\\' if quote == '"' => match characters.next()?.1 {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                other @ ('"' | '\\' | '$') => value.push(other),
                other => value.extend(['\\', other]),
            },
            other => value.push(other),
        }
    }
    None
}

/// Returns the text up to a comment, trimmed. A `#` begins one at the start and after a blank; elsewhere it
/// belongs to the value.
fn read_bare(text: &str) -> Secret {
    let comment = text
        .starts_with('#')
        .then_some(0)
        .or_else(|| text.find(" #"))
        .or_else(|| text.find("\t#"));
    Secret::new(text[..comment.unwrap_or(text.len())].trim())
}

/// Returns the number of bytes up to the end of the line that `length` bytes of the text lead to. The end of a line after a
/// closing quote is ignored.
fn extend_to_line_end(text: &str, length: usize) -> usize {
    text[length..].find('\n').map_or(text.len(), |end| length + end + 1)
}
