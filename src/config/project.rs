//! The text of `lobu.toml` into a draft, with every problem that the text alone can show.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::de::DeTable;

use super::diagnostic::{Diagnostic, Sink, Source, tick};
use super::draft::ProjectDraft;
use super::table::Table;
use super::{agent, mask, memory};

/// Reads `lobu.toml`. Where the syntax is broken, what can still be read is checked too.
pub(super) fn read(source: &Source, sink: &mut Sink) -> ProjectDraft {
    let (document, mut errors) = DeTable::parse_recoverable(&source.text);
    errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
    let mut broken = BTreeSet::new();
    for error in errors {
        let span = inside(source, error.span());
        if broken.insert(source.line(span.start)) {
            sink.push(
                Diagnostic::error(
                    "toml-syntax",
                    format!("this is not valid TOML: {}", message(source, &error, &span)),
                )
                .at(source, span),
            );
        }
    }
    let mut found = Sink::new();
    let draft = walk(source, document.get_ref(), &mut found);
    // On a file that is only half understood, a missing key or a second complaint about the same line is noise.
    found.retain(|diagnostic| {
        broken.is_empty()
            || (diagnostic.code != "missing-key" && !diagnostic.line.is_some_and(|line| broken.contains(&line)))
    });
    sink.append(&mut found);
    if let Some(end) = mask::newer_syntax(&source.text).filter(|_| broken.is_empty()) {
        let message = "a table in braces runs over several lines, which Lobu's own parser does not read";
        let warning = Diagnostic::warning("newer-toml", message).at(source, end..end);
        sink.push(warning.help("write it on one line, or as a table with its own `[header]`"));
    }
    draft
}

/// The parser's words, with the name of a key that stands twice.
fn message(source: &Source, error: &toml::de::Error, span: &Range<usize>) -> String {
    let key = source.text.get(span.clone()).unwrap_or_default();
    let plain = |character: char| character.is_ascii_alphanumeric() || character == '_' || character == '-';
    if error.message() == "duplicate key" && !key.is_empty() && key.chars().all(plain) {
        return format!("{} stands here for the second time", tick(key));
    }
    error.message().to_owned()
}

fn walk(source: &Source, entries: &DeTable<'_>, sink: &mut Sink) -> ProjectDraft {
    let root = Table {
        source,
        entries,
        span: 0..0,
        path: Vec::new(),
    };
    root.check_keys(&["agents", "memory"], &[], sink);
    let mut draft = ProjectDraft {
        memory: memory::read(&root, sink),
        ..ProjectDraft::default()
    };
    if root.get("agents").is_none() {
        sink.push(
            Diagnostic::error("missing-key", "there is no `[agents]` table")
                .at(source, 0..0)
                .help("add `[agents.ID]` for each agent, or an empty `[agents]`"),
        );
    }
    if let Some(agents) = root.table("agents", sink) {
        for (id, table) in agents.tables_by_key(sink) {
            draft
                .agents
                .extend(agent::read(id, &table, &mut draft.references, sink));
        }
    }
    draft
}

/// A span that lies within the text, on character boundaries.
fn inside(source: &Source, span: Option<Range<usize>>) -> Range<usize> {
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
