//! A failure as the user reads it: one sentence, its causes, and what to do next.
//!
//! The kind decides the exit code, and one printer decides the form. Messages are built from paths, names and the server's
//! redacted messages, so that they never contain the value of a secret.

use std::error::Error;
use std::fmt;
use std::io::{self, Write};

use crate::exit::Exit;
use crate::show::failure::{failure_lines, labelled_lines};
use crate::show::{Line, Role};

pub use crate::show::failure::Label;

/// The kind of a failure, from which the exit code follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The configuration cannot be used as it is.
    Invalid,
    /// A step did not work, and nothing was written.
    Failed,
    /// The user decided against the plan; nothing was written.
    Declined,
    /// The arguments contradict each other or what they refer to.
    Usage,
    /// A guard refused the plan.
    Refused,
    /// The plan is not the one that was approved, or the server changed since it was made.
    Stale,
    /// Some rows were written, and others were not or may not have been.
    Partial,
    /// Ctrl-C ended the program.
    Interrupted,
    /// SIGTERM or SIGHUP ended the program.
    Terminated,
    /// The reader of standard output closed it; this ends the program without a message.
    OutputClosed,
}

impl FailureKind {
    /// Returns the exit code of this kind.
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
    /// The kind, from which the exit code follows.
    pub kind: FailureKind,
    /// One sentence in lower case, without a full stop.
    pub message: String,
    /// The causes, from the nearest to the first one, each as a sentence.
    pub causes: Vec<String>,
    /// What to do next, most likely first.
    pub hints: Vec<String>,
}

impl Failure {
    /// Creates a failure without causes and hints.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            causes: Vec::new(),
            hints: Vec::new(),
        }
    }

    /// Creates a failure of the kind [`FailureKind::Invalid`].
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Invalid, message)
    }

    /// Creates a failure of the kind [`FailureKind::Failed`].
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Failed, message)
    }

    /// Creates a failure of the kind [`FailureKind::Usage`].
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Usage, message)
    }

    /// Creates a failure of the kind [`FailureKind::Refused`].
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Refused, message)
    }

    /// Returns the failure with an error and all its sources as causes.
    pub fn because(mut self, error: &(dyn Error + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(cause) = next {
            let text = cause.to_string();
            // Many errors include the text of their source, which would be printed twice.
            let repeated = self.causes.last().unwrap_or(&self.message).contains(&text);
            if !repeated {
                self.causes.push(text);
            }
            next = cause.source();
        }
        self
    }

    /// Returns the failure with one more hint.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Returns the failure with several more hints.
    pub fn hints(mut self, hints: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.hints.extend(hints.into_iter().map(Into::into));
        self
    }

    /// Returns the exit code.
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

/// Returns the ANSI attributes of a role. `None` for plain text.
const fn style(role: Role) -> Option<&'static str> {
    match role {
        Role::Error => Some("1;31"),
        Role::Warning => Some("1;33"),
        Role::Strong => Some("1"),
        _ => None,
    }
}
