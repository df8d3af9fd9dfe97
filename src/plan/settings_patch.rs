//! What changes of an agent's settings.

use serde_json::{Map, Value};

use crate::resource::{Settings, SharedValue, field};

/// The top-level keys of an agent's settings that a write replaces.
// Values that are sent as the files declare them, the texts of agents above all, are not copied: they are most of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct SettingsPatch {
    declared: SharedValue<Settings>,
    /// The keys that are sent with the values of `declared`.
    as_declared: Vec<&'static str>,
    /// The keys that are sent with other values: merged with what the server has, or `null`.
    merged: Map<String, Value>,
}

impl SettingsPatch {
    /// Creates a patch without keys, of settings as the files declare them.
    pub fn new(declared: SharedValue<Settings>) -> Self {
        Self {
            declared,
            as_declared: Vec::new(),
            merged: Map::new(),
        }
    }

    /// Adds a key, with the value that it gets; `null` resets it.
    pub fn set(&mut self, name: &'static str, value: Value) {
        if self.declared.get(name) == Some(&value) {
            self.as_declared.push(name);
        } else {
            self.merged.insert(name.to_owned(), value);
        }
    }

    /// Whether it has no keys.
    pub fn is_empty(&self) -> bool {
        self.as_declared.is_empty() && self.merged.is_empty()
    }

    /// Returns the agent's id.
    pub fn agent(&self) -> &str {
        &self.declared.agent
    }

    /// Whether it replaces the value of a key.
    pub fn has(&self, name: &str) -> bool {
        self.as_declared.contains(&name) || self.merged.contains_key(name)
    }

    /// Returns the body of the request: only the keys that change.
    pub fn body(&self) -> Map<String, Value> {
        let value = |name: &str| {
            let declared = self.as_declared.contains(&name).then(|| self.declared.get(name));
            declared.flatten().or_else(|| self.merged.get(name)).cloned()
        };
        let names = field::ALL.iter();
        names
            .filter_map(|name| Some(((*name).to_owned(), value(name)?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_has_its_keys_only_with_declared_and_other_values() {
        let mut declared = Settings::default();
        declared.fields.insert(field::SOUL, json!("Be kind."));
        declared.fields.insert(field::USER, json!("A person."));
        let mut patch = SettingsPatch::new(declared.into());
        assert!(patch.is_empty());
        patch.set(field::NETWORK, json!({"allowedDomains": ["a.example"]}));
        patch.set(field::SOUL, json!("Be kind."));
        patch.set(field::IDENTITY, Value::Null);
        let body =
            json!({"identityMd": null, "soulMd": "Be kind.", "networkConfig": {"allowedDomains": ["a.example"]}});
        assert_eq!(Value::Object(patch.body()), body);
        assert!(patch.has(field::SOUL) && patch.has(field::IDENTITY) && !patch.has(field::USER));
    }
}
