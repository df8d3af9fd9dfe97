//! Writes lines, plans, events and diagnostics: as text with or without color, as lines of JSON, as Markdown, as a page, as SARIF
//! and JUnit.

pub mod ansi;
pub mod diagnostics;
pub mod findings;
pub mod github;
pub mod github_log;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod run;
pub mod sarif;
pub mod schema;
