//! Writes lines, plans, events and diagnostics: as text with or without color, as lines of JSON, as Markdown, as a page.

pub mod ansi;
pub mod diagnostics;
pub mod github;
pub mod html;
pub mod json;
pub mod markdown;
pub mod run;
