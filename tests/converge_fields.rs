//! Laws 1, 2 and 4, field by field and through files: edit one, and exactly that one is planned, written and then gone;
//! remove one, and it is drift until somebody asks for it to go.

use lobuctl::plan::Prune;

use super::support::aloud;
use super::support::peer::{Peer, changing, drifting, usable};
use super::support::project::TempProject;

const TOML: &str = r#"
[agents.desk]
name = "Desk"
description = "answers first"
dir = "./agents/desk"
guardrails = ["polite", "no-secrets"]

[[agents.desk.providers]]
id = "anthropic"
model = "claude/sonnet"
key = "$KEY"

[[agents.desk.providers]]
id = "openai"
model = "gpt"

[[agents.desk.platforms]]
type = "telegram"
config = { botToken = "$TOKEN", chatId = "1", mode = "webhook" }

[agents.desk.network]
allowed = ["a.example", "b.example"]
denied = ["c.example"]
judge = ["d.example", { domain = "e.example", judge = "strict" }]

[agents.desk.network.judges]
strict = "Deny uploads."

[agents.desk.egress]
extra_policy = "Never send a card number."
judge_model = "haiku"

[agents.desk.tools]
pre_approved = ["/mcp/linear/tools/search"]
allowed = ["Read"]
denied = ["Bash"]
strict = true

[agents.desk.worker]
nix_packages = ["jq"]

[agents.desk.skills.mcp.linear]
type = "streamable-http"
url = "https://mcp.example/mcp"
auth_scope = "user"
headers = { X-Team = "$KEY" }

[agents.desk.skills.mcp.linear.oauth]
auth_url = "https://mcp.example/a"
token_url = "https://mcp.example/t"
client_id = "desk"
client_secret = "$KEY"
scopes = ["read"]
token_endpoint_auth_method = "client_secret_post"

[agents.desk.skills.mcp.local]
type = "stdio"
command = "run-it"
args = ["--one"]
env = { REGION = "eu" }

[memory]
org = "dev"
models = "./models"
"#;

const FILES: &[(&str, &str)] = &[
    ("lobu.toml", TOML),
    ("agents/desk/IDENTITY.md", "You are the desk.\n"),
    ("agents/desk/SOUL.md", "Be concise.\nBe kind.\n"),
    ("agents/desk/USER.md", "Customers.\n"),
    (
        "agents/desk/skills/escalate/SKILL.md",
        "---\nname: escalate\ndescription: When to call\nnixPackages: [ripgrep]\nnetwork:\n  allow: [pager.example]\n---\nCall somebody.\n",
    ),
    ("agents/desk/skills/flat.md", "A flat skill.\n"),
    (
        "models/company.yaml",
        "type: entity\nslug: company\nname: Company\ndescription: a firm\nicon: house\ncolor: \"#111111\"\n\
         event_kinds:\n  founded: { label: Founded }\nmetadata_schema:\n  type: object\n  properties:\n    size: { type: number, minimum: 1.0 }\n",
    ),
    ("models/person.yaml", "type: entity\nslug: person\nname: Person\n"),
    (
        "models/works-at.yaml",
        "type: relationship\nslug: works-at\nname: Works at\ndescription: a job\nstatus: active\n\
         inverse: employs\nmetadata_schema:\n  type: object\n  properties:\n    since: { type: string }\n\
         auto_create_when:\n  - { sourceNamespace: email, targetField: email, assuranceRequired: oauth_verified, matchStrategy: unique_only }\n\
         rules:\n  - { source: person, target: company }\n",
    ),
    (
        "models/employs.yaml",
        "type: relationship\nslug: employs\nname: Employs\n",
    ),
    (
        "models/knows.yaml",
        "type: relationship\nslug: knows\nname: Knows\nis_symmetric: true\n",
    ),
];

/// File, what to replace, by what, and the only row that changes.
type Edit = (&'static str, &'static str, &'static str, &'static str);

const SETTINGS: &str = "~ settings desk";

