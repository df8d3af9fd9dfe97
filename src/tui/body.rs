//! The lines of a row's changes before they are wrapped.

use crate::show::Line;

/// A line of the pane before it is wrapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyLine {
    /// Over the whole width.
    One(Line),
    /// The server's side on the left, the files' side on the right.
    Two(Line, Line),
}
