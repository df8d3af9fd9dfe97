//! An agent's settings: the fields of its config that a file can express.

use serde_json::{Map, Value};

/// The resource at the address `settings.AGENT`: the agent's config by wire name.
///
/// On the desired side, a key that the files do not mention is absent, at every level that the files can express. On the
/// remote side, all keys of the response are kept, because a write replaces a whole top-level key (contract section 5).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// The agent's id.
    pub agent: String,
    /// The values by wire name; [`field`] has the names.
    pub fields: Map<String, Value>,
}

impl Settings {
    /// Returns the value of a top-level field.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }
}

/// The wire names of the settings that a file can express (contract section 10).
pub mod field {
    /// The text of IDENTITY.md.
    pub const IDENTITY: &str = "identityMd";
    /// The text of SOUL.md.
    pub const SOUL: &str = "soulMd";
    /// The text of USER.md.
    pub const USER: &str = "userMd";
    /// `[[providers]]`, in order: `[{"providerId": id}]` on the desired side.
    pub const PROVIDERS: &str = "installedProviders";
    /// `{"mode": "auto"}` where there are providers.
    pub const MODEL_SELECTION: &str = "modelSelection";
    /// The model of each provider, by id.
    pub const MODEL_PREFERENCES: &str = "providerModelPreferences";
    /// `[network]`: `allowedDomains`, `deniedDomains`, `judgedDomains`, `judges`.
    pub const NETWORK: &str = "networkConfig";
    /// `[egress]`: `extraPolicy`, `judgeModel`.
    pub const EGRESS: &str = "egressConfig";
    /// `tools.pre_approved`.
    pub const PRE_APPROVED: &str = "preApprovedTools";
    /// `[tools]`: `allowedTools`, `deniedTools`, `strictMode`.
    pub const TOOLS: &str = "toolsConfig";
    /// `guardrails`.
    pub const GUARDRAILS: &str = "guardrails";
    /// `worker.nix_packages`: `packages`.
    pub const NIX: &str = "nixConfig";
    /// `skills.mcp` and the MCP servers of local skills, by id. The server adds one of its own to a new agent.
    pub const MCP_SERVERS: &str = "mcpServers";
    /// Local skills: `{"skills": [...]}`.
    pub const SKILLS: &str = "skillsConfig";

    /// The files with an agent's texts, with the fields that they are.
    pub const TEXT_FILES: [(&str, &str); 3] = [("IDENTITY.md", IDENTITY), ("SOUL.md", SOUL), ("USER.md", USER)];

    /// All fields, in the order in which they are shown.
    pub const ALL: [&str; 14] = [
        IDENTITY,
        SOUL,
        USER,
        PROVIDERS,
        MODEL_SELECTION,
        MODEL_PREFERENCES,
        NETWORK,
        EGRESS,
        PRE_APPROVED,
        TOOLS,
        GUARDRAILS,
        NIX,
        MCP_SERVERS,
        SKILLS,
    ];
}
