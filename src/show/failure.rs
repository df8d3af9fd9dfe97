//! A failure as lines: `error: …`, then why it happened and what to do next.

use super::line::{Line, Role};

/// The word before a sentence on standard error or on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// Before the reason that ended the command.
    Error,
    /// Before a problem that does not end the command.
    Warning,
    /// Before a cause of the error.
    Because,
    /// Before what to do next.
    Hint,
}

impl Label {
    /// Returns the word: `error`, `warning`, `because` or `hint`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Because => "because",
            Self::Hint => "hint",
        }
    }

    /// Returns the role in which the word is shown.
    pub const fn role(self) -> Role {
        match self {
            Self::Error => Role::Error,
            Self::Warning => Role::Warning,
            Self::Because | Self::Hint => Role::Strong,
        }
    }
}

/// Returns `label: sentence`. The second and later lines of the sentence are indented.
pub fn labelled_lines(label: Label, sentence: &str) -> Vec<Line> {
    let mut texts = sentence.lines();
    let first = Line::at(0)
        .push(label.role(), format!("{}:", label.word()))
        .plain(" ")
        .plain(texts.next().unwrap_or_default());
    std::iter::once(first)
        .chain(texts.map(|text| Line::at(2).plain(text)))
        .collect()
}

/// Returns a failure with its causes, nearest first, and its hints, most likely first.
pub fn failure_lines(message: &str, causes: &[String], hints: &[String]) -> Vec<Line> {
    let causes = causes.iter().map(|cause| (Label::Because, cause.as_str()));
    let hints = hints.iter().map(|hint| (Label::Hint, hint.as_str()));
    std::iter::once((Label::Error, message))
        .chain(causes)
        .chain(hints)
        .flat_map(|(label, sentence)| labelled_lines(label, sentence))
        .collect()
}
