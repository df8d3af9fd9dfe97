//! The lines of the checks, and how many of them failed.

use std::fmt::Display;

use serde_json::json;

use crate::cli::Format;
use crate::command::console::Console;
use crate::failure::Failure;
use crate::show::{Line, Role};

/// What a check has found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CheckVerdict {
    /// An apply can rely on it.
    Good,
    /// An apply works all the same.
    Doubtful,
    /// An apply would fail.
    Bad,
}

impl CheckVerdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Doubtful => "warn",
            Self::Bad => "no",
        }
    }

    const fn role(self) -> Role {
        match self {
            Self::Good => Role::Success,
            Self::Doubtful => Role::Warning,
            Self::Bad => Role::Error,
        }
    }
}

/// Prints the result of each check.
pub(super) struct CheckReport<'a> {
    pub(super) console: &'a Console,
    failed: usize,
}

impl<'a> CheckReport<'a> {
    /// Begins a report.
    pub(super) fn new(console: &'a Console) -> Self {
        Self { console, failed: 0 }
    }

    /// Whether a check has found what an apply would fail on.
    pub(super) fn has_failed(&self) -> bool {
        self.failed > 0
    }

    /// Prints that all is well.
    pub(super) fn good(&self, check: &str, message: impl Display) -> Result<(), Failure> {
        self.print(CheckVerdict::Good, check, &message.to_string(), None)
    }

    /// Prints what an apply can live with, and what to do about it.
    pub(super) fn doubtful(&self, check: &str, message: impl Display, hint: Option<&str>) -> Result<(), Failure> {
        self.print(CheckVerdict::Doubtful, check, &message.to_string(), hint)
    }

    /// Prints what an apply would fail on, and what to do about it.
    pub(super) fn bad(&mut self, check: &str, message: impl Display, hint: Option<&str>) -> Result<(), Failure> {
        self.failed += 1;
        self.print(CheckVerdict::Bad, check, &message.to_string(), hint)
    }

    /// Prints a failure as what an apply would fail on.
    pub(super) fn failed(&mut self, check: &str, failure: &Failure) -> Result<(), Failure> {
        let message = match failure.causes.first() {
            Some(cause) => format!("{}: {cause}", failure.message),
            None => failure.message.clone(),
        };
        // The first hint of some failures only says where was looked.
        let hint = failure
            .hints
            .iter()
            .find(|hint| !hint.starts_with("looked in "))
            .or(failure.hints.first());
        self.bad(check, message, hint.map(String::as_str))
    }

    fn print(&self, verdict: CheckVerdict, check: &str, message: &str, hint: Option<&str>) -> Result<(), Failure> {
        let value = json!({
            "check": check, "ok": verdict != CheckVerdict::Bad, "verdict": verdict.word(), "message": message, "hint": hint,
        });
        self.console.object("check", &value)?;
        if self.console.format == Format::Json {
            return Ok(());
        }
        let line = Line::at(0)
            .push(verdict.role(), format!("{:<6}", verdict.word()))
            .push(Role::Strong, format!("{check:<14}"))
            .plain(message);
        self.console.lines(&[line])?;
        let hint = hint.map(|hint| Line::at(20).push(Role::Dim, "hint: ").plain(hint));
        self.console.lines(&hint.into_iter().collect::<Vec<_>>())
    }
}
