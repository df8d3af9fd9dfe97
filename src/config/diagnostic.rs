//! A problem in the files: a message, its location, and what to do next.
//!
//! A diagnostic never contains a value that could be a secret: it names keys, ids and kinds. The source line is printed
//! from [`super::Sources`], which hold masked texts only.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::source::Source;

/// Whether a problem stops the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The project cannot be planned, so the command fails.
    Error,
    /// The command reports the problem and continues.
    Warning,
}

/// Another location that belongs to a diagnostic, such as the first of two duplicates or a second use of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// The file, as it is shown.
    pub file: PathBuf,
    /// The bytes that are underlined.
    pub span: Range<usize>,
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 1, in characters.
    pub column: usize,
    /// A short text about the location, such as "first listed here".
    pub label: String,
}

/// One problem of the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether the problem stops the command.
    pub severity: Severity,
    /// The stable name of the kind of problem, in kebab case. JSON output has it, so it must not change.
    pub code: &'static str,
    /// The problem in one sentence, without a full stop.
    pub message: String,
    /// The file, as it is shown.
    pub file: Option<PathBuf>,
    /// The bytes that are underlined. `None` for a problem of the file as a whole.
    pub span: Option<Range<usize>>,
    /// The line, counted from 1.
    pub line: Option<usize>,
    /// The column, counted from 1, in characters.
    pub column: Option<usize>,
    /// A short text under the underlined part.
    pub label: Option<String>,
    /// Advice on what to do next, one sentence each.
    pub help: Vec<String>,
    /// Other locations that belong to the problem, in the order in which they are shown.
    pub related: Vec<Related>,
}

impl Diagnostic {
    /// Creates a problem without a location.
    pub fn new(severity: Severity, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity,
            code,
            message: message.into(),
            file: None,
            span: None,
            line: None,
            column: None,
            label: None,
            help: Vec::new(),
            related: Vec::new(),
        }
    }

    /// Creates an error without a location.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// Creates a warning without a location.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    /// Sets the file, for a problem of the file as a whole.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// Sets the file, and the location of the underlined bytes in it.
    #[must_use]
    pub fn at(mut self, source: &Source, span: Range<usize>) -> Self {
        let (line, column) = source.position(span.start);
        self.file = Some(source.path.to_path_buf());
        self.line = Some(line);
        self.column = Some(column);
        self.span = Some(span);
        self
    }

    /// Sets the text under the underlined part.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Adds a sentence about what to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Adds another location.
    #[must_use]
    pub fn related(mut self, source: &Source, span: Range<usize>, label: impl Into<String>) -> Self {
        let (line, column) = source.position(span.start);
        self.related.push(Related {
            file: source.path.to_path_buf(),
            span,
            line,
            column,
            label: label.into(),
        });
        self
    }

    /// Whether the project cannot be planned because of it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Returns the key that diagnostics are sorted by: file, position, then text.
    pub(super) fn order(&self) -> (Option<&Path>, usize, Severity, &str) {
        // The message comes last, so that equal diagnostics become neighbors, which `Findings` merges.
        let start = self.span.as_ref().map_or(0, |span| span.start);
        (self.file.as_deref(), start, self.severity, &self.message)
    }
}

/// Returns a name from a file in backticks, and only its first 80 characters. Of one with several lines nothing is kept: it
/// may be a damaged string that runs over other lines, which could hold secrets, the first one too.
pub(super) fn tick(name: &str) -> String {
    let line = if name.trim_end().contains('\n') {
        ""
    } else {
        name.trim_end()
    };
    let short: String = line.chars().take(80).collect();
    let more = if short.len() < name.len() { "…" } else { "" };
    format!("`{short}{more}`")
}

/// Returns a count with its noun: `1 error`, `2 errors`.
pub fn counted(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}
