//! The text of `lobu.toml` as a draft, with every problem that the text alone can show.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::de::DeTable;

use super::diagnostic::{Diagnostic, tick};
use super::draft::ProjectDraft;
use super::finding::Findings;
use super::reader::Reader;
use super::reference::Reference;
use super::source::Source;
use super::table::Table;
use super::{agent, mask, memory};

/// Reads `lobu.toml`. If its syntax is broken, the tables that the parser could recover are checked too.
pub(super) fn read(source: &Source, findings: Findings) -> (ProjectDraft, Findings) {
    let (mut draft, findings, references) = read_with(source, findings, read_root);
    draft.references = references;
    (draft, findings)
}

/// Reads a TOML file with a function that gets its root, and reports where its syntax is broken. Returns the references to
/// secrets too.
pub(super) fn read_with<T>(
    source: &Source,
    mut findings: Findings,
    read: impl Fn(&Table<'_>) -> T,
) -> (T, Findings, Vec<Reference>) {
    let (document, errors) = DeTable::parse_recoverable(&source.text);
    report_syntax(source, errors, &mut findings);
    let reader = Reader::new(source, findings);
    let result = read(&Table {
        reader: &reader,
        entries: document.get_ref(),
        span: 0..0,
        path: Vec::new(),
    });
    let (mut findings, references) = reader.finish();
    // The filter is for this file only: line numbers of the files that are read next mean other lines.
    findings.set_broken_lines(BTreeSet::new());
    (result, findings, references)
}

/// Reports what is no TOML, and leaves out what else is found on these lines.
fn report_syntax(source: &Source, mut errors: Vec<toml::de::Error>, findings: &mut Findings) {
    errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
    let mut broken = BTreeSet::new();
    for error in errors {
        let span = clamped(source, error.span());
        // One mistake makes the parser report several errors on its line; the first one is the cause.
        if broken.insert(source.line(span.start)) {
            let message = format!("this is not valid TOML: {}", message(source, &error, &span));
            findings.push(Diagnostic::error("toml-syntax", message).at(source, span));
        }
    }
    if broken.is_empty() {
        check_newer_syntax(source, findings);
    }
    findings.set_broken_lines(broken);
}

/// Warns about valid TOML 1.1 that Lobu's own parser refuses.
fn check_newer_syntax(source: &Source, findings: &mut Findings) {
    if let Some(end) = mask::newer_syntax(&source.text) {
        let message = "a table in braces runs over several lines, which Lobu's own parser does not read";
        let warning = Diagnostic::warning("newer-toml", message).at(source, end..end);
        findings.push(warning.help("write it on one line, or as a table with its own `[header]`"));
    }
}

/// Returns the parser's message, naming the key when it is a duplicate.
fn message(source: &Source, error: &toml::de::Error, span: &Range<usize>) -> String {
    let key = source.text.get(span.clone()).unwrap_or_default();
    let plain = |character: char| character.is_ascii_alphanumeric() || character == '_' || character == '-';
    if error.message() == "duplicate key" && !key.is_empty() && key.chars().all(plain) {
        return format!("the key {} is set twice", tick(key));
    }
    error.message().to_owned()
}

fn read_root(root: &Table<'_>) -> ProjectDraft {
    root.check_keys(&["agents", "memory"], &[]);
    let mut draft = ProjectDraft {
        memory: memory::read(root),
        ..ProjectDraft::default()
    };
    if root.get("agents").is_none() {
        let message = "there is no `[agents]` table".to_owned();
        let help = "add `[agents.ID]` for each agent, or an empty `[agents]`";
        root.reader.error("missing-key", message, 0..0, help);
    }
    if let Some(agents) = root.table("agents") {
        let read = |(id, table): (_, Table<'_>)| agent::read(id, &table);
        draft.agents = agents.tables_by_key().into_iter().filter_map(read).collect();
    }
    draft
}

/// Returns the span of an error, clamped to the text and to character boundaries, so that it can be sliced.
fn clamped(source: &Source, span: Option<Range<usize>>) -> Range<usize> {
    let floor = |mut offset: usize| {
        offset = offset.min(source.text.len());
        while !source.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    };
    let span = span.unwrap_or(0..0);
    let start = floor(span.start);
    start..floor(span.end).max(start)
}
