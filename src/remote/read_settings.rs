//! The settings of many agents, as they are read one after the other.

use std::collections::{BTreeMap, BTreeSet};

use crate::resource::{SettingFields, Settings, SharedValue};

/// The settings that were read so far. A value that the files say too, or the agent before, is held once: most of an
/// organization's settings are as the files declare them, and the others as a new agent has them.
pub(super) struct ReadSettings<'a> {
    /// The settings as the files declare them, by agent.
    declared: &'a BTreeMap<String, SharedValue<Settings>>,
    /// The settings by agent.
    pub found: BTreeMap<String, SharedValue<Settings>>,
    /// The names of settings that no file can express and that differ from those of a new agent, by agent.
    pub without_file: BTreeMap<String, BTreeSet<String>>,
    /// The values of the agent that was read last.
    last: SettingFields,
}

impl<'a> ReadSettings<'a> {
    /// Starts without settings.
    pub(super) fn new(declared: &'a BTreeMap<String, SharedValue<Settings>>) -> Self {
        Self {
            declared,
            found: BTreeMap::new(),
            without_file: BTreeMap::new(),
            last: SettingFields::default(),
        }
    }

    /// Adds what was read of an agent. `None` when it is gone.
    pub(super) fn add(&mut self, agent: String, found: Option<(Settings, BTreeSet<String>)>) {
        let Some((mut settings, without_file)) = found else {
            return;
        };
        if let Some(declared) = self.declared.get(&agent) {
            settings.fields.share(&declared.fields);
        }
        settings.fields.share(&self.last);
        self.last.clone_from(&settings.fields);
        if !without_file.is_empty() {
            self.without_file.insert(agent.clone(), without_file);
        }
        self.found.insert(agent, settings.into());
    }
}
