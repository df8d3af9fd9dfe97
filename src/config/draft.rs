//! The content of `lobu.toml`, checked but not resolved: no secret has a value, and no other file was read.

use std::ops::Range;

use serde_json::{Map, Value};

use super::reference::Reference;
use super::source::Text;
use super::table::Table;
use crate::resource::FieldPath;

/// The content of the whole file.
#[derive(Debug, Default)]
pub(super) struct ProjectDraft {
    /// The agents, in file order.
    pub agents: Vec<AgentDraft>,
    /// The table `[memory]` or `[memory.owletto]`. `None` when there is none.
    pub memory: Option<MemoryDraft>,
    /// Every use of a secret, in the order in which the keys are read.
    pub references: Vec<Reference>,
}

impl ProjectDraft {
    /// Returns the slug of the organization that the memory table names.
    pub(super) fn organization(&self) -> Option<String> {
        let org = self.memory.as_ref()?.org.as_ref()?;
        Some(org.value.trim().to_owned())
    }
}

/// One table `[agents.ID]`.
#[derive(Debug)]
pub(super) struct AgentDraft {
    /// The id, located in the header.
    pub id: Text,
    /// The fields of the agent's own row that the file has, by name.
    pub fields: Vec<(&'static str, Text)>,
    /// The path of the agent's folder, relative to the project. `None` when the key is missing, which was reported.
    pub dir: Option<Text>,
    /// The settings that this file has.
    pub settings: SettingsDraft,
    /// The platforms, in file order.
    pub platforms: Vec<PlatformDraft>,
}

/// Settings of an agent by wire name, with the locations of their keys.
#[derive(Debug, Default)]
pub(super) struct SettingsDraft {
    /// Wire names to values.
    pub fields: Map<String, Value>,
    /// The location of each key that has one.
    pub locations: Vec<(FieldPath, Range<usize>)>,
    /// The providers whose `key` is a reference, each with the name of the secret.
    pub provider_keys: Vec<(String, String)>,
}

impl SettingsDraft {
    /// Sets a field that comes from a key of a table.
    pub(super) fn set(&mut self, name: &str, value: Value, table: &Table<'_>, key: &str) {
        self.fields.insert(name.to_owned(), value);
        self.locate(FieldPath::root(name), table, key);
    }

    /// Records the key that a field comes from.
    pub(super) fn locate(&mut self, path: FieldPath, table: &Table<'_>, key: &str) {
        self.locations.extend(table.key_span(key).map(|span| (path, span)));
    }
}

/// One table `[[agents.ID.platforms]]`.
#[derive(Debug)]
pub(super) struct PlatformDraft {
    /// The path of the table: `agents.triage.platforms[0]`.
    pub path: String,
    /// The type: `telegram`, `slack`, ….
    pub kind: Text,
    /// The name that distinguishes two platforms of one type; not empty.
    pub name: Option<Text>,
    /// The keys and values of `config`. A value may be a reference to a secret.
    pub config: Vec<(Text, Text)>,
}

/// The table `[memory]` or `[memory.owletto]`.
#[derive(Debug, Default)]
pub(super) struct MemoryDraft {
    /// The location of the table.
    pub span: Range<usize>,
    /// Whether memory is on; true when the key is absent.
    pub enabled: bool,
    /// The slug of the organization.
    pub org: Option<Text>,
    /// The folder of the model files.
    pub models: Option<Text>,
    /// The folder of data files, which is only mentioned in a warning because it is not synced.
    pub data: Option<Text>,
}
