//! The fingerprints of the secrets of one platform.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The fingerprints of a platform's secrets, by the keys of its config. In a file they are an object.
// A list and not a tree: nearly every platform has one or two secrets, and a tree has room for eleven from the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fingerprints(Box<[NamedFingerprint]>);

/// A key of the config, and the fingerprint of its secret.
type NamedFingerprint = (Box<str>, Box<str>);

impl Fingerprints {
    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the fingerprint of the secret under a key.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| &**known == name);
        found.map(|(_, fingerprint)| &**fingerprint)
    }
}

impl FromIterator<NamedFingerprint> for Fingerprints {
    fn from_iter<I: IntoIterator<Item = NamedFingerprint>>(fingerprints: I) -> Self {
        Self(fingerprints.into_iter().collect())
    }
}

impl Serialize for Fingerprints {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, fingerprint)| (name, fingerprint)))
    }
}

impl<'de> Deserialize<'de> for Fingerprints {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::deserialize(deserializer).map(Self::from_iter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_an_object_in_a_file() {
        let text = r#"{"botToken":"12ab","signingSecret":"34cd"}"#;
        let read: Fingerprints = serde_json::from_str(text).unwrap();
        assert_eq!(read.get("signingSecret"), Some("34cd"));
        assert_eq!(read.get("apiKey"), None);
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }
}
