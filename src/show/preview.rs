//! What applying a selection would do, before it is done: one sentence with every number, and the rows by name.
//!
//! The confirmation of the screen and the question without a screen are made of the same texts, and want a typed
//! answer in the same cases.

use std::collections::BTreeSet;

use super::line::{Line, Role};
use super::row::row_name;
use super::word::{counted_list, plural};
use crate::plan::{Counts, Impact, Plan, Row, Selection, Verb};
use crate::resource::Address;

/// The selected rows, sorted by what a user has to know before agreeing to them.
pub struct ApplyPreview<'a> {
    counts: Counts,
    deleted: Vec<&'a Row>,
    cleared: Vec<&'a Row>,
    replaced: Vec<&'a Row>,
    restarted: Vec<&'a Row>,
    may_restart: Vec<&'a Row>,
    implied: Vec<&'a Row>,
    left_out: Vec<&'a Row>,
}

impl<'a> ApplyPreview<'a> {
    /// Sorts the rows of a plan. `marked` are the rows that are marked for deletion, or whose drifted fields are.
    pub fn of(plan: &'a Plan, selection: &Selection, marked: &BTreeSet<Address>) -> Self {
        let rows = |wanted: &dyn Fn(&Row) -> bool| plan.rows.iter().filter(|row| wanted(row)).collect::<Vec<_>>();
        let is_written = |row: &Row| row.writes() && selection.contains(&row.address);
        let written = |wanted: &dyn Fn(&Row) -> bool| rows(&|row| is_written(row) && wanted(row));
        Self {
            counts: Counts::of(rows(&is_written)),
            deleted: written(&|row| row.verb == Verb::Delete),
            cleared: written(&|row| row.verb != Verb::Delete && marked.contains(&row.address)),
            // A replaced platform restarts, and is listed there.
            replaced: written(&|row| row.impact == Some(Impact::Replace) && !row.restarts()),
            restarted: written(&Row::restarts),
            may_restart: written(&Row::may_restart),
            implied: written(&|row| selection.implied.contains(&row.address)),
            left_out: rows(&|row| row.writes() && !is_written(row)),
        }
    }

    /// Whether `yes` has to be typed: something is deleted or cleared, or may be interrupted.
    pub fn needs_typed_yes(&self) -> bool {
        let groups = [
            &self.deleted,
            &self.cleared,
            &self.replaced,
            &self.restarted,
            &self.may_restart,
        ];
        groups.iter().any(|group| !group.is_empty())
    }

    /// Returns what will happen in one sentence with every number; empty when nothing is selected.
    pub fn sentence(&self) -> String {
        let counts = &self.counts;
        let resent = plural(counts.recheck, "row", "rows");
        let writes = [
            numbered("creates", counts.create),
            numbered("updates", counts.update),
            numbered("deletes", counts.delete),
            numbered("clears fields of", self.cleared.len()),
            (counts.recheck > 0).then(|| format!("resends the secrets of {resent}")),
        ];
        let restarted = plural(self.restarted.len(), "platform", "platforms");
        let restarts = [
            (!self.restarted.is_empty()).then(|| format!("restarts {restarted}")),
            numbered("may restart", self.may_restart.len()),
        ];
        let parts = [joined(writes), joined(restarts)];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join("; ")
    }

    /// Returns how many rows are left out, or `None` when every row is selected.
    pub fn left_out(&self) -> Option<String> {
        let text = counted_list(&[(self.left_out.len(), "row", "rows")]);
        (!text.is_empty()).then(|| format!("leaves out {text}"))
    }

    /// Returns the rows by name, most drastic first: deletions, restarts, possible restarts, implied rows, and what is
    /// left out.
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        let drop_note = "in-flight messages may drop";
        section(&mut lines, Role::Delete, "deletes", &self.deleted, "", deletion_lines);
        let cleared = "clears what only the server has in";
        section(&mut lines, Role::Delete, cleared, &self.cleared, "", |row| {
            vec![named(Role::Delete, '-', row)]
        });
        let replaced = "deletes and puts back";
        section(&mut lines, Role::Warning, replaced, &self.replaced, "", |row| {
            vec![named(Role::Warning, '⚠', row)]
        });
        let platforms = one_or_many(&self.restarted, "platform", "platforms");
        let noun = format!(" {platforms}, {drop_note}");
        section(
            &mut lines,
            Role::Warning,
            "restarts",
            &self.restarted,
            &noun,
            restart_lines,
        );
        let noun = one_or_many(
            &self.may_restart,
            " platform: its secret is sent again, the server restarts it if the value changed",
            " platforms: their secrets are sent again, the server restarts those whose value changed",
        );
        section(
            &mut lines,
            Role::Secret,
            "may restart",
            &self.may_restart,
            noun,
            |row| vec![named(Role::Secret, '*', row)],
        );
        let noun = one_or_many(
            &self.implied,
            " row that a selected row needs",
            " rows that selected rows need",
        );
        section(&mut lines, Role::Plain, "also writes", &self.implied, noun, |row| {
            vec![named(Role::Plain, row.verb.marker(), row)]
        });
        let noun = one_or_many(&self.left_out, " row", " rows");
        section(&mut lines, Role::Plain, "leaves out", &self.left_out, noun, |row| {
            vec![named(Role::Dim, row.verb.marker(), row)]
        });
        lines
    }
}

fn numbered(verb: &str, count: usize) -> Option<String> {
    (count > 0).then(|| format!("{verb} {count}"))
}

fn joined(parts: impl IntoIterator<Item = Option<String>>) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn one_or_many(rows: &[&Row], one: &'static str, many: &'static str) -> &'static str {
    if rows.len() == 1 { one } else { many }
}

/// Adds a heading with the number of rows, and the rows.
fn section<'a>(
    lines: &mut Vec<Line>,
    role: Role,
    verb: &str,
    rows: &[&'a Row],
    noun: &str,
    entry: impl Fn(&'a Row) -> Vec<Line>,
) {
    if rows.is_empty() {
        return;
    }
    if !lines.is_empty() {
        lines.push(Line::default());
    }
    lines.push(Line::at(0).push(role, format!("{verb} {}{noun}:", rows.len())));
    lines.extend(rows.iter().copied().flat_map(entry));
}

fn named(role: Role, marker: char, row: &Row) -> Line {
    let line = Line::at(2).push(role, format!("{marker} "));
    line.plain(row_name(&row.address))
}

/// Returns the lines of a deletion: the row, and the warnings about everything else that goes with it.
fn deletion_lines(row: &Row) -> Vec<Line> {
    let mut lines = vec![named(Role::Delete, '-', row)];
    let warnings = row.warnings.iter();
    lines.extend(warnings.map(|warning| Line::at(4).push(Role::Warning, format!("⚠ {warning}"))));
    lines
}

fn restart_lines(row: &Row) -> Vec<Line> {
    let line = named(Role::Warning, '⚠', row);
    if row.impact == Some(Impact::Replace) {
        vec![line.push(Role::Warning, ": deleted and put back")]
    } else {
        vec![line]
    }
}
