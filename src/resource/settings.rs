//! An agent's settings: the fields of its config that a file can express.

use serde_json::Value;

use super::SettingFields;

/// The resource at the address `settings.AGENT`: the agent's config by wire name.
///
/// On the desired side, a key that the files do not mention is absent, at every level that the files can express. On the
/// remote side, all keys of the response are kept, because a write replaces a whole top-level key (contract section 5).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// The agent's id.
    pub agent: String,
    /// The values by wire name; [`field`](super::field) has the names.
    pub fields: SettingFields,
}

impl Settings {
    /// Returns the value of a top-level field.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }
}