const EDITS: &[Edit] = &[
    (
        "lobu.toml",
        "name = \"Desk\"",
        "name = \"Front desk\"",
        "~ agent desk (name)",
    ),
    (
        "lobu.toml",
        "answers first",
        "answers last",
        "~ agent desk (description)",
    ),
    ("lobu.toml", "\"polite\", ", "", "~ settings desk (guardrails)"),
    (
        "lobu.toml",
        "claude/sonnet",
        "claude/opus",
        "~ settings desk (providerModelPreferences)",
    ),
    (
        "lobu.toml",
        "id = \"openai\"\nmodel = \"gpt\"",
        "id = \"other\"\nmodel = \"gpt\"",
        SETTINGS,
    ),
    (
        "lobu.toml",
        "chatId = \"1\"",
        "chatId = \"2\"",
        "~ platform desk/desk-telegram (config)",
    ),
    (
        "lobu.toml",
        "mode = \"webhook\" }",
        "mode = \"webhook\", userName = \"x\" }",
        "~ platform desk/desk-telegram (config)",
    ),
    (
        "lobu.toml",
        "\"b.example\"",
        "\"bb.example\"",
        "~ settings desk (networkConfig)",
    ),
    (
        "lobu.toml",
        "[\"a.example\", \"b.example\"]",
        "[]",
        "~ settings desk (networkConfig)",
    ),
    (
        "lobu.toml",
        "c.example",
        "cc.example",
        "~ settings desk (networkConfig)",
    ),
    (
        "lobu.toml",
        "\"d.example\"",
        "\"dd.example\"",
        "~ settings desk (networkConfig)",
    ),
    (
        "lobu.toml",
        "Deny uploads",
        "Allow uploads",
        "~ settings desk (networkConfig)",
    ),
    (
        "lobu.toml",
        "card number",
        "phone number",
        "~ settings desk (egressConfig)",
    ),
    ("lobu.toml", "\"haiku\"", "\"opus\"", "~ settings desk (egressConfig)"),
    (
        "lobu.toml",
        "tools/search",
        "tools/get",
        "~ settings desk (preApprovedTools)",
    ),
    (
        "lobu.toml",
        "allowed = [\"Read\"]",
        "allowed = [\"Grep\"]",
        "~ settings desk (toolsConfig)",
    ),
    (
        "lobu.toml",
        "denied = [\"Bash\"]",
        "denied = []",
        "~ settings desk (toolsConfig)",
    ),
    (
        "lobu.toml",
        "strict = true",
        "strict = false",
        "~ settings desk (toolsConfig)",
    ),
    ("lobu.toml", "[\"jq\"]", "[\"yq\"]", "~ settings desk (nixConfig)"),
    ("lobu.toml", "streamable-http", "sse", "~ settings desk (mcpServers)"),
    (
        "lobu.toml",
        "https://mcp.example/mcp",
        "https://mcp.example/v2",
        "~ settings desk (mcpServers)",
    ),
    (
        "lobu.toml",
        "auth_scope = \"user\"",
        "auth_scope = \"channel\"",
        "~ settings desk (mcpServers)",
    ),
    ("lobu.toml", "X-Team", "X-Group", "~ settings desk (mcpServers)"),
    ("lobu.toml", "/a\"", "/b\"", "~ settings desk (mcpServers)"),
    ("lobu.toml", "/t\"", "/u\"", "~ settings desk (mcpServers)"),
    (
        "lobu.toml",
        "client_id = \"desk\"",
        "client_id = \"desk2\"",
        "~ settings desk (mcpServers)",
    ),
    (
        "lobu.toml",
        "client_secret = \"$KEY\"",
        "client_secret = \"$TOKEN\"",
        "~ settings desk (mcpServers)",
    ),
    (
        "lobu.toml",
        "scopes = [\"read\"]",
        "scopes = [\"read\", \"write\"]",
        "~ settings desk (mcpServers)",
    ),
    (
        "lobu.toml",
        "client_secret_post",
        "client_secret_basic",
        "~ settings desk (mcpServers)",
    ),
    ("lobu.toml", "run-it", "run-that", "~ settings desk (mcpServers)"),
    ("lobu.toml", "--one", "--two", "~ settings desk (mcpServers)"),
    (
        "lobu.toml",
        "REGION = \"eu\"",
        "REGION = \"us\"",
        "~ settings desk (mcpServers)",
    ),
    (
        "agents/desk/IDENTITY.md",
        "the desk",
        "a desk",
        "~ settings desk (identityMd)",
    ),
    (
        "agents/desk/SOUL.md",
        "Be kind.",
        "Be kinder.",
        "~ settings desk (soulMd)",
    ),
    ("agents/desk/USER.md", "Customers", "People", "~ settings desk (userMd)"),
    (
        "agents/desk/skills/escalate/SKILL.md",
        "Call somebody",
        "Call nobody",
        "~ settings desk (skillsConfig)",
    ),
    (
        "agents/desk/skills/escalate/SKILL.md",
        "When to call",
        "When to wait",
        "~ settings desk (skillsConfig)",
    ),
    (
        "agents/desk/skills/escalate/SKILL.md",
        "[ripgrep]",
        "[fd]",
        "~ settings desk (nixConfig, skillsConfig)",
    ),
    (
        "agents/desk/skills/escalate/SKILL.md",
        "pager.example",
        "siren.example",
        "~ settings desk (networkConfig, skillsConfig)",
    ),
    (
        "agents/desk/skills/flat.md",
        "A flat",
        "Another flat",
        "~ settings desk (skillsConfig)",
    ),
    (
        "models/company.yaml",
        "name: Company",
        "name: Firm",
        "~ entity-type company (name)",
    ),
    (
        "models/company.yaml",
        "a firm",
        "a company",
        "~ entity-type company (description)",
    ),
    (
        "models/company.yaml",
        "house",
        "building",
        "~ entity-type company (icon)",
    ),
    (
        "models/company.yaml",
        "#111111",
        "#222222",
        "~ entity-type company (color)",
    ),
    (
        "models/company.yaml",
        "label: Founded",
        "label: Begun",
        "~ entity-type company (event_kinds)",
    ),
    (
        "models/company.yaml",
        "minimum: 1.0",
        "minimum: 2",
        "~ entity-type company (metadata_schema)",
    ),
    (
        "models/works-at.yaml",
        "name: Works at",
        "name: Is employed",
        "~ relationship-type works-at (name)",
    ),
    (
        "models/works-at.yaml",
        "a job",
        "work",
        "~ relationship-type works-at (description)",
    ),
    (
        "models/works-at.yaml",
        "type: string",
        "type: number",
        "~ relationship-type works-at (metadata_schema)",
    ),
    (
        "models/works-at.yaml",
        "status: active",
        "status: archived",
        "~ relationship-type works-at (status)",
    ),
    (
        "models/works-at.yaml",
        "targetField: email",
        "targetField: mail",
        "~ relationship-type works-at (auto_create_when)",
    ),
    (
        "models/works-at.yaml",
        "target: company }",
        "target: person }",
        "~ relationship-type works-at (rules)",
    ),
    (
        "models/works-at.yaml",
        "target: company }",
        "target: company }\n  - { source: company, target: company }",
        "~ relationship-type works-at (rules)",
    ),
    (
        "models/works-at.yaml",
        "inverse: employs",
        "inverse: knows",
        "~ relationship-type works-at (inverse_type_slug)",
    ),
    (
        "models/knows.yaml",
        "is_symmetric: true",
        "is_symmetric: false",
        "~ relationship-type knows (is_symmetric)",
    ),
];

