//! The wire names of the settings that a file can express (contract section 10).

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
