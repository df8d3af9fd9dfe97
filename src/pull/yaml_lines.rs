//! Keys and items in the text of a YAML file, found by their indentation, as people write them.

use std::ops::Range;

use super::lines::{line_end, lines};

/// A key in the text and what belongs to it.
#[derive(Debug, Clone)]
pub(super) struct Block {
    /// The column of the key.
    pub(super) indent: usize,
    /// From the start of the key's line to the end of the last line of its value, without the line break.
    pub(super) range: Range<usize>,
    /// The start of the value on the key's line.
    pub(super) value: usize,
}

/// Returns the lines of each item of a list.
pub(super) fn items_of(text: &str, block: &Block) -> Option<Vec<Range<usize>>> {
    let start = line_end(text, block.range.start) + 1;
    let mut items: Vec<Range<usize>> = Vec::new();
    let mut column = None;
    for line in lines(text, start.min(block.range.end)..block.range.end) {
        let content = text[line.clone()].trim_start();
        let indent = line.len() - content.len();
        if content.starts_with('-') && column.is_none_or(|column| column == indent) {
            column = Some(indent);
            items.push(line);
        } else if !content.is_empty() && !content.starts_with('#') {
            items.last_mut()?.end = line.end;
        }
    }
    (!items.is_empty()).then_some(items)
}

/// Returns the lines of a key, found by its indentation.
pub(super) fn find(text: &str, path: &[&str]) -> Option<Block> {
    let (name, parent) = path.split_last()?;
    let (range, indent) = mapping(text, parent)?;
    let mut found: Option<Block> = None;
    for line in lines(text, range) {
        let content = text[line.clone()].trim_start();
        let column = line.len() - content.len();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        // A list may be as far to the left as its key.
        let belongs = column > indent || (column == indent && content.starts_with("- "));
        if let Some(block) = &mut found {
            if !belongs {
                break;
            }
            block.range.end = line.end;
        } else if column == indent
            && let Some(length) = key_length(content, name)
        {
            let after = &content[length..];
            let value = line.end - after.trim_start().len();
            found = Some(Block {
                indent,
                range: line,
                value,
            });
        }
    }
    found
}

/// Returns the lines of a mapping, and the column of its keys.
pub(super) fn mapping(text: &str, path: &[&str]) -> Option<(Range<usize>, usize)> {
    let range = if path.is_empty() {
        0..text.len()
    } else {
        let block = find(text, path)?;
        line_end(text, block.range.start)..block.range.end
    };
    let first = lines(text, range.clone()).find(|line| has_content(text, line))?;
    let line = &text[first];
    Some((range, line.len() - line.trim_start().len()))
}

/// Whether a line has more than white space, a comment or the mark of a document.
pub(super) fn has_content(text: &str, line: &Range<usize>) -> bool {
    let content = text[line.clone()].trim();
    !content.is_empty() && !content.starts_with('#') && content != "---"
}

/// Returns the length of a key with its colon, when the line begins with it.
fn key_length(line: &str, name: &str) -> Option<usize> {
    let spellings = [name.to_owned(), format!("\"{name}\""), format!("'{name}'")];
    let spelling = spellings.iter().find(|spelling| {
        let rest = line.strip_prefix(spelling.as_str());
        rest.and_then(|rest| rest.strip_prefix(':'))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    })?;
    Some(spelling.len() + 1)
}

/// Returns the start of a comment in a line, outside of quotes.
pub(super) fn comment_start(line: &str) -> Option<usize> {
    let (mut quote, mut before) = (None, ' ');
    for (at, character) in line.char_indices() {
        match (quote, character) {
            (None, '#') if before == ' ' => return Some(at),
            (None, '"' | '\'') if before == ' ' || before == '[' || before == '{' => quote = Some(character),
            (Some(open), _) if open == character && before != '\\' => quote = None,
            _ => {}
        }
        before = character;
    }
    None
}

/// Removes whole lines, with the last line break. `None` when one of them is a comment.
pub(super) fn remove_lines(text: &mut String, range: &Range<usize>) -> Option<()> {
    if text[range.clone()]
        .lines()
        .any(|line| line.trim_start().starts_with('#'))
    {
        return None;
    }
    let after = text[range.end..].find('\n').map_or(text.len(), |at| range.end + at + 1);
    text.replace_range(range.start..after, "");
    Some(())
}
