//! A pull as lines: each file with its differences, the conflicts, and what stays.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::line::{Line, Role};
use super::plan::target_line;
use super::row::{row_name, verb_role};
use super::text_diff::{self, ContextLines, TextDifference};
use super::word::plural;
use crate::plan::{Target, Verb};
use crate::pull::{FileChange, LOBU_TOML, PullPlan, Unit, without_literal_secrets};
use crate::resource::Address;

/// Returns the whole pull.
pub fn pull_lines(target: &Target, changes: &PullPlan) -> Vec<Line> {
    let mut lines = vec![target_line("Pull", target), Line::default()];
    lines.extend(change_lines(changes));
    lines.push(
        Line::at(0)
            .push(Role::Heading, "Summary: ")
            .plain(pull_summary(changes)),
    );
    lines
}

/// Returns the differences of the files, what cannot be pulled, and the secrets that need values.
pub fn change_lines(changes: &PullPlan) -> Vec<Line> {
    let mut lines = Vec::new();
    for change in &changes.files {
        lines.extend(file_lines(change, &rows_in(changes, change)));
        lines.push(Line::default());
    }
    for conflict in &changes.conflicts {
        lines.push(
            Line::at(2)
                .push(Role::Error, "! ")
                .push(Role::Id, unit_text(&conflict.unit))
                .plain("  ")
                .push(Role::Error, format!("not pulled: {}", conflict.reason)),
        );
    }
    if !changes.conflicts.is_empty() {
        lines.push(Line::default());
    }
    if !changes.rewritten.is_empty() {
        lines.push(Line::at(2).push(Role::Warning, format!("⚠ {}", rewritten_text(&changes.rewritten))));
        lines.push(Line::default());
    }
    if !changes.without_file.is_empty() {
        lines.push(Line::at(2).push(Role::Warning, format!("⚠ {}", without_file_text(&changes.without_file))));
        lines.push(Line::default());
    }
    if !changes.new_secrets.is_empty() {
        let text = format!("⚠ {}", new_secrets_text(&changes.new_secrets));
        lines.push(Line::at(2).push(Role::Warning, text));
        lines.push(Line::default());
    }
    lines
}

/// Returns what has to be known beside the files: what cannot be pulled, what no file can express, and new secrets.
pub fn pull_notes(changes: &PullPlan) -> Vec<String> {
    let conflicts = changes.conflicts.iter();
    let mut notes: Vec<String> = conflicts
        .map(|conflict| format!("{}: not pulled: {}", unit_text(&conflict.unit), conflict.reason))
        .collect();
    if !changes.rewritten.is_empty() {
        notes.push(rewritten_text(&changes.rewritten));
    }
    if !changes.without_file.is_empty() {
        notes.push(without_file_text(&changes.without_file));
    }
    if !changes.new_secrets.is_empty() {
        notes.push(new_secrets_text(&changes.new_secrets));
    }
    notes
}

fn rewritten_text(files: &BTreeSet<PathBuf>) -> String {
    let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    format!("written anew, and without their comments: {}", files.join(", "))
}

fn new_secrets_text(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("${name}")).collect();
    format!("give these secrets values before the next plan: {}", names.join(", "))
}

/// Returns what an adoption does, in a sentence.
pub fn adopting_text(rows: usize) -> String {
    format!(
        "takes over what the server has in {}; nothing is sent to it",
        plural(rows, "row", "rows")
    )
}

