//! An agent: its name and description. Its settings are a resource of their own.

use super::field_table::Field;

/// The resource at the address `agent.ID`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agent {
    /// The id, which matches `^[a-z][a-z0-9-]{2,59}$`.
    pub id: String,
    /// The display name; not empty when it comes from a file.
    pub name: String,
    /// A text about the purpose of the agent. An empty one counts as absent.
    pub description: Option<String>,
}

impl Agent {
    /// The fields that are compared and sent. In `lobu.toml` they have the same names.
    pub const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::required("name", |it| &it.name, |it| &mut it.name),
        Field::<Self>::text("description", |it| &it.description, |it| &mut it.description),
    ];
}
