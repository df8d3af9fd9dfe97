//! What goes wrong, as a person reads it: one sentence, why, and what to do next.
//!
//! The kind decides the exit code, the one printer decides the looks. Messages are built from paths, names and the
//! server's scrubbed words: no value of a secret ever gets here.

use std::error::Error;
use std::fmt;
use std::io::{self, Write};

use crate::exit::Exit;
use crate::show::printable;

/// What sort of failure it is; the exit code follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The configuration cannot be used as it is.
    Invalid,
    /// Something did not work, and nothing was written.
    Failed,
    /// The command line does not fit together.
    Usage,
    /// A guard said no.
    Refused,
    /// The plan is not the one that was approved.
    Stale,
    /// Something was written, and something was not or may not have been.
    Partly,
    /// Ctrl-C.
    Interrupted,
    /// SIGTERM.
    Terminated,
}

impl FailureKind {
    /// The exit code of this kind.
    pub const fn exit(self) -> Exit {
        match self {
            Self::Invalid | Self::Failed => Exit::Failed,
            Self::Usage => Exit::Usage,
            Self::Refused => Exit::Refused,
            Self::Stale => Exit::Stale,
            Self::Partly => Exit::Partly,
            Self::Interrupted => Exit::Interrupted,
            Self::Terminated => Exit::Terminated,
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
            // Many errors repeat the words of their source.
            let repeated = self.causes.last().unwrap_or(&self.message).ends_with(&text);
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

    /// Prints it: `error:`, then `because:` and `hint:` lines.
    pub fn print(&self, out: &mut dyn Write, colour: bool) -> io::Result<()> {
        print_labelled(out, Label::Error, &self.message, colour)?;
        for cause in &self.causes {
            print_labelled(out, Label::Because, cause, colour)?;
        }
        for hint in &self.hints {
            print_labelled(out, Label::Hint, hint, colour)?;
        }
        Ok(())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl Error for Failure {}

/// The word before a sentence on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// It ends the program.
    Error,
    /// Something to know that ends nothing.
    Warning,
    /// Why.
    Because,
    /// What to do next.
    Hint,
}

impl Label {
    const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Because => "because",
            Self::Hint => "hint",
        }
    }

    const fn style(self) -> &'static str {
        match self {
            Self::Error => "\u{1b}[1;31m",
            Self::Warning => "\u{1b}[1;33m",
            Self::Because => "\u{1b}[1m",
            Self::Hint => "\u{1b}[1;36m",
        }
    }
}

/// Prints `label: sentence`; further lines of the sentence are indented, and nothing in it can command the terminal.
pub fn print_labelled(out: &mut dyn Write, label: Label, sentence: &str, colour: bool) -> io::Result<()> {
    let word = label.word();
    if colour {
        write!(out, "{}{word}:\u{1b}[0m ", label.style())?;
    } else {
        write!(out, "{word}: ")?;
    }
    let mut lines = sentence.lines();
    writeln!(out, "{}", printable(lines.next().unwrap_or_default()))?;
    for line in lines {
        writeln!(out, "  {}", printable(line))?;
    }
    Ok(())
}
