//! What an agent's folder holds, once its files are read.

use crate::resource::Origin;

use super::skill::Skill;

/// Texts and skills of one agent.
#[derive(Debug, Default)]
pub(super) struct AgentFolder {
    /// Wire name, trimmed text and place of IDENTITY.md, SOUL.md and USER.md, where they are not blank.
    pub texts: Vec<(&'static str, String, Origin)>,
    /// The project's skills and the agent's own, layered.
    pub skills: Vec<Skill>,
    /// Where the first skill stands.
    pub skill_place: Option<Origin>,
}
