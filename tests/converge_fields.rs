//! Laws 1, 2 and 4, field by field and through files: edit one, and exactly that one is planned, written and then gone;
//! remove one, and it is drift until somebody asks for it to go.

use lobuctl::plan::Prune;

use crate::support::apply::test_server::{TestServer, changed_rows, drifted_fields, expect_valid};
use crate::support::project::TempProject;

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

pub(crate) const FILES: &[(&str, &str)] = &[
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

/// What to change and what to remove, one at a time.
#[derive(serde::Deserialize)]
pub(crate) struct Table {
    pub(crate) edit: Vec<Edit>,
    removal: Vec<Removal>,
}

#[derive(serde::Deserialize)]
pub(crate) struct Edit {
    pub(crate) file: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) row: String,
}

#[derive(serde::Deserialize)]
struct Removal {
    file: String,
    line: String,
    drift: String,
}

pub(crate) fn table() -> Table {
    toml::from_str(include_str!("fixtures/converge_fields.toml")).unwrap()
}

pub(crate) fn project() -> TempProject {
    TempProject::new(FILES)
        .env("KEY", "key-value")
        .env("TOKEN", "1:token-value")
}

pub(crate) fn edited(file: &str, from: &str, to: &str) -> TempProject {
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

pub(crate) async fn filled(server: &TestServer) {
    let project = expect_valid(project().load());
    let draft = server.plan(&project, Prune::Nothing).await;
    server.apply_well(&draft).await;
    let again = server.plan(&project, Prune::Nothing).await;
    assert_eq!(changed_rows(&again.plan), Vec::<String>::new());
    assert_eq!(drifted_fields(&again.plan), Vec::<String>::new());
}

async fn each_edit(server: TestServer) {
    filled(&server).await;
    for Edit { file, from, to, row } in &table().edit {
        let original = expect_valid(project().load());
        let changed = edited(file, from, to);
        let changed = expect_valid(changed.load());
        let draft = server.plan(&changed, Prune::Nothing).await;
        let rows = changed_rows(&draft.plan);
        assert_eq!(rows.len(), 1, "{file}: {from:?} -> {to:?}: {rows:?}");
        assert!(
            rows[0].starts_with(row),
            "{file}: {from:?} -> {to:?}: {rows:?}, expected {row}"
        );
        server.apply_well(&draft).await;
        let again = server.plan(&changed, Prune::Nothing).await;
        assert_eq!(
            changed_rows(&again.plan),
            Vec::<String>::new(),
            "{file}: {from:?} -> {to:?}"
        );
        let back = server.plan(&original, Prune::Everything).await;
        server.apply_well(&back).await;
        let again = server.plan(&original, Prune::Everything).await;
        assert_eq!(
            changed_rows(&again.plan),
            Vec::<String>::new(),
            "back from {file}: {from:?} -> {to:?}"
        );
    }
}

#[tokio::test]
async fn each_edit_is_one_change_and_then_none() {
    each_edit(TestServer::live().await).await;
}

#[tokio::test]
async fn each_edit_is_one_change_and_then_none_where_nothing_is_started() {
    each_edit(TestServer::stored().await).await;
}

#[tokio::test]
async fn each_removal_is_drift_until_it_is_pruned() {
    let server = TestServer::live().await;
    filled(&server).await;
    for Removal { file, line, drift } in &table().removal {
        let removed = expect_valid(edited(file, line, "").load());
        let draft = server.plan(&removed, Prune::Nothing).await;
        assert_eq!(
            changed_rows(&draft.plan),
            Vec::<String>::new(),
            "{file} without {line:?}"
        );
        assert_eq!(drifted_fields(&draft.plan), [drift.as_str()], "{file} without {line:?}");
        let ran = server.apply_well(&draft).await;
        assert_eq!(ran.progress.tally().applied(), 0, "{file} without {line:?}");
        let pruning = server.plan(&removed, Prune::Everything).await;
        assert_eq!(changed_rows(&pruning.plan).len(), 1, "{file} without {line:?}");
        server.apply_well(&pruning).await;
        let clean = server.plan(&removed, Prune::Nothing).await;
        assert_eq!(
            changed_rows(&clean.plan),
            Vec::<String>::new(),
            "{file} without {line:?}"
        );
        assert_eq!(
            drifted_fields(&clean.plan),
            Vec::<String>::new(),
            "{file} without {line:?}"
        );
        let back = server.plan(&expect_valid(project().load()), Prune::Nothing).await;
        server.apply_well(&back).await;
    }
}
