//! What `lobu.toml` says, checked but not yet resolved: no secret has a value, no other file was read.

use std::ops::Range;

use serde_json::{Map, Value};

use super::table::Text;
use crate::resource::FieldPath;

/// The whole file.
#[derive(Debug, Default)]
pub(super) struct ProjectDraft {
    /// In file order.
    pub agents: Vec<AgentDraft>,
    /// `[memory]` in either spelling.
    pub memory: Option<MemoryDraft>,
    /// Every use of a secret.
    pub references: Vec<Reference>,
}

/// `[agents.ID]`.
#[derive(Debug)]
pub(super) struct AgentDraft {
    /// The id, at its place in the header.
    pub id: Text,
    /// What people see.
    pub name: Option<Text>,
    /// Empty counts as absent.
    pub description: Option<Text>,
    /// The agent's folder.
    pub dir: Option<Text>,
    /// Settings by wire name, as far as this file has them.
    pub fields: Map<String, Value>,
    /// Where the fields stand.
    pub places: Vec<(FieldPath, Range<usize>)>,
    /// In file order.
    pub platforms: Vec<PlatformDraft>,
}

/// `[[agents.ID.platforms]]`.
#[derive(Debug)]
pub(super) struct PlatformDraft {
    /// `agents.triage.platforms[0]`.
    pub path: String,
    /// `telegram`, `slack`, …
    pub kind: Text,
    /// Tells two of one type apart.
    pub name: Option<Text>,
    /// Keys and values; values may be references.
    pub config: Vec<(Text, Text)>,
}

/// `[memory]` or `[memory.owletto]`.
#[derive(Debug, Default)]
pub(super) struct MemoryDraft {
    /// Where the table stands.
    pub span: Range<usize>,
    /// Absent counts as true.
    pub enabled: bool,
    /// The organisation's slug.
    pub org: Option<Text>,
    /// The folder of the model files.
    pub models: Option<Text>,
    /// A folder that is not synced.
    pub data: Option<Text>,
}

/// One `$NAME` in `lobu.toml`.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    /// Without the dollar.
    pub name: String,
    /// Where the string stands.
    pub span: Range<usize>,
    /// `agents.triage.platforms[0].config.botToken`.
    pub place: String,
    /// Whether the value itself goes to the server.
    pub sent: bool,
}
