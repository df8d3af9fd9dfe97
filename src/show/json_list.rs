//! The differences of two JSON lists, item by item, each at the deepest path where they differ.

use serde_json::Value;
use similar::{Algorithm, DiffOp, capture_diff_slices};

/// A value that differs within a list.
pub(super) struct ItemDifference<'a> {
    /// The path below the list: `[2].type`. The number counts from 0 in the new list, in the old one for what is gone.
    pub(super) path: String,
    pub(super) before: Option<&'a Value>,
    pub(super) after: Option<&'a Value>,
}

/// Returns what differs between two lists. Items that both have are matched first, whatever was added before them; of the
/// others, those at the same place are compared with each other.
pub(super) fn item_differences<'a>(before: &[&'a Value], after: &[&'a Value]) -> Vec<ItemDifference<'a>> {
    let text = |items: &[&Value]| items.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut found = Vec::new();
    for operation in capture_diff_slices(Algorithm::Myers, &text(before), &text(after)) {
        if matches!(operation, DiffOp::Equal { .. }) {
            continue;
        }
        let (old, new) = (operation.old_range(), operation.new_range());
        for at in 0..old.len().max(new.len()) {
            let (left, right) = (old.clone().nth(at), new.clone().nth(at));
            let Some(index) = right.or(left) else { continue };
            let sides = (left.map(|at| before[at]), right.map(|at| after[at]));
            collect(format!("[{index}]"), sides, &mut found);
        }
    }
    found
}

fn collect<'a>(path: String, sides: (Option<&'a Value>, Option<&'a Value>), found: &mut Vec<ItemDifference<'a>>) {
    let (before, after) = sides;
    if before == after {
        return;
    }
    let (Some(Value::Object(left)), Some(Value::Object(right))) = sides else {
        found.push(ItemDifference { path, before, after });
        return;
    };
    let mut keys: Vec<&String> = left.keys().chain(right.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        collect(format!("{path}.{key}"), (left.get(key), right.get(key)), found);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn items_are_compared_with_those_in_their_place() {
        let before = json!([{"name": "tier", "type": "text"}, {"name": "since", "type": "date"}]);
        let after = json!([{"name": "id"}, {"name": "tier", "type": "text"}, {"name": "since", "type": "text"}]);
        let items = |value: &'_ Value| value.as_array().cloned().unwrap_or_default();
        let (before, after) = (items(&before), items(&after));
        let (before, after): (Vec<&Value>, Vec<&Value>) = (before.iter().collect(), after.iter().collect());
        let found = item_differences(&before, &after);
        let paths: Vec<&str> = found.iter().map(|difference| difference.path.as_str()).collect();
        assert_eq!(paths, ["[0]", "[2].type"]);
        assert_eq!(
            (found[1].before, found[1].after),
            (Some(&json!("date")), Some(&json!("text")))
        );
    }
}