/// Returns `1 file to create, 2 to change, 1 conflict; 3 rows only in the files stay`.
pub fn pull_summary(changes: &PullPlan) -> String {
    let created = changes.files.iter().filter(|change| change.before.is_none()).count();
    let changed = changes.files.len() - created;
    let mut parts = Vec::new();
    if created > 0 {
        parts.push(format!("{} to create", plural(created, "file", "files")));
    }
    if changed > 0 {
        parts.push(format!("{} to change", plural(changed, "file", "files")));
    }
    if parts.is_empty() {
        parts.push("no file to change".to_owned());
    }
    if !changes.conflicts.is_empty() {
        parts.push(plural(changes.conflicts.len(), "conflict", "conflicts"));
    }
    if changes.ignored > 0 {
        parts.push(format!("{} ignored", changes.ignored));
    }
    let text = parts.join(", ");
    match changes.only_in_files.len() {
        0 => text,
        count => format!(
            "{text}; {} with values that only the files have",
            plural(count, "row", "rows")
        ),
    }
}

/// Returns the warning about settings that only the web interface writes.
fn without_file_text(names: &BTreeMap<String, BTreeSet<String>>) -> String {
    let agents = names.iter().map(|(agent, names)| {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        format!("{} of {agent}", names.join(", "))
    });
    let agents: Vec<String> = agents.collect();
    format!(
        "these settings of the server have no place in files, and stay there: {}",
        agents.join("; ")
    )
}

/// Returns `settings triage: guardrails`, in the words of a plan.
fn unit_text(unit: &Unit) -> String {
    let row = format!("{} {}", unit.address.kind(), unit.address.id());
    match &unit.field {
        Some(field) => format!("{row}: {field}"),
        None => row,
    }
}

/// Returns the rows that are in a file, and what happens to each.
fn rows_in<'a>(changes: &'a PullPlan, change: &FileChange) -> Vec<(&'a Address, Verb)> {
    let rows = changes
        .locations
        .iter()
        .filter(|(_, files)| files.contains(&change.path));
    let is_new = |address: &Address| {
        let mut whole = changes.pulled.iter().filter(|unit| unit.field.is_none());
        whole.any(|unit| unit.address == *address)
    };
    rows.map(|(address, _)| (address, if is_new(address) { Verb::Create } else { Verb::Update }))
        .collect()
}

fn file_lines(change: &FileChange, rows: &[(&Address, Verb)]) -> Vec<Line> {
    let difference = difference(change);
    let (marker, role) = match change.before {
        Some(_) => ("~ ", Role::Update),
        None => ("+ ", Role::Create),
    };
    let mut lines = vec![
        Line::at(2)
            .push(role, marker)
            .push(Role::Strong, change.path.display().to_string())
            .push(Role::Dim, format!("  {}", difference.summary())),
    ];
    lines.extend(rows.iter().map(|(address, verb)| {
        Line::at(4)
            .push(verb_role(*verb), format!("{} ", verb.marker()))
            .push(Role::Id, row_name(address))
    }));
    lines.extend(
        difference
            .lines
            .into_iter()
            .map(|numbered| numbered.line)
            .map(|line| Line {
                indent: line.indent + 6,
                ..line
            }),
    );
    lines
}

/// Returns the name of a file as a heading; rows that no file has are below `in no file`.
pub fn file_text(file: &Path) -> String {
    if file.as_os_str().is_empty() {
        "in no file".to_owned()
    } else {
        file.display().to_string()
    }
}

/// Returns the lines of one file's differences.
pub fn difference_lines(change: &FileChange) -> Vec<Line> {
    let difference = difference(change);
    let summary = Line::default().push(Role::Dim, difference.summary());
    std::iter::once(summary)
        .chain(difference.lines.into_iter().map(|numbered| numbered.line))
        .collect()
}

/// Returns the difference of a file. A secret that is written in `lobu.toml` itself is masked.
pub fn difference(change: &FileChange) -> TextDifference {
    let before = change.before.as_deref().unwrap_or_default();
    let shown = |text: &str| {
        if change.path == Path::new(LOBU_TOML) {
            without_literal_secrets(text)
        } else {
            text.to_owned()
        }
    };
    // Without context: lines that a pull does not touch are none of its business, and may hold anything.
    text_diff::diff(&shown(before), &shown(&change.after), ContextLines(0))
}
