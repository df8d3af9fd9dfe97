//! Long text against long text: lines, and within changed lines the changed words.

use std::time::Duration;

use similar::{ChangeTag, DiffOp, TextDiff, TextDiffConfig};

use super::line::{Line, Role};

/// How many unchanged lines stand around a changed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context(pub usize);

/// The outcome of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextDifference {
    /// Lines with `- `, `+ ` or two blanks in front.
    pub lines: Vec<Line>,
    /// How many lines come.
    pub added: usize,
    /// How many lines go.
    pub removed: usize,
}

impl TextDifference {
    /// `1 line added, 1 removed`.
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

/// Compares two texts by line. A text that takes too long to compare well is compared roughly.
pub fn diff(before: &str, after: &str, context: Context) -> TextDifference {
    let diff = configuration().diff_lines(before, after);
    let mut result = TextDifference {
        lines: Vec::new(),
        added: 0,
        removed: 0,
    };
    for (index, group) in diff.grouped_ops(context.0).iter().enumerate() {
        if index > 0 && context.0 > 0 {
            result.lines.push(Line::at(0).push(Role::Dim, "  ⋯"));
        }
        for operation in group {
            add_operation(&diff, operation, &mut result);
        }
    }
    result
}

fn configuration() -> TextDiffConfig {
    let mut configuration = TextDiff::configure();
    configuration.timeout(Duration::from_millis(200));
    configuration
}

fn add_operation(diff: &TextDiff<'_, '_, str>, operation: &DiffOp, result: &mut TextDifference) {
    for change in diff.iter_inline_changes(operation) {
        let (sign, plain, marked) = match change.tag() {
            ChangeTag::Equal => ("  ", Role::Dim, Role::Dim),
            ChangeTag::Delete => ("- ", Role::RemovedText, Role::RemovedWord),
            ChangeTag::Insert => ("+ ", Role::AddedText, Role::AddedWord),
        };
        result.added += usize::from(change.tag() == ChangeTag::Insert);
        result.removed += usize::from(change.tag() == ChangeTag::Delete);
        let mut line = Line::at(0).push(plain, sign);
        for (emphasised, text) in change.iter_strings_lossy() {
            let text = text.trim_end_matches(['\n', '\r']);
            if !text.is_empty() {
                line = line.push(if emphasised { marked } else { plain }, text);
            }
        }
        result.lines.push(line);
    }
}
