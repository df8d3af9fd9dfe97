//! An agent's own row: its name and description.

/// What `agent.ID` addresses. The settings are a resource of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// `^[a-z][a-z0-9-]{2,59}$`.
    pub id: String,
    /// Never empty when it comes from a file.
    pub name: String,
    /// `None` when absent; an empty one counts as absent.
    pub description: Option<String>,
}
