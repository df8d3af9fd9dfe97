//! The keys that the user has chosen in place of those of the key table.

use std::collections::BTreeMap;

use super::key::Key;

/// Keys by the name of their action. An action without an entry keeps the keys of the table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChosenKeys(BTreeMap<String, Vec<Key>>);

impl ChosenKeys {
    /// Chooses the keys of an action, in place of all that it had. Without any, only its name starts it.
    pub fn choose(&mut self, action: impl Into<String>, keys: Vec<Key>) {
        self.0.insert(action.into(), keys);
    }

    /// Returns the keys that were chosen for an action, or `None` where the table decides.
    pub fn of(&self, action: &str) -> Option<&[Key]> {
        self.0.get(action).map(Vec::as_slice)
    }
}
