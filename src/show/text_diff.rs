//! The difference of two long texts by line, with the changed words within changed lines.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use similar::{ChangeTag, DiffOp, InlineChange, TextDiff, TextDiffConfig};

use super::line::{Line, Role};

/// The number of unchanged lines shown around a changed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContextLines(pub usize);

impl ContextLines {
    /// Leaves no line out; a quarter of the range, so that sums with it do not overflow.
    pub const ALL: Self = Self(usize::MAX / 4);
}

/// A line, with its numbers in the two texts that are compared, from 1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NumberedLine {
    /// The line.
    pub line: Line,
    /// Its number in the old text; `None` for one that the old text does not have, or that is of no text.
    pub before: Option<usize>,
    /// Its number in the new text.
    pub after: Option<usize>,
}

impl From<Line> for NumberedLine {
    fn from(line: Line) -> Self {
        Self {
            line,
            ..Self::default()
        }
    }
}

/// The difference of two texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextDifference {
    /// Lines with `- `, `+ ` or two blanks in front.
    pub lines: Vec<NumberedLine>,
    /// The number of added lines.
    pub added: usize,
    /// The number of removed lines.
    pub removed: usize,
}

impl TextDifference {
    /// Returns `1 line added, 1 removed`.
    pub fn summary(&self) -> String {
        let lines = |count: usize| if count == 1 { "line" } else { "lines" };
        match (self.added, self.removed) {
            (0, 0) => "no line changed".to_owned(),
            (added, 0) => format!("{added} {} added", lines(added)),
            (0, removed) => format!("{removed} {} removed", lines(removed)),
            (added, removed) => format!("{added} {} added, {removed} removed", lines(added)),
        }
    }
}

/// The [`work`] above which a comparison by line would take too long.
const MAX_WORK: usize = 40_000_000;

/// The size of a changed block, in bytes, above which its words are not compared.
const MAX_WORD_BYTES: usize = 20_000;

/// Compares two texts by line. What would take too long to compare well is compared roughly: the texts decide that, and
/// no clock, so that a plan is the same on every machine.
pub fn diff(before: &str, after: &str, context: ContextLines) -> TextDifference {
    let mut result = TextDifference {
        lines: Vec::new(),
        added: 0,
        removed: 0,
    };
    // Whether the last line has an end is no difference of that line, unless it is the only difference.
    let (ended_before, ended_after) = (with_line_end(before), with_line_end(after));
    let (before, after) = if ended_before == ended_after {
        (before, after)
    } else {
        (&*ended_before, &*ended_after)
    };
    if work(before, after) > MAX_WORK {
        add_roughly(before, after, &mut result);
        return result;
    }
    let diff = configuration().diff_lines(before, after);
    for (index, group) in diff.grouped_ops(context.0).iter().enumerate() {
        // Without context no line is unchanged on either side of a gap, so a mark would only be noise.
        if index > 0 && context.0 > 0 {
            result.lines.push(Line::at(0).push(Role::Dim, "  ⋯").into());
        }
        for operation in group {
            add_operation(&diff, operation, &mut result);
        }
    }
    result
}

/// Returns a text whose last line has an end, unless it is empty.
fn with_line_end(text: &str) -> Cow<'_, str> {
    if text.is_empty() || text.ends_with('\n') {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("{text}\n"))
    }
}

/// Returns the cost of a comparison by line: the number of lines, times the lines that have no counterpart.
fn work(before: &str, after: &str) -> usize {
    let mut lines: HashMap<&str, isize> = HashMap::new();
    before.lines().for_each(|line| *lines.entry(line).or_default() += 1);
    after.lines().for_each(|line| *lines.entry(line).or_default() -= 1);
    // What both texts have equally often adds up to 0.
    let alone: usize = lines.values().map(|count| count.unsigned_abs()).sum();
    (before.lines().count() + after.lines().count()).saturating_mul(alone)
}

