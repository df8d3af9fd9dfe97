//! Turns rows, changes, events, outcomes and failures into lines of spans with roles.
//!
//! The screen and the text output only map a role to a style, so they always use the same words: every sentence about a
//! row, a selection, a run or a secret is made here, and `tui` adds only what its keys do. This room knows neither
//! ratatui nor ANSI escapes, and neither the width nor the colors of a terminal.

pub mod announce;
pub mod change;
pub mod drift;
pub mod event;
pub mod failure;
mod json_list;
mod line;
pub mod memory_tools;
pub mod outcome;
pub mod pane;
pub mod plan;
pub mod preview;
pub mod progress;
pub mod provider_key;
pub mod pull;
pub mod recorded_run;
pub mod row;
pub mod secret;
pub mod selection;
pub mod sign_in;
pub mod summary;
pub mod text_diff;
pub mod timeline;
pub mod undo;
pub mod vault;
pub mod watch;
pub mod word;

pub use line::{Line, Role, Span, printable};
