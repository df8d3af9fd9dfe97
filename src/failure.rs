//! What goes wrong, as a user reads it: one sentence, why, and what to do next.
//!
//! The kind decides the exit code, the one printer decides the looks. Messages are built from paths, names and the
//! server's redacted messages: no value of a secret ever gets here.

use std::error::Error;
use std::fmt;
use std::io::{self, Write};

use crate::exit::Exit;
use crate::show::failure::{failure_lines, labelled_lines};
use crate::show::{Line, Role};

pub use crate::show::failure::Label;

/// What sort of failure it is; the exit code follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The configuration cannot be used as it is.
    Invalid,
    /// Something did not work, and nothing was written.
    Failed,
    /// The user decided against the plan; nothing was written.
    Declined,
    /// The command line does not fit together.
    Usage,
    /// A guard said no.
    Refused,
    /// The plan is not the one that was approved.
    Stale,
    /// Something was written, and something was not or may not have been.
    Partial,
    /// Ctrl-C.
    Interrupted,
    /// SIGTERM.
    Terminated,
    /// The reader of standard output closed it; this ends the program without a message.
    OutputClosed,
}

impl FailureKind {
    /// The exit code of this kind.
    pub const fn exit(self) -> Exit {
        match self {
            Self::Invalid | Self::Failed | Self::Declined => Exit::Failed,
            Self::Usage => Exit::Usage,
            Self::Refused => Exit::Refused,
            Self::Stale => Exit::Stale,
            Self::Partial => Exit::Partial,
            Self::Interrupted => Exit::Interrupted,
            Self::Terminated => Exit::Terminated,
            Self::OutputClosed => Exit::OutputClosed,
        }
    }
}

/// A failure that ends the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What sort it is.
    pub kind: FailureKind,
    /// One sentence in lower case, without a full stop.
    pub message: String,
    /// Why, from the nearest cause to the first one.
    pub causes: Vec<String>,
    /// What to do next, most likely first.
    pub hints: Vec<String>,
}

impl Failure {
    /// A failure of this kind.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            causes: Vec::new(),
            hints: Vec::new(),
        }
    }

    /// The configuration cannot be used as it is.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Invalid, message)
    }

    /// Something did not work, and nothing was written.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Failed, message)
    }

    /// The command line does not fit together.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Usage, message)
    }

    /// A guard said no.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Refused, message)
    }

    /// This failure, because of that error and everything behind it.
    pub fn because(mut self, error: &(dyn Error + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(cause) = next {
            let text = cause.to_string();
            // Many errors repeat the text of their source.
            let repeated = self.causes.last().unwrap_or(&self.message).contains(&text);
            if !repeated {
                self.causes.push(text);
            }
            next = cause.source();
        }
        self
    }

    /// This failure and one thing to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// This failure and several things to do about it.
    pub fn hints(mut self, hints: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.hints.extend(hints.into_iter().map(Into::into));
        self
    }

    /// The exit code.
    pub const fn exit(&self) -> Exit {
        self.kind.exit()
    }

    /// Returns the failure as lines: `error:`, then `because:` and `hint:`.
    pub fn lines(&self) -> Vec<Line> {
        failure_lines(&self.message, &self.causes, &self.hints)
    }

    /// Prints the lines of the failure.
    ///
    /// # Errors
    /// When the stream cannot be written to.
    pub fn print(&self, out: &mut dyn Write, color: bool) -> io::Result<()> {
        print_lines(out, &self.lines(), color)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl Error for Failure {}

/// Prints `label: sentence`; further lines of the sentence are indented.
///
/// # Errors
/// When the stream cannot be written to.
pub fn print_labelled(out: &mut dyn Write, label: Label, sentence: &str, color: bool) -> io::Result<()> {
    print_lines(out, &labelled_lines(label, sentence), color)
}

fn print_lines(out: &mut dyn Write, lines: &[Line], color: bool) -> io::Result<()> {
    for line in lines {
        write!(out, "{:indent$}", "", indent = line.indent)?;
        for span in &line.spans {
            match style(span.role).filter(|_| color) {
                Some(style) => write!(out, "\u{1b}[{style}m{}\u{1b}[0m", span.text)?,
                None => write!(out, "{}", span.text)?,
            }
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Returns the ANSI attributes of a label.
const fn style(role: Role) -> Option<&'static str> {
    match role {
        Role::Error => Some("1;31"),
        Role::Warning => Some("1;33"),
        Role::Strong => Some("1"),
        _ => None,
    }
}
