//! Rows to which the same happens, found in a plan: first by the fields that change, then by the values.

use std::collections::HashMap;

use crate::plan::{Plan, Row};
use crate::show::pane::shape_text;

/// Rows of one kind, of which the same fields change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChangeShape {
    /// `~ settings: soulMd`.
    pub(super) title: String,
    /// The rows that change to the same values, as indices of the plan: largest group first, each of two rows or more.
    pub(super) equal: Vec<Vec<usize>>,
    /// The exceptions: every other row.
    pub(super) others: Vec<usize>,
}

/// The rows of a plan by what happens to them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ChangeShapes {
    /// What happens to two rows or more, most equal rows first.
    pub(super) shapes: Vec<ChangeShape>,
    /// The rows that change as no other row does.
    pub(super) single: Vec<usize>,
    /// The rows to which nothing happens.
    pub(super) quiet: Vec<usize>,
}

/// Groups the rows of a plan.
pub(super) fn change_shapes(plan: &Plan) -> ChangeShapes {
    let mut found = ChangeShapes::default();
    let (notable, quiet) = (0..plan.rows.len()).partition(|index| plan.rows[*index].is_notable());
    found.quiet = quiet;
    for (title, rows) in groups(notable, |index| shape_text(&plan.rows[index])) {
        if rows.len() < 2 {
            found.single.extend(rows);
            continue;
        }
        let same = groups(rows, |index| Row::change_key(&plan.rows[index]));
        let (equal, others): (Vec<_>, Vec<_>) = same.into_iter().map(|(_, rows)| rows).partition(|rows| rows.len() > 1);
        found.shapes.push(ChangeShape {
            title,
            equal,
            others: others.into_iter().flatten().collect(),
        });
    }
    // What repeats most comes first; shapes without any repetition are last.
    let repeated = |shape: &ChangeShape| shape.equal.iter().map(Vec::len).sum::<usize>();
    found.shapes.sort_by_key(|shape| std::cmp::Reverse(repeated(shape)));
    found.single.sort_unstable();
    found
}

/// Groups indices by a text. The largest group comes first, of equal ones that with the lowest index.
fn groups(indices: Vec<usize>, text: impl Fn(usize) -> String) -> Vec<(String, Vec<usize>)> {
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for index in indices {
        let text = text(index);
        if let Some(group) = known.get(&text) {
            groups[*group].1.push(index);
        } else {
            known.insert(text.clone(), groups.len());
            groups.push((text, vec![index]));
        }
    }
    groups.sort_by_key(|(_, rows)| std::cmp::Reverse(rows.len()));
    groups
}
