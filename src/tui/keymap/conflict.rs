//! Chosen keys that would start two actions in the same place.

use super::{Binding, TABLE};
use crate::tui::chosen_keys::ChosenKeys;
use crate::tui::key::Key;
use crate::tui::model::KeyContext;

/// A key that would start two actions in the same place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KeyClash {
    /// The action that the key was chosen for.
    pub action: &'static str,
    /// The key.
    pub key: Key,
    /// The other action.
    pub other: &'static str,
}

/// Returns every clash of keys that were chosen, each pair of actions once. Those of the table do not clash.
pub fn clashes(chosen: &ChosenKeys) -> Vec<KeyClash> {
    let mut clashes: Vec<KeyClash> = Vec::new();
    for binding in TABLE.iter().filter(|binding| chosen.of(binding.name).is_some()) {
        for other in TABLE.iter().filter(|other| other.name != binding.name) {
            let Some(key) = shared(chosen, binding, other) else {
                continue;
            };
            let pair = [binding.name, other.name];
            let is_known = |known: &KeyClash| pair.contains(&known.action) && pair.contains(&known.other);
            if !clashes.iter().any(is_known) {
                clashes.push(KeyClash {
                    action: binding.name,
                    key,
                    other: other.name,
                });
            }
        }
    }
    clashes
}

/// Returns the first key that two bindings share in a place where both are possible.
fn shared(chosen: &ChosenKeys, binding: &Binding, other: &Binding) -> Option<Key> {
    let together = |context: &&KeyContext| other.contexts.contains(context) && !context.types();
    binding.contexts.iter().find(together)?;
    let keys = chosen.of(binding.name).unwrap_or(binding.keys);
    let others = chosen.of(other.name).unwrap_or(other.keys);
    keys.iter().find(|key| others.contains(key)).copied()
}
