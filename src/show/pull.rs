//! A pull as lines: each file with its differences, the conflicts, and what stays.

use std::path::Path;

use super::line::{Line, Role};
use super::text_diff::{self, ContextLines, TextDifference};
use super::word::plural;
use crate::plan::Target;
use crate::pull::{FileChange, LOBU_TOML, PullPlan, Unit, without_literal_secrets};

/// Returns the whole pull.
pub fn pull_lines(target: &Target, changes: &PullPlan) -> Vec<Line> {
    let mut lines = vec![
        Line::at(0)
            .push(Role::Heading, "Pull: ")
            .push(Role::Strong, &target.organization)
            .plain(" at ")
            .plain(&target.url),
        Line::default(),
    ];
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
        lines.extend(file_lines(change));
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
    if !changes.new_secrets.is_empty() {
        let names: Vec<String> = changes.new_secrets.iter().map(|name| format!("${name}")).collect();
        let text = format!("⚠ give these secrets values before the next plan: {}", names.join(", "));
        lines.push(Line::at(2).push(Role::Warning, text));
        lines.push(Line::default());
    }
    lines
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

/// Returns `settings triage: guardrails`, in the words of a plan.
fn unit_text(unit: &Unit) -> String {
    let row = format!("{} {}", unit.address.kind(), unit.address.id());
    match &unit.field {
        Some(field) => format!("{row}: {field}"),
        None => row,
    }
}

fn file_lines(change: &FileChange) -> Vec<Line> {
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
    lines.extend(difference.lines.into_iter().map(|line| Line {
        indent: line.indent + 6,
        ..line
    }));
    lines
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
