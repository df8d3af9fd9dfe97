//! Diagnostics as text: file, line and column, the underlined source line, and what to do next.

use std::ops::Range;
use std::path::Path;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::config::{Diagnostic, MaskedText, Severity, Sources, counted, harmless};

/// The maximum length of a line that is drawn whole, in bytes.
const MAX_LINE: usize = 2000;

/// The style of drawn diagnostics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiagnosticStyle {
    /// Whether ANSI colors are used.
    pub color: bool,
    /// Whether box-drawing characters are used.
    pub unicode: bool,
    /// The width in columns.
    pub width: usize,
}

/// Returns all diagnostics with a blank line after each, and a line that counts them. Empty when there are none.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, style: DiagnosticStyle) -> String {
    if diagnostics.is_empty() {
        return String::new();
    }
    let mut text = String::new();
    for diagnostic in diagnostics {
        let drawn = draw(diagnostic, sources, style);
        for line in drawn.lines().filter(|line| !is_empty_heading(line)) {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text.push('\n');
    }
    text.push_str(&tally(diagnostics));
    text.push('\n');
    text
}

/// Returns `2 errors, 1 warning`.
pub fn tally(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let warnings = diagnostics.len() - errors;
    match (errors, warnings) {
        (errors, 0) => counted(errors, "error"),
        (0, warnings) => counted(warnings, "warning"),
        (errors, warnings) => format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")),
    }
}

fn draw(diagnostic: &Diagnostic, sources: &Sources, style: DiagnosticStyle) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let help = diagnostic.help.iter().map(|help| Level::HELP.message(clean(help)));
    let group = Group::with_title(level.primary_title(clean(&diagnostic.message)));
    let group = with_location(group, diagnostic, sources).elements(help);
    let base = if style.color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let decor = if style.unicode {
        DecorStyle::Unicode
    } else {
        DecorStyle::Ascii
    };
    base.term_width(style.width.max(20)).decor_style(decor).render(&[group])
}

/// Adds file, line and column of a diagnostic, and the source lines where they are known.
fn with_location<'a>(group: Group<'a>, diagnostic: &'a Diagnostic, sources: &'a Sources) -> Group<'a> {
    let Some(file) = &diagnostic.file else { return group };
    let origin = Origin::path(path(file));
    let group = group.element(match (diagnostic.line, diagnostic.column) {
        (Some(line), Some(column)) => origin.line(line).char_column(column),
        (Some(line), None) => origin.line(line),
        _ => origin,
    });
    let (Some(masked), Some(span)) = (sources.get(file), &diagnostic.span) else {
        return group;
    };
    let (here, elsewhere): (Vec<_>, Vec<_>) = diagnostic.related.iter().partition(|related| related.file == *file);
    let spans = here.iter().map(|related| &related.span).chain([span]);
    let window = Window::around(masked, spans);
    let label = diagnostic.label.as_deref().map(clean);
    let primary = AnnotationKind::Primary.span(window.fit(span)).label(label);
    let context = here.iter().map(|related| {
        AnnotationKind::Context
            .span(window.fit(&related.span))
            .label(clean(&related.label))
    });
    let group = group.element(window.snippet().annotation(primary).annotations(context));
    elsewhere.into_iter().fold(group, |group, related| {
        let Some(masked) = sources.get(&related.file) else {
            return group;
        };
        let window = Window::around(masked, [&related.span]);
        let annotation = AnnotationKind::Context.span(window.fit(&related.span));
        let origin = Origin::path(path(&related.file))
            .line(related.line)
            .char_column(related.column);
        group
            .element(origin)
            .element(window.snippet().annotation(annotation.label(clean(&related.label))))
    })
}

/// The underlined lines and those between. The renderer only sees these, because it goes through its whole text for each
/// snippet.
struct Window<'a> {
    masked: &'a MaskedText,
    text: &'a str,
    start: usize,
    first_line: usize,
}

impl<'a> Window<'a> {
    fn around<'s>(masked: &'a MaskedText, spans: impl IntoIterator<Item = &'s Range<usize>>) -> Self {
        let text = masked.text();
        let starts = spans.into_iter().map(|span| floor(text, masked.span(span).start));
        let starts: Vec<usize> = starts.collect();
        let first = starts.iter().min().copied().unwrap_or(0);
        let last = starts.iter().max().copied().unwrap_or(0);
        let start = text[..first].rfind('\n').map_or(0, |end| end + 1);
        let end = text[last..].find('\n').map_or(text.len(), |end| last + end);
        // A line of megabytes is cut around the span: the renderer needs time for every character of it.
        let (start, end) = if starts.len() == 1 && end - start > MAX_LINE {
            let from = floor(text, first.saturating_sub(MAX_LINE / 2).max(start));
            (from, floor(text, from + MAX_LINE).min(end))
        } else {
            (start, end)
        };
        Self {
            masked,
            text: &text[start..end],
            start,
            first_line: text[..start].matches('\n').count() + 1,
        }
    }

    /// Returns the part of a span that lies on its first line, in the window.
    fn fit(&self, original: &Range<usize>) -> Range<usize> {
        let span = self.masked.span(original);
        let start = floor(self.text, span.start.saturating_sub(self.start));
        let line = self.text[start..].find('\n').map_or(self.text.len(), |end| start + end);
        start..floor(self.text, span.end.saturating_sub(self.start)).clamp(start, line)
    }

    fn snippet<T: Clone>(&self) -> Snippet<'a, T> {
        Snippet::source(self.text).line_start(self.first_line)
    }
}

/// Whether a line is the heading of a snippet that has no path. The location is printed above it, because the renderer
/// would count columns in the masked text.
fn is_empty_heading(line: &str) -> bool {
    let mut in_escape = false;
    let plain = line.chars().filter(|character| {
        let shown = !in_escape && *character != '\u{1b}';
        in_escape = !shown && *character != 'm';
        shown
    });
    matches!(plain.collect::<String>().trim(), ":::" | "⸬")
}

/// Returns the nearest character boundary at or before an offset.
fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

fn path(file: &Path) -> String {
    clean(&file.display().to_string())
}

/// Returns a text on one line, without characters that a terminal would obey.
fn clean(text: &str) -> String {
    text.chars()
        .map(|character| if character == '\n' { ' ' } else { harmless(character) })
        .collect()
}
