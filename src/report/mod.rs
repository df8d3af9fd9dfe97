//! Lines, plans, events and diagnostics onto a writer: text with or without colour, JSON by the line, Markdown.

pub mod ansi;
pub mod diagnostics;
pub mod github;
pub mod json;
pub mod markdown;
pub mod run;
