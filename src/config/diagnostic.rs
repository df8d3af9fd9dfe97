//! A problem in the files: what is wrong, where, and what to do next.
//!
//! A diagnostic never carries a value that could be a secret: it names keys, ids and kinds. The source line is printed
//! from [`super::Sources`], which hold masked texts only.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::source::Source;

/// Whether a problem stops the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The project cannot be planned.
    Error,
    /// The command reports it and goes on.
    Warning,
}

/// Another location that belongs to a diagnostic: the first of two duplicates, a second use of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// The file, as it is shown.
    pub file: PathBuf,
    /// The bytes of the file that it is about.
    pub span: Range<usize>,
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 1, in characters.
    pub column: usize,
    /// What is at the location.
    pub label: String,
}

/// One problem of the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether the problem stops the command.
    pub severity: Severity,
    /// A stable name for the kind of problem, in kebab case.
    pub code: &'static str,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// The file, as it is shown.
    pub file: Option<PathBuf>,
    /// The bytes of the file that it is about.
    pub span: Option<Range<usize>>,
    /// The line, counted from 1.
    pub line: Option<usize>,
    /// The column, counted from 1, in characters.
    pub column: Option<usize>,
    /// A short text under the underlined part.
    pub label: Option<String>,
    /// What to do next.
    pub help: Vec<String>,
    /// Other locations, in file order.
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

    /// Sets the location.
    #[must_use]
    pub fn at(mut self, source: &Source, span: Range<usize>) -> Self {
        let (line, column) = source.position(span.start);
        self.file = Some(source.path.clone());
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

    /// Adds a line that says what to do next.
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
            file: source.path.clone(),
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
        let start = self.span.as_ref().map_or(0, |span| span.start);
        (self.file.as_deref(), start, self.severity, &self.message)
    }
}

/// Quotes a name from a file in backticks. Of what cannot be a name, only the start: it may be a damaged string that
/// swallowed other lines.
pub(super) fn tick(name: &str) -> String {
    let line = name.lines().next().unwrap_or_default();
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
