//! The lines of a text and their ends.

use std::ops::Range;

/// Returns the ranges of the lines in a range, without line breaks.
pub(super) fn lines(text: &str, range: Range<usize>) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = range.start;
    text[range].split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        start..start + line.trim_end_matches(['\n', '\r']).len()
    })
}

/// Returns the start of the line that a position is on.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Returns the end of the line that a position is on, without its line break.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
    end - usize::from(text[at..end].ends_with('\r'))
}

/// Whether a line is a comment.
pub(super) fn is_comment(text: &str, line: &Range<usize>) -> bool {
    text[line.clone()].trim_start().starts_with('#')
}

/// Returns the end of the comments in a TOML file that are directly below the line that ends at `end`. Comments that are
/// directly above a section belong to that one.
pub(super) fn after_comments(text: &str, end: usize) -> usize {
    let mut last = end;
    for line in lines(text, end..text.len()).skip(1) {
        if text[line.clone()].trim_start().starts_with('[') {
            return end;
        }
        if !is_comment(text, &line) {
            break;
        }
        last = line.end;
    }
    last
}

/// Returns the line break that the file uses.
pub(super) fn newline(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}
