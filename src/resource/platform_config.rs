//! The config of a platform, by key.

use std::fmt;
use std::iter::Map;
use std::slice::Iter;

use super::ConfigValue;

/// The values of a platform's config, sorted by key.
// A sorted list and not a tree: nearly every config has two or three keys, and a tree has room for eleven from the start.
#[derive(Clone, Default, PartialEq)]
pub struct PlatformConfig(Vec<Entry>);

impl PlatformConfig {
    fn position(&self, key: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.as_str().cmp(key))
    }

    /// Returns the value of a key.
    pub fn get(&self, key: &str) -> Option<&ConfigValue> {
        self.position(key).ok().map(|at| &self.0[at].1)
    }

    /// Returns the value of a key, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut ConfigValue> {
        self.position(key).ok().map(|at| &mut self.0[at].1)
    }

    /// Whether there is such a key.
    pub fn contains_key(&self, key: &str) -> bool {
        self.position(key).is_ok()
    }

    /// Sets the value of a key. Returns the value that it had.
    pub fn insert(&mut self, key: String, value: ConfigValue) -> Option<ConfigValue> {
        match self.position(&key) {
            Ok(at) => Some(std::mem::replace(&mut self.0[at].1, value)),
            Err(at) => {
                self.0.reserve_exact(1);
                self.0.insert(at, (key, value));
                None
            }
        }
    }

    /// Removes a key. Returns the value that it had.
    pub fn remove(&mut self, key: &str) -> Option<ConfigValue> {
        self.position(key).ok().map(|at| self.0.remove(at).1)
    }

    /// Returns the keys with their values, sorted by key.
    pub fn iter(&self) -> PlatformConfigIter<'_> {
        self.0.iter().map(by_reference as ByReference)
    }

    /// Returns the keys, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.0.iter().map(|(key, _)| key)
    }

    /// Returns the values, sorted by key.
    pub fn values(&self) -> impl Iterator<Item = &ConfigValue> {
        self.0.iter().map(|(_, value)| value)
    }

    /// Returns the values, sorted by key, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut ConfigValue> {
        self.0.iter_mut().map(|(_, value)| value)
    }
}

type Entry = (String, ConfigValue);
type ByReference = fn(&Entry) -> (&String, &ConfigValue);

// The iterator over a config.
type PlatformConfigIter<'a> = Map<Iter<'a, Entry>, ByReference>;

fn by_reference((key, value): &Entry) -> (&String, &ConfigValue) {
    (key, value)
}

impl<'a> IntoIterator for &'a PlatformConfig {
    type Item = (&'a String, &'a ConfigValue);
    type IntoIter = PlatformConfigIter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

// As the map that it is.
impl fmt::Debug for PlatformConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.iter()).finish()
    }
}

impl Extend<Entry> for PlatformConfig {
    fn extend<I: IntoIterator<Item = Entry>>(&mut self, values: I) {
        for (key, value) in values {
            self.insert(key, value);
        }
    }
}

impl FromIterator<Entry> for PlatformConfig {
    fn from_iter<I: IntoIterator<Item = Entry>>(values: I) -> Self {
        let mut config = Self::default();
        config.extend(values);
        config
    }
}

impl IntoIterator for PlatformConfig {
    type Item = Entry;
    type IntoIter = std::vec::IntoIter<Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
