//! The lines of a row's changes before they are wrapped, and how they are laid out.

use crate::show::Line;
use crate::show::text_diff::{ContextLines, NumberedLine};

/// A line of the pane before it is wrapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyLine {
    /// The text, in one column or two.
    pub text: BodyText,
    /// The number of the line in the server's text, from 1.
    pub before: Option<usize>,
    /// The number of the line in the files' text, from 1.
    pub after: Option<usize>,
}

/// The text of a line of the pane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyText {
    /// Over the whole width.
    One(Line),
    /// The server's side on the left, the files' side on the right.
    Two(Line, Line),
}

impl BodyLine {
    /// Creates a line in two columns.
    pub(super) fn two(left: NumberedLine, right: NumberedLine) -> Self {
        Self {
            text: BodyText::Two(left.line, right.line),
            before: left.before,
            after: right.after,
        }
    }
}

impl From<NumberedLine> for BodyLine {
    fn from(numbered: NumberedLine) -> Self {
        Self {
            text: BodyText::One(numbered.line),
            before: numbered.before,
            after: numbered.after,
        }
    }
}

impl From<Line> for BodyLine {
    fn from(line: Line) -> Self {
        NumberedLine::from(line).into()
    }
}

/// How the changes of a row are laid out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BodyStyle {
    /// Whether before and after are in two columns.
    pub side_by_side: bool,
    /// The number of unchanged lines around changed ones; `None` for what is usual: 3 in one column, all in two.
    pub context: Option<ContextLines>,
}

/// The numbers of unchanged lines that can be chosen.
const STEPS: [ContextLines; 6] = [
    ContextLines(0),
    ContextLines(1),
    ContextLines(3),
    ContextLines(10),
    ContextLines(30),
    ContextLines::ALL,
];

impl BodyStyle {
    /// Returns the number of unchanged lines around changed ones.
    pub fn context_lines(self) -> ContextLines {
        let usual = if self.side_by_side {
            ContextLines::ALL
        } else {
            ContextLines(3)
        };
        self.context.unwrap_or(usual)
    }

    /// Returns the same with more unchanged lines around changed ones, or with fewer.
    #[must_use]
    pub(super) fn with_context(self, more: bool) -> Self {
        let now = self.context_lines();
        let mut steps = STEPS.into_iter();
        let next = if more {
            steps.find(|step| step.0 > now.0)
        } else {
            steps.rfind(|step| step.0 < now.0)
        };
        Self {
            context: Some(next.unwrap_or(now)),
            ..self
        }
    }
}
