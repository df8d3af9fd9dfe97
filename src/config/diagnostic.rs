//! What is wrong with the files, where, and what to do next.
//!
//! A diagnostic never carries a value that could be a secret: it names keys, ids and kinds. The source line is printed
//! from [`Sources`], which hold masked texts only.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing can be planned.
    Error,
    /// Said, and gone on.
    Warning,
}

/// Another place that belongs to a diagnostic: the first of two duplicates, a second use of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// As shown.
    pub file: PathBuf,
    /// Bytes in the file.
    pub span: Range<usize>,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// What is there.
    pub label: String,
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A stable name for the kind of problem, in kebab case.
    pub code: &'static str,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// The file, as shown.
    pub file: Option<PathBuf>,
    /// Bytes in the file.
    pub span: Option<Range<usize>>,
    /// Counted from 1.
    pub line: Option<usize>,
    /// Counted from 1, in characters.
    pub column: Option<usize>,
    /// A few words under the underlined part.
    pub label: Option<String>,
    /// What to do next.
    pub help: Vec<String>,
    /// Other places, in file order.
    pub related: Vec<Related>,
}

impl Diagnostic {
    /// A problem without a place.
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

    /// An error without a place.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// A warning without a place.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    /// About a whole file, which may not be readable.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// At a place of a file.
    #[must_use]
    pub fn at(mut self, source: &Source, span: Range<usize>) -> Self {
        let (line, column) = source.position(span.start);
        self.file = Some(source.path.clone());
        self.line = Some(line);
        self.column = Some(column);
        self.span = Some(span);
        self
    }

    /// With a few words under the underlined part.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// With what to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// With another place.
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

    /// Whether it stops everything.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// What diagnostics are sorted by: file, position, then text.
    pub(super) fn order(&self) -> (Option<&Path>, usize, Severity, &str) {
        let start = self.span.as_ref().map_or(0, |span| span.start);
        (self.file.as_deref(), start, self.severity, &self.message)
    }
}

/// One file's text, with the place of each line.
#[derive(Debug, Clone)]
pub struct Source {
    /// As shown.
    pub path: PathBuf,
    /// Without a byte order mark.
    pub text: String,
    lines: Vec<usize>,
}

impl Source {
    /// Takes a text; a byte order mark is dropped.
    pub fn new(path: impl Into<PathBuf>, text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        let lines = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(index, _)| index + 1))
            .collect();
        Self {
            path: path.into(),
            text,
            lines,
        }
    }

    /// The line of a byte, counted from 1.
    pub fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset).max(1)
    }

    /// Line and column of a byte, both counted from 1, the column in characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.line(offset);
        let start = self.lines.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start..offset.min(self.text.len())).unwrap_or("");
        (line, before.chars().count() + 1)
    }

    /// The byte where a line starts; lines count from 1.
    pub fn line_start(&self, line: usize) -> usize {
        self.lines
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or(self.text.len())
    }

    /// The byte at line and column, both counted from 1.
    pub fn offset(&self, line: usize, column: usize) -> usize {
        let start = self.line_start(line);
        let rest = self.text.get(start..).unwrap_or("");
        let inside = rest
            .char_indices()
            .nth(column.saturating_sub(1))
            .map_or(rest.len(), |(index, _)| index);
        start + inside
    }
}

/// The texts of all files read, masked: nothing in here is secret.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    texts: BTreeMap<PathBuf, String>,
}

impl Sources {
    /// Keeps a masked text.
    pub(super) fn insert(&mut self, path: &Path, masked: String) {
        self.texts.insert(path.to_owned(), masked);
    }

    /// The masked text of a file, by its path as shown.
    pub fn text(&self, path: &Path) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }
}

/// Where diagnostics are gathered.
pub(super) type Sink = Vec<Diagnostic>;

/// Quotes a name from a file in backticks. Of what cannot be a name, only the start: it may be a damaged string that
/// swallowed other lines.
pub(super) fn tick(name: &str) -> String {
    let line = name.lines().next().unwrap_or_default();
    let short: String = line.chars().take(80).collect();
    let more = if short.len() < name.len() { "…" } else { "" };
    format!("`{short}{more}`")
}

/// `1 error`, `2 errors`.
pub fn counted(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}
