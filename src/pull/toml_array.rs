//! New items for an array in a TOML file: those that stay keep their text, their comments and their lines.

use std::ops::Range;

use toml::Spanned;
use toml::Value;
use toml::de::DeValue;

use super::toml_tree::value_of;
use super::toml_value::inline_text;

/// The order of the items of an array that has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// As they are given.
    Given,
    /// Those that stay as the file has them, then the new ones.
    OfFile,
}

/// An item with the text around it.
struct Item {
    value: Value,
    /// The text before it: line breaks, comments on lines of their own, and the indentation.
    lead: String,
    text: String,
    /// The text between the item and its comma, usually none.
    before_comma: String,
    /// The comment after the comma on the same line.
    same_line: String,
}

/// The text of an array in parts.
struct Parts {
    /// The comment after the opening bracket.
    opening: String,
    items: Vec<Item>,
    has_trailing_comma: bool,
    /// The text before the closing bracket.
    tail: String,
}

/// Returns the text of the array at `range` with the wanted items. `None` when an item of it cannot be written.
pub(super) fn merged(
    text: &str,
    range: Range<usize>,
    items: &[Spanned<DeValue<'_>>],
    wanted: &[Value],
    order: Order,
) -> Option<String> {
    let mut parts = split(text, range, items)?;
    let wanted = ordered(&parts.items, wanted, order);
    let indent = parts
        .items
        .iter()
        .find(|item| item.lead.contains('\n'))
        .map(|item| last_line(&item.lead));
    let first_lead = parts.items.first().map_or_else(String::new, |item| item.lead.clone());
    let mut old: Vec<Option<Item>> = std::mem::take(&mut parts.items).into_iter().map(Some).collect();
    let kept = assign(&old, &wanted);
    let (mut result, mut carried) = (Vec::new(), String::new());
    for (value, at) in wanted.into_iter().zip(kept.clone()) {
        let found = at.and_then(|at| {
            // What was removed before this item leaves its comments to it.
            for before in (0..at).filter(|before| !kept.contains(&Some(*before))) {
                carried.extend(old[before].take().iter().map(|gone| comments(&gone.lead)));
            }
            old[at].take()
        });
        let mut item = found.unwrap_or_else(|| Item {
            lead: indent.clone().unwrap_or_else(|| " ".to_owned()),
            text: inline_text(&value),
            before_comma: String::new(),
            same_line: String::new(),
            value,
        });
        item.lead.insert_str(0, &std::mem::take(&mut carried));
        result.push(item);
    }
    for gone in old.into_iter().flatten() {
        carried.push_str(comments(&gone.lead));
    }
    parts.tail.insert_str(0, &carried);
    // On one line, the space after the bracket belongs to the first place, not to an item.
    if indent.is_none()
        && let Some(first) = result.first_mut()
    {
        first.lead = first_lead;
    }
    if indent.is_none() {
        result
            .iter_mut()
            .skip(1)
            .filter(|item| item.lead.is_empty())
            .for_each(|item| item.lead.push(' '));
    }
    parts.items = result;
    Some(joined(&parts))
}

/// Returns the wanted items in their order.
fn ordered(old: &[Item], wanted: &[Value], order: Order) -> Vec<Value> {
    if order == Order::Given {
        return wanted.to_vec();
    }
    let mut rest = wanted.to_vec();
    let mut result = Vec::new();
    for item in old {
        if let Some(at) = rest.iter().position(|value| *value == item.value) {
            result.push(rest.remove(at));
        }
    }
    result.extend(rest);
    result
}

/// Returns for each wanted item which old one it is. No old one is used twice.
fn assign(old: &[Option<Item>], wanted: &[Value]) -> Vec<Option<usize>> {
    let mut used = vec![false; old.len()];
    let mut assigned = Vec::new();
    for value in wanted {
        let same = |at: &usize| !used[*at] && old[*at].as_ref().is_some_and(|item| item.value == *value);
        let found = (0..old.len()).find(same);
        if let Some(at) = found {
            used[at] = true;
        }
        assigned.push(found);
    }
    assigned
}

fn split(text: &str, range: Range<usize>, items: &[Spanned<DeValue<'_>>]) -> Option<Parts> {
    let (inner_start, inner_end) = (range.start + 1, range.end - 1);
    let Some(last) = items.last() else {
        return Some(Parts {
            opening: String::new(),
            items: Vec::new(),
            has_trailing_comma: false,
            tail: text[inner_start..inner_end].to_owned(),
        });
    };
    let first_lead = &text[inner_start..items.first()?.span().start];
    let (opening, lead) = split_line(first_lead);
    let mut parts = Parts {
        opening: opening.to_owned(),
        items: Vec::new(),
        has_trailing_comma: false,
        tail: String::new(),
    };
    let mut lead = lead.to_owned();
    for (index, item) in items.iter().enumerate() {
        let is_last = item.span() == last.span();
        let end = items.get(index + 1).map_or(inner_end, |next| next.span().start);
        let after = &text[item.span().end..end];
        let comma = comma(after);
        let (before_comma, rest) = match comma {
            Some(at) => (&after[..at], &after[at + 1..]),
            None => ("", after),
        };
        let (same_line, next_lead) = split_line(rest);
        parts.items.push(Item {
            value: value_of(item.get_ref())?,
            lead: std::mem::replace(&mut lead, next_lead.to_owned()),
            text: text[item.span()].to_owned(),
            before_comma: before_comma.to_owned(),
            same_line: same_line.to_owned(),
        });
        if is_last {
            parts.has_trailing_comma = comma.is_some();
        }
    }
    parts.tail = lead;
    Some(parts)
}

/// Returns the position of the comma in a text of white space and comments. Comments may have commas too.
fn comma(text: &str) -> Option<usize> {
    let mut in_comment = false;
    for (at, character) in text.char_indices() {
        match character {
            '#' => in_comment = true,
            '\n' => in_comment = false,
            ',' if !in_comment => return Some(at),
            _ => {}
        }
    }
    None
}

/// Splits a text at its first line break, which begins the second part. Without one, all of it is the second part.
fn split_line(text: &str) -> (&str, &str) {
    match text.find('\n') {
        Some(at) => text.split_at(at - usize::from(text[..at].ends_with('\r'))),
        None => ("", text),
    }
}

/// Returns the last line of a lead: the line break and the indentation, without comments.
fn last_line(lead: &str) -> String {
    let at = lead.rfind('\n').unwrap_or(0);
    let at = at - usize::from(lead[..at].ends_with('\r'));
    lead[at..].to_owned()
}

/// Returns the lines with comments of a lead. Empty when it has none.
fn comments(lead: &str) -> &str {
    if !lead.contains('#') {
        return "";
    }
    lead.rfind('\n').map_or("", |at| lead[..at].trim_end_matches('\r'))
}

fn joined(parts: &Parts) -> String {
    let mut text = format!("[{}", parts.opening);
    for (index, item) in parts.items.iter().enumerate() {
        let needs_comma = index + 1 < parts.items.len() || parts.has_trailing_comma;
        text.push_str(&item.lead);
        text.push_str(&item.text);
        text.push_str(&item.before_comma);
        text.push_str(if needs_comma { "," } else { "" });
        text.push_str(&item.same_line);
    }
    text.push_str(&parts.tail);
    text.push(']');
    text
}
