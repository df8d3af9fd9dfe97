//! Which parts of a resource a run changed, and whether they are still as it left them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::recorded_resource::{KIND, ResourceParts, resource};
use crate::plan::{Undeclared, compare};
use crate::resource::{Address, FieldPath};

/// Returns the parts in which two states of a resource differ.
pub(super) fn differing(address: &Address, left: &ResourceParts, right: &ResourceParts) -> BTreeSet<FieldPath> {
    let paths = left.keys().chain(right.keys());
    let differ = |path: &&FieldPath| !is_same_part(address, path, left.get(*path), right.get(*path));
    paths.filter(differ).cloned().collect()
}

/// Whether two states of a resource have the same in all of these parts.
pub(super) fn agree<'a>(
    address: &Address,
    mut paths: impl Iterator<Item = &'a FieldPath>,
    left: &ResourceParts,
    right: &ResourceParts,
) -> bool {
    paths.all(|path| is_same_part(address, path, left.get(path), right.get(path)))
}

/// Whether two values of a part mean the same, as a plan compares them. Hidden secrets count as the same.
pub(super) fn is_same_part(address: &Address, path: &FieldPath, left: Option<&Value>, right: Option<&Value>) -> bool {
    if left == right {
        return true;
    }
    let alone = |value: Option<&Value>| {
        let mut parts: ResourceParts = value.map(|value| (path.clone(), value.clone())).into_iter().collect();
        if matches!(address, Address::Platform { .. }) {
            parts.entry(FieldPath::root(KIND)).or_insert_with(|| json!(""));
        }
        resource(address, &parts)
    };
    let (Some(left), Some(right)) = (alone(left), alone(right)) else {
        return false;
    };
    let writes = |desired, remote| {
        let comparison = compare(desired, Some(remote), Undeclared::Clear);
        comparison.changes.iter().any(|change| change.kind.writes())
    };
    // In both directions, because a plan leaves some values of the server alone.
    !writes(&left, &right) && !writes(&right, &left)
}
