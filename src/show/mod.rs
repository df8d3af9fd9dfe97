//! Meaning becomes lines here, once: rows, changes, events and summaries as spans with roles.
//!
//! The screen and the text only map a role to a style, so that they cannot disagree. This room knows neither ratatui
//! nor ANSI, neither width nor colour.

pub mod change;
mod line;
pub mod outcome;
pub mod plan;
pub mod row;
pub mod text_diff;

pub use line::{Line, Role, Span, printable};