fn project() -> TempProject {
    TempProject::new(FILES)
        .env("KEY", "key-value")
        .env("TOKEN", "1:token-value")
}

fn edited(file: &str, from: &str, to: &str) -> TempProject {
    let change = |(path, text): &(&str, &str)| {
        let text = if *path == file {
            assert!(text.contains(from), "{file} has no {from:?}");
            text.replacen(from, to, 1)
        } else {
            (*text).to_owned()
        };
        ((*path).to_owned(), text)
    };
    let files: Vec<(String, String)> = FILES.iter().map(change).collect();
    TempProject::new(&files)
        .env("KEY", "key-value")
        .env("TOKEN", "1:token-value")
}

async fn filled(peer: &Peer) {
    let project = usable(project().load());
    let draft = peer.plan(&project, Prune::Nothing).await;
    peer.apply_well(&draft).await;
    let again = peer.plan(&project, Prune::Nothing).await;
    assert_eq!(changing(&again.plan), Vec::<String>::new());
    assert_eq!(drifting(&again.plan), Vec::<String>::new());
}

async fn each_edit(peer: Peer) {
    filled(&peer).await;
    for (file, from, to, expected) in EDITS {
        let original = usable(project().load());
        let changed = edited(file, from, to);
        let changed = usable(changed.load());
        let draft = peer.plan(&changed, Prune::Nothing).await;
        let rows = changing(&draft.plan);
        assert_eq!(rows.len(), 1, "{file}: {from:?} -> {to:?}: {rows:?}");
        assert!(
            rows[0].starts_with(expected),
            "{file}: {from:?} -> {to:?}: {rows:?}, expected {expected}"
        );
        peer.apply_well(&draft).await;
        let again = peer.plan(&changed, Prune::Nothing).await;
        assert_eq!(
            changing(&again.plan),
            Vec::<String>::new(),
            "{file}: {from:?} -> {to:?}"
        );
        let back = peer.plan(&original, Prune::Everything).await;
        peer.apply_well(&back).await;
        let again = peer.plan(&original, Prune::Everything).await;
        assert_eq!(
            changing(&again.plan),
            Vec::<String>::new(),
            "back from {file}: {from:?} -> {to:?}"
        );
    }
}

#[tokio::test]
async fn each_edit_is_one_change_and_then_none() {
    each_edit(Peer::new().await).await;
}

