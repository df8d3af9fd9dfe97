//! Writes lines, plans, events and diagnostics: as text with or without color, as lines of JSON, as Markdown.

pub mod ansi;
pub mod diagnostics;
pub mod github;
pub mod json;
pub mod markdown;
pub mod run;
