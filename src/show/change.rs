//! The differences of a row as lines: values on one line, sets by item, long text as a line diff with the changed words
//! marked.

use serde_json::Value;

use super::json_list::{ItemDifference, item_differences};
use super::line::{Line, Role};
use super::row::{SERVER_ONLY, ignored_text};
use super::text_diff::{self, ContextLines, NumberedLine};
use crate::plan::{Change, ChangeKind, Impact, Presentation, Row, Verb};
use crate::resource::{Shown, server_secret_name};

/// The title over the differences of a row.
pub const TITLE: &str = "detail";

/// The title over the differences of a row in two columns.
pub const COLUMNS_TITLE: &str = "before, after";

/// Returns the note behind a field that only the server has.
fn left_alone(change: &Change) -> String {
    match &change.ignored {
        Some(ignored) => format!(" ({})", ignored_text(ignored)),
        None => format!(" ({SERVER_ONLY}; left alone)"),
    }
}

/// How much of a row is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detail {
    /// Unchanged lines around the changed ones of a text.
    pub context: usize,
    /// The maximum number of lines of one text; further lines are counted.
    pub text_lines: usize,
    /// The maximum number of characters of one value.
    pub value_width: usize,
    /// Whether a created row shows all of its fields, and a drift or deleted row all that the server has.
    pub contents: bool,
    /// Whether a drifted field says that it is left alone; in a row that is drift as a whole, the row says so.
    pub notes: bool,
}

impl Detail {
    /// The default of a plan as text.
    pub const PLAN: Self = Self {
        context: 0,
        text_lines: 40,
        value_width: 200,
        contents: false,
        notes: true,
    };
    /// Everything: `plan --full`, and one row on request.
    pub const FULL: Self = Self {
        context: 3,
        text_lines: usize::MAX,
        value_width: usize::MAX,
        contents: true,
        notes: true,
    };

    /// Returns the same for the fields of a row.
    #[must_use]
    pub fn of_row(self, row: &Row) -> Self {
        Self {
            notes: self.notes && row.verb != Verb::Drift,
            ..self
        }
    }
}

/// Returns everything below a row's own line: warnings first, then the changes.
pub fn row_details(row: &Row, detail: Detail) -> Vec<Line> {
    let mut lines = caution_lines(row);
    for change in shown_changes(row, detail.contents) {
        lines.extend(change_lines(change, detail.of_row(row)));
    }
    lines
}

/// Returns the certain or possible restart of a row, and its warnings.
pub fn caution_lines(row: &Row) -> Vec<Line> {
    let mut lines = impact_lines(row);
    let warnings = row.warnings.iter();
    lines.extend(warnings.map(|warning| Line::at(0).push(Role::Warning, format!("⚠ {warning}"))));
    lines
}

/// Returns what the write does, or may do, beyond the stored row.
fn impact_lines(row: &Row) -> Vec<Line> {
    let sentence = match (row.impact, row.address.kind()) {
        (Some(Impact::Restart), _) => "⚠ will restart platform: in-flight messages may drop",
        (Some(Impact::Replace), "platform") => {
            "⚠ will restart platform: deleted and put back at once, in-flight messages may drop"
        }
        (Some(Impact::Replace), _) => "⚠ will be replaced: archived, deleted and created again",
        (None, _) if row.may_restart() => {
            "⚠ may restart platform: a secret is sent again, and only the server can tell whether it changed"
        }
        (None, _) => return Vec::new(),
    };
    vec![Line::at(0).push(Role::Warning, sentence)]
}

/// Returns the changes to show: rows that come or go as a whole list their fields only on request.
fn shown_changes(row: &Row, contents: bool) -> impl Iterator<Item = &Change> {
    // Everything about such a row is new or gone, which its own line says.
    let hidden = matches!(row.verb, Verb::Create | Verb::Drift | Verb::Delete) && !contents;
    row.changes.iter().filter(move |_| !hidden)
}

/// Returns one difference as lines.
pub fn change_lines(change: &Change, detail: Detail) -> Vec<Line> {
    let lines = numbered_lines(change, detail).into_iter();
    lines.map(|numbered| numbered.line).collect()
}

/// Returns one difference as lines. Those of a long text have their numbers.
pub fn numbered_lines(change: &Change, detail: Detail) -> Vec<NumberedLine> {
    let lines = match (change.kind, change.presentation) {
        _ if rule_line(change, detail).is_some() => rule_line(change, detail).into_iter().collect(),
        (kind, _) if secret_text(kind).is_some() => secret_text(kind)
            .into_iter()
            .map(|text| secret_line(change, text))
            .collect(),
        (ChangeKind::Drift, Presentation::Value) if has_long_side(change) => drift_text_lines(change, detail),
        (ChangeKind::Drift, _) => vec![drift_line(change, detail)],
        (_, Presentation::Set) => list_lines(change, detail, false),
        (_, Presentation::List) => list_lines(change, detail, true),
        (_, Presentation::Value) if is_long(change) => return text_lines(change, detail),
        (_, Presentation::Value) => vec![value_line(change, detail)],
    };
    lines.into_iter().map(NumberedLine::from).collect()
}

