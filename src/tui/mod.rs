//! The full-screen review and live apply: the only room that knows ratatui and crossterm.
//!
//! The model is pure: [`update`](update::update) takes a [`Message`] and returns [`Effect`]s, [`view`](view::view) draws
//! and changes nothing, and the keys are one table ([`keymap`]). The loop ([`drive()`]) is generic over backend and
//! input; [`run()`] puts it on the real terminal. What has to be read, planned and applied comes from a [`Workbench`].
//!
//! ```text
//! terminal, signals ─▶ drive ─ Message ─▶ update ─▶ Model ─▶ view ─▶ backend
//!                        ▲                   │
//!           Workbench ───┴──────── Effect ◀──┘
//! ```

pub mod action;
mod background;
pub mod basic_color;
pub mod board;
mod body;
mod chosen_keys;
pub mod color;
pub mod detail;
mod drive;
pub mod editor;
mod equal_changes;
mod exit;
mod filter;
pub mod glyph;
mod head;
pub mod key;
pub mod keymap;
pub mod layout;
mod letter_search;
mod lines;
pub mod looked;
pub mod message;
pub mod model;
mod options;
pub mod outline;
mod relay;
pub mod screen;
mod search;
mod sequence;
pub mod sheet;
mod side;
mod system;
mod terminal;
mod terminal_host;
pub mod theme;
mod theme_colors;
pub mod tree;
mod typed_command;
pub mod update;
pub mod view;
pub mod watch;
mod workbench;
pub mod wrap;

pub use chosen_keys::ChosenKeys;
pub use drive::drive;
pub use exit::{Awaited, AwaitedEnd, ExitReason, TuiExit};
pub use looked::LookedRows;
pub use message::{EditRequest, Effect, Message};
pub use model::Model;
pub use options::{Background, ColorDepth, GlyphSet, LookOptions, NoticeForm, ThemeName, TuiOptions};
pub use relay::relay;
pub use terminal::run;
pub use terminal_host::{Input, TerminalHost};
pub use workbench::{
    AdoptRequest, Adoption, ApplyRequest, ExportRequest, IgnoreReason, IgnoreRequest, LoadFailure, LoadRequest,
    LoadStep, LoadedPlan, PlanScope, PullFacts, RecordedFacts, Refusal, SecretComparison, SecretUsage, StepState,
    Title, WatchCause, WatchNews, Workbench,
};
