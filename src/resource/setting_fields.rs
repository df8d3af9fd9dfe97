//! The values of an agent's settings.

use serde_json::{Map, Value};

use super::{SharedValue, field};

/// The values of settings by wire name. Only the names in [`field::ALL`] have a place.
// Two settings often say the same: those of a file and of the server, and the many of a server that are as a new agent has
// them. Each value can be shared, and a name costs nothing, so that the settings of thousands of agents are small.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SettingFields([Option<SharedValue<Value>>; field::ALL.len()]);

impl SettingFields {
    /// Returns the value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0[position(name)?].as_deref()
    }

    /// Returns the value of a name, to be held by others too.
    pub fn shared(&self, name: &str) -> Option<&SharedValue<Value>> {
        self.0[position(name)?].as_ref()
    }

    /// Returns the value of a name, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.0[position(name)?].as_deref_mut()
    }

    /// Sets the value of a name. A name that no file can express is left out.
    pub fn insert(&mut self, name: &str, value: Value) {
        if let Some(at) = position(name) {
            self.0[at] = Some(value.into());
        }
    }

    /// Returns the names that have a value, in the order of [`field::ALL`], with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        let values = field::ALL.into_iter().zip(&self.0);
        values.filter_map(|(name, value)| Some((name, &**value.as_ref()?)))
    }

    /// Holds what others hold too only once. Nothing that can be read changes.
    pub fn share(&mut self, others: &Self) {
        for (own, other) in self.0.iter_mut().zip(&others.0) {
            if let (Some(own), Some(other)) = (own, other) {
                own.share(other);
            }
        }
    }

    /// Returns the values by name.
    pub fn to_map(&self) -> Map<String, Value> {
        let entries = self.iter().map(|(name, value)| (name.to_owned(), value.clone()));
        entries.collect()
    }
}

impl FromIterator<(String, Value)> for SettingFields {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(entries: I) -> Self {
        let mut fields = Self::default();
        for (name, value) in entries {
            fields.insert(&name, value);
        }
        fields
    }
}

impl From<Map<String, Value>> for SettingFields {
    fn from(map: Map<String, Value>) -> Self {
        map.into_iter().collect()
    }
}

fn position(name: &str) -> Option<usize> {
    field::ALL.iter().position(|each| *each == name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(soul: &str) -> SettingFields {
        let entries = [
            (field::NIX, json!({})),
            (field::SOUL, json!(soul)),
            ("model", json!("m")),
        ];
        entries
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect()
    }

    #[test]
    fn names_have_one_order_and_those_of_no_file_are_left_out() {
        let (kind, nothing) = (json!("Be kind."), json!({}));
        let all: Vec<_> = fields("Be kind.")
            .iter()
            .map(|(name, value)| (name, value.clone()))
            .collect();
        assert_eq!(all, [(field::SOUL, kind), (field::NIX, nothing)]);
        assert_eq!(fields("").get("model"), None);
    }

    #[test]
    fn a_value_keeps_the_order_of_its_keys() {
        let fields = |tools: Value| SettingFields::from_iter([(field::TOOLS.to_owned(), tools)]);
        let mut own = fields(json!({"allowedTools": [], "strictMode": true}));
        own.share(&fields(json!({"strictMode": true, "allowedTools": []})));
        assert_eq!(
            own.get(field::TOOLS).unwrap().to_string(),
            r#"{"allowedTools":[],"strictMode":true}"#
        );
    }

    #[test]
    fn shared_values_are_equal_ones_and_a_change_is_seen_by_its_owner_only() {
        let (mut own, other) = (fields("Be kind."), fields("Be brief."));
        own.share(&other);
        assert_eq!(own, fields("Be kind."));
        let both = |name| {
            let at = position(name).unwrap();
            own.0[at].as_ref().zip(other.0[at].as_ref()).unwrap()
        };
        let (nix, soul) = (both(field::NIX), both(field::SOUL));
        assert!(nix.0.is_same(nix.1) && !soul.0.is_same(soul.1));
        *own.get_mut(field::NIX).unwrap() = json!({"packages": []});
        assert_eq!(other, fields("Be brief."));
    }
}