/// Returns what is known about a secret that both sides have, or `None` for any other kind of change.
pub fn secret_text(kind: ChangeKind) -> Option<&'static str> {
    match kind {
        ChangeKind::SecretUnchanged => Some("secret, unchanged"),
        ChangeKind::SecretRotated => Some("secret, changed since the last apply from here"),
        ChangeKind::SecretNotComparable => Some("secret resent: the server does not show it, so it may have changed"),
        _ => None,
    }
}

/// Returns the note behind the name of a field whose two sides are shown below it.
pub fn field_note(change: &Change) -> String {
    match change.kind {
        ChangeKind::Drift => left_alone(change),
        ChangeKind::Removed => " (removed)".to_owned(),
        _ => String::new(),
    }
}

/// Returns the begin of a line: the path of the field and a colon.
fn field_head(change: &Change) -> Line {
    Line::at(0).push(Role::Field, change.path.to_string()).plain(": ")
}

fn secret_line(change: &Change, text: &str) -> Line {
    field_head(change).push(Role::Secret, text)
}

fn drift_line(change: &Change, detail: Detail) -> Line {
    let line = Line::at(0)
        .push(Role::Drift, "? ")
        .push(Role::Field, change.path.to_string())
        .plain(": ");
    let line = match &change.before {
        Some(shown) => push_shown(line, Role::Drift, shown, detail),
        None => line,
    };
    line.push(Role::Dim, note(change, detail))
}

/// Returns the note behind a drifted field, where it has one.
fn note(change: &Change, detail: Detail) -> String {
    if detail.notes {
        left_alone(change)
    } else {
        String::new()
    }
}

/// Returns a text that only the server has: nothing is added or removed, so its lines have no sign.
fn drift_text_lines(change: &Change, detail: Detail) -> Vec<Line> {
    let text = change.before.as_ref().and_then(Shown::as_str).unwrap_or_default();
    let head = Line::at(0)
        .push(Role::Drift, "? ")
        .push(Role::Field, change.path.to_string())
        .plain(":")
        .push(Role::Dim, note(change, detail));
    let lines = text.lines().map(|line| Line::at(2).push(Role::Drift, line));
    std::iter::once(head)
        .chain(cut(lines.collect(), detail.text_lines))
        .collect()
}

/// Returns the first lines of a text, and how many more it has.
fn cut(mut lines: Vec<Line>, limit: usize) -> Vec<Line> {
    let hidden = lines.len().saturating_sub(limit);
    lines.truncate(limit);
    if hidden > 0 {
        lines.push(Line::at(2).push(Role::Dim, format!("… {hidden} more lines")));
    }
    lines
}

/// Returns the line of a rule of a relationship type. A rule exists or does not: its path names it, and it has no value.
fn rule_line(change: &Change, detail: Detail) -> Option<Line> {
    let [top, rule] = change.path.segments() else {
        return None;
    };
    if top != "rules" {
        return None;
    }
    let line = Line::at(0);
    Some(match change.kind {
        ChangeKind::Added => line
            .push(Role::Field, "rules")
            .plain(": ")
            .push(Role::AddedText, format!("+ {rule}")),
        ChangeKind::Removed => line
            .push(Role::Field, "rules")
            .plain(": ")
            .push(Role::RemovedText, format!("- {rule}")),
        ChangeKind::Drift => line
            .push(Role::Drift, "? ")
            .push(Role::Field, "rules")
            .plain(": ")
            .push(Role::Drift, rule)
            .push(Role::Dim, note(change, detail)),
        _ => return None,
    })
}

fn value_line(change: &Change, detail: Detail) -> Line {
    let line = field_head(change);
    match (&change.before, &change.after) {
        (None, Some(after)) if server_name(after).is_some() => push_shown(line, Role::Secret, after, detail),
        (Some(before), Some(after)) if server_name(before).or(server_name(after)).is_some() => {
            let line = push_shown(line, Role::RemovedText, before, detail).plain(" -> ");
            push_shown(line, Role::AddedText, after, detail)
        }
        // When one side is a secret, the other one is not shown either: it may be the same value in plain text.
        (Some(Shown::Secret), Some(_)) | (Some(_), Some(Shown::Secret)) => line.push(Role::Secret, "secret, changed"),
        (None, Some(Shown::Secret)) => line.push(Role::Secret, "secret, new"),
        (Some(Shown::Secret), None) => line.push(Role::Secret, "secret, removed"),
        (None, Some(after)) => push_shown(line.push(Role::AddedText, "+ "), Role::AddedText, after, detail),
        (Some(before), None) => push_shown(line.push(Role::RemovedText, "- "), Role::RemovedText, before, detail),
        (Some(before), Some(after)) => {
            let line = push_shown(line, Role::RemovedText, before, detail).plain(" -> ");
            push_shown(line, Role::AddedText, after, detail)
        }
        (None, None) => line,
    }
}