/// Adds everything between the first and the last difference as removed and added lines.
fn add_roughly(before: &str, after: &str, result: &mut TextDifference) {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let head = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    // The head is cut off first: in a text of equal lines, head and tail would overlap.
    let (old, new) = (&old[head..], &new[head..]);
    let pairs = old.iter().rev().zip(new.iter().rev());
    let tail = pairs.take_while(|(old, new)| old == new).count();
    let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);
    let line = |role: Role, sign: &str, text: &&str| Line::at(0).push(role, sign).push(role, text);
    let removed = old.iter().enumerate().map(|(at, text)| NumberedLine {
        line: line(Role::RemovedText, "- ", text),
        before: Some(head + at + 1),
        after: None,
    });
    let added = new.iter().enumerate().map(|(at, text)| NumberedLine {
        line: line(Role::AddedText, "+ ", text),
        before: None,
        after: Some(head + at + 1),
    });
    result.lines.extend(removed.chain(added));
    (result.removed, result.added) = (old.len(), new.len());
}

/// Returns the settings of the comparison. The timeout is only reached by artificial texts, such as one with all of its
/// lines in reverse order.
fn configuration() -> TextDiffConfig {
    let mut configuration = TextDiff::configure();
    configuration.timeout(Duration::from_secs(10));
    configuration
}

/// Whether a changed block is too long for its words to be compared.
fn exceeds_word_limit(diff: &TextDiff<'_, '_, str>, operation: &DiffOp) -> bool {
    let old = operation.old_range().filter_map(|index| diff.old_slice(index));
    let new = operation.new_range().filter_map(|index| diff.new_slice(index));
    old.chain(new).map(str::len).sum::<usize>() > MAX_WORD_BYTES
}

fn add_operation(diff: &TextDiff<'_, '_, str>, operation: &DiffOp, result: &mut TextDifference) {
    let changes: Vec<InlineChange<'_, str>> = if exceeds_word_limit(diff, operation) {
        diff.iter_changes(operation).map(InlineChange::from).collect()
    } else {
        // Without a deadline: what is shown must not depend on the speed of the machine.
        diff.iter_inline_changes_deadline(operation, None).collect()
    };
    for change in changes {
        let (sign, plain, marked) = match change.tag() {
            ChangeTag::Equal => ("  ", Role::Dim, Role::Dim),
            ChangeTag::Delete => ("- ", Role::RemovedText, Role::RemovedWord),
            ChangeTag::Insert => ("+ ", Role::AddedText, Role::AddedWord),
        };
        result.added += usize::from(change.tag() == ChangeTag::Insert);
        result.removed += usize::from(change.tag() == ChangeTag::Delete);
        let mut line = Line::at(0).push(plain, sign);
        for (emphasized, text) in change.iter_strings_lossy() {
            let text = text.trim_end_matches(['\n', '\r']);
            if !text.is_empty() {
                line = line.push(if emphasized { marked } else { plain }, text);
            }
        }
        result.lines.push(NumberedLine {
            line,
            before: change.old_index().map(|index| index + 1),
            after: change.new_index().map(|index| index + 1),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(before: &str, after: &str) -> (Vec<String>, usize, usize) {
        let found = diff(before, after, ContextLines(0));
        (
            found.lines.iter().map(|line| line.line.text()).collect(),
            found.added,
            found.removed,
        )
    }

    #[test]
    fn a_line_that_stays_is_no_change_when_another_one_follows() {
        assert_eq!(shown("a\nb", "a\nb\nc"), (vec!["+ c".to_owned()], 1, 0));
        assert_eq!(shown("a\nb\nc", "a\nb"), (vec!["- c".to_owned()], 0, 1));
        assert_eq!(shown("a", "b").1, 1);
    }

    #[test]
    fn each_line_has_its_numbers() {
        let found = diff("a\nb\nc\n", "a\nx\ny\nc\n", ContextLines(1));
        let numbers: Vec<_> = found.lines.iter().map(|line| (line.before, line.after)).collect();
        let expected = [
            (Some(1), Some(1)),
            (Some(2), None),
            (None, Some(2)),
            (None, Some(3)),
            (Some(3), Some(4)),
        ];
        assert_eq!(numbers, expected);
    }

    #[test]
    fn an_end_of_the_last_line_is_a_change_when_it_is_the_only_one() {
        assert_eq!(shown("a", "a\n").1, 1);
    }
}