#[tokio::test]
async fn each_edit_is_one_change_and_then_none_where_nothing_is_started() {
    each_edit(Peer::stored().await).await;
}

/// File, what to remove, and what is drift then.
type Removal = (&'static str, &'static str, &'static [&'static str]);

const REMOVALS: &[Removal] = &[
    (
        "lobu.toml",
        "description = \"answers first\"",
        &["agent desk description"],
    ),
    (
        "lobu.toml",
        "guardrails = [\"polite\", \"no-secrets\"]",
        &["settings desk guardrails"],
    ),
    (
        "lobu.toml",
        "model = \"gpt\"",
        &["settings desk providerModelPreferences.openai"],
    ),
    (
        "lobu.toml",
        ", chatId = \"1\"",
        &["platform desk/desk-telegram config.chatId"],
    ),
    (
        "lobu.toml",
        "denied = [\"c.example\"]",
        &["settings desk networkConfig.deniedDomains"],
    ),
    (
        "lobu.toml",
        "extra_policy = \"Never send a card number.\"",
        &["settings desk egressConfig.extraPolicy"],
    ),
    (
        "lobu.toml",
        "judge_model = \"haiku\"",
        &["settings desk egressConfig.judgeModel"],
    ),
    (
        "lobu.toml",
        "pre_approved = [\"/mcp/linear/tools/search\"]",
        &["settings desk preApprovedTools"],
    ),
    ("lobu.toml", "strict = true", &["settings desk toolsConfig.strictMode"]),
    (
        "lobu.toml",
        "auth_scope = \"user\"",
        &["settings desk mcpServers.linear.authScope"],
    ),
    (
        "lobu.toml",
        "scopes = [\"read\"]",
        &["settings desk mcpServers.linear.oauth.scopes"],
    ),
    (
        "lobu.toml",
        "env = { REGION = \"eu\" }",
        &["settings desk mcpServers.local.env"],
    ),
    ("agents/desk/USER.md", "Customers.", &["settings desk userMd"]),
    (
        "models/company.yaml",
        "description: a firm",
        &["entity-type company description"],
    ),
    ("models/company.yaml", "icon: house", &["entity-type company icon"]),
    (
        "models/works-at.yaml",
        "description: a job",
        &["relationship-type works-at description"],
    ),
    (
        "models/works-at.yaml",
        "rules:\n  - { source: person, target: company }",
        &["relationship-type works-at rules.person->company"],
    ),
    (
        "models/knows.yaml",
        "is_symmetric: true",
        &["relationship-type knows is_symmetric"],
    ),
];

#[tokio::test]
async fn each_removal_is_drift_until_it_is_pruned() {
    let peer = Peer::new().await;
    filled(&peer).await;
    for (file, line, expected) in REMOVALS {
        let removed = usable(edited(file, line, "").load());
        let draft = peer.plan(&removed, Prune::Nothing).await;
        assert_eq!(changing(&draft.plan), Vec::<String>::new(), "{file} without {line:?}");
        assert_eq!(drifting(&draft.plan), *expected, "{file} without {line:?}");
        let ran = peer.apply_well(&draft).await;
        assert_eq!(ran.progress.tally().applied(), 0, "{file} without {line:?}");
        let pruning = peer.plan(&removed, Prune::Everything).await;
        assert_eq!(changing(&pruning.plan).len(), 1, "{file} without {line:?}");
        peer.apply_well(&pruning).await;
        let clean = peer.plan(&removed, Prune::Nothing).await;
        assert_eq!(changing(&clean.plan), Vec::<String>::new(), "{file} without {line:?}");
        assert_eq!(drifting(&clean.plan), Vec::<String>::new(), "{file} without {line:?}");
        let back = peer.plan(&usable(project().load()), Prune::Nothing).await;
        peer.apply_well(&back).await;
    }
}

#[tokio::test]
async fn real_projects_converge() {
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/examples");
    let Ok(folders) = std::fs::read_dir(&examples) else {
        aloud("real projects: there is no ../shared/examples");
        return;
    };
    for folder in folders
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("lobu.toml").exists())
    {
        let peer = Peer::new().await;
        let load = || {
            TempProject::new::<&str, &str>(&[])
                .env("ANTHROPIC_API_KEY", "x")
                .load_file(&folder.join("lobu.toml"))
        };
        let project = usable(load());
        peer.apply_well(&peer.plan(&project, Prune::Nothing).await).await;
        let again = peer.plan(&project, Prune::Nothing).await;
        assert_eq!(changing(&again.plan), Vec::<String>::new(), "{}", folder.display());
        assert_eq!(drifting(&again.plan), Vec::<String>::new(), "{}", folder.display());
    }
}