/// Returns the name in a reference to a secret on the server.
fn server_name(shown: &Shown) -> Option<&str> {
    shown.as_str().and_then(server_secret_name)
}

fn push_shown(line: Line, role: Role, shown: &Shown, detail: Detail) -> Line {
    match shown {
        Shown::Secret => line.push(Role::Secret, "secret"),
        Shown::Plain(_) if server_name(shown).is_some() => line.push(
            Role::Secret,
            format!("secret {}, on the server", server_name(shown).unwrap_or_default()),
        ),
        Shown::Plain(value) => line.push(role, compact(value, detail.value_width)),
    }
}

/// Returns a value as JSON on one line, cut at this number of characters.
fn compact(value: &Value, width: usize) -> String {
    let text = value.to_string();
    if text.chars().count() <= width {
        return text;
    }
    let cut: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{cut}…")
}

fn list_lines(change: &Change, detail: Detail, ordered: bool) -> Vec<Line> {
    let (before, after) = (items(change.before.as_ref()), items(change.after.as_ref()));
    let is_secret = |side: &Option<Shown>| *side == Some(Shown::Secret);
    if is_secret(&change.before) || is_secret(&change.after) {
        return vec![secret_line(change, "secret, changed")];
    }
    let added: Vec<&Value> = after.iter().filter(|item| !before.contains(item)).copied().collect();
    let removed: Vec<&Value> = before.iter().filter(|item| !after.contains(item)).copied().collect();
    // A list of tables is too long for one line.
    if ordered && detail.contents && before.iter().chain(&after).any(|item| item.is_object()) {
        let differences = item_differences(&before, &after);
        return differences.iter().map(|item| item_line(change, item, detail)).collect();
    }
    // Item by item, a list whose items only change their order would show nothing: both sides are shown whole.
    if (added.is_empty() && removed.is_empty()) || (ordered && !before.is_empty() && !after.is_empty()) {
        return vec![value_line(change, detail)];
    }
    let removed = removed.into_iter().map(|item| (Role::RemovedText, "- ", item));
    let added = added.into_iter().map(|item| (Role::AddedText, "+ ", item));
    let line = |(role, sign, item): (Role, &str, &Value)| {
        field_head(change)
            .push(role, sign)
            .push(role, compact(item, detail.value_width))
    };
    removed.chain(added).map(line).collect()
}

/// Returns a difference within a list, behind the path of the list itself.
fn item_line(change: &Change, item: &ItemDifference<'_>, detail: Detail) -> Line {
    let line = Line::at(0)
        .push(Role::Field, change.path.to_string())
        .plain(format!("{}: ", item.path));
    let text = |value: &Value| compact(value, detail.value_width);
    match (item.before, item.after) {
        (Some(before), Some(after)) => line
            .push(Role::RemovedText, text(before))
            .plain(" -> ")
            .push(Role::AddedText, text(after)),
        (Some(before), None) => line.push(Role::RemovedText, format!("- {}", text(before))),
        (None, after) => line.push(Role::AddedText, format!("+ {}", after.map(text).unwrap_or_default())),
    }
}

fn items(shown: Option<&Shown>) -> Vec<&Value> {
    let items = shown.and_then(Shown::plain).and_then(Value::as_array);
    items.into_iter().flatten().collect()
}

/// Whether one side is a text that is too long for one line: more than 60 characters, or several lines.
fn has_long_side(change: &Change) -> bool {
    let long = |shown: &Option<Shown>| {
        shown
            .as_ref()
            .and_then(Shown::as_str)
            .is_some_and(|text| text.contains('\n') || text.chars().count() > 60)
    };
    long(&change.before) || long(&change.after)
}

/// Whether the difference is shown as one of lines of text.
fn is_long(change: &Change) -> bool {
    let plain = |shown: &Option<Shown>| *shown != Some(Shown::Secret);
    plain(&change.before) && plain(&change.after) && (has_long_side(change) || is_prose(change))
}

/// Whether a field is one of the agent's prompts, which are shown as text however short they are.
fn is_prose(change: &Change) -> bool {
    // `identityMd`, `soulMd` and `userMd`.
    change.path.segments().len() == 1 && change.path.leaf().ends_with("Md")
}

fn text_lines(change: &Change, detail: Detail) -> Vec<NumberedLine> {
    let text = |shown: &Option<Shown>| shown.as_ref().and_then(Shown::as_str).unwrap_or("").to_owned();
    let diff = text_diff::diff(
        &text(&change.before),
        &text(&change.after),
        ContextLines(detail.context),
    );
    let mut lines = vec![field_head(change).push(Role::Dim, diff.summary()).into()];
    let total = diff.lines.len();
    for mut line in diff.lines.into_iter().take(detail.text_lines) {
        line.line.indent += 2;
        lines.push(line);
    }
    if total > detail.text_lines {
        let hidden = total - detail.text_lines;
        lines.push(
            Line::at(2)
                .push(Role::Dim, format!("… {hidden} more changed lines"))
                .into(),
        );
    }
    lines
}
