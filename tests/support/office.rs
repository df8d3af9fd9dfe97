//! A project with a row of every kind, a client that does not wait long before it tries again, and names for requests.
#![allow(dead_code)]

use std::sync::Arc;
use std::time::Duration;

use lobuctl::apply::{ApplyOptions, Cancel};
use lobuctl::config::Project;
use lobuctl::plan::{Draft, Prune, Verb};
use lobuctl::remote::{Body, Client, Method, Request, Retry, RetryPolicy, Transport};
use serde_json::Value;

use super::faults::{Fault, FaultTransport};
use super::peer::{Peer, Ran, changing, usable};
use super::project::TempProject;

/// Two agents with a platform each, two entity types, and a relationship type with two rules.
pub const OFFICE: &str = r#"
[agents.desk]
name = "Desk"
dir = "./desk"

[[agents.desk.providers]]
id = "anthropic"
model = "claude/sonnet"
key = "$KEY"

[[agents.desk.platforms]]
type = "telegram"
config = { botToken = "$TOKEN", chatId = "1" }

[agents.desk.skills.mcp.linear]
url = "https://mcp.example/mcp"

[agents.money]
name = "Money"
dir = "./money"

[[agents.money.platforms]]
type = "slack"
config = { botToken = "$TOKEN" }

[memory]
org = "dev"
models = "./models"
"#;

/// The files of the office, with these words in `lobu.toml` replaced.
pub fn office_with(changes: &[(&str, &str)]) -> Project {
    let mut toml = OFFICE.to_owned();
    for (from, to) in changes {
        assert!(toml.contains(from), "{from}");
        toml = toml.replace(from, to);
    }
    let files = [
        ("lobu.toml", toml.as_str()),
        ("desk/SOUL.md", "Be kind.\n"),
        ("money/SOUL.md", "Count twice.\n"),
        ("models/company.yaml", "type: entity\nslug: company\nname: Company\n"),
        ("models/person.yaml", "type: entity\nslug: person\nname: Person\n"),
        (
            "models/works-at.yaml",
            "type: relationship\nslug: works-at\nname: Works at\nrules:\n  \
             - { source: person, target: company }\n  - { source: company, target: company }\n",
        ),
    ];
    let project = TempProject::new(&files)
        .env("KEY", "the-key-of-the-office")
        .env("TOKEN", "the-token-of-the-office");
    usable(project.load())
}

/// The files of the office.
pub fn office() -> Project {
    office_with(&[])
}

/// A client that tries again at once.
pub fn quick(transport: impl Transport + 'static) -> Client {
    quicker(transport, Duration::from_millis(5))
}

/// A client that tries again at once, and never waits longer than this when it is asked to.
pub fn quicker(transport: impl Transport + 'static, longest_asked: Duration) -> Client {
    let policy = RetryPolicy {
        base: Duration::from_micros(200),
        longest_asked,
        ..RetryPolicy::default()
    };
    Client::new(Retry::new(Arc::new(transport)).with_policy(policy), "dev", 16)
}

/// What a request does, as `agent desk`, `settings desk`, `platform desk-telegram`, `create company` or
/// `add_rule works-at`; reads begin with `read`.
pub fn named(request: &Request) -> String {
    let body: Value = request
        .body
        .as_ref()
        .map(Body::bytes)
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    let parts: Vec<&str> = request.path.split('/').skip(3).collect();
    let name = match (request.method, parts.as_slice()) {
        (Method::Post, ["agents"]) => format!("agent {}", text("agentId")),
        (_, ["agents"]) => "agents".to_owned(),
        (_, ["agents", id]) => format!("agent {id}"),
        (_, ["agents", id, "config"]) => format!("settings {id}"),
        (_, ["agents", id, "platforms"]) => format!("platforms {id}"),
        (_, ["agents", _, "platforms", "by-stable-id", id] | ["agents", _, "platforms", id]) => {
            format!("platform {id}")
        }
        (_, ["manage_entity_schema"]) => format!("{} {}", text("action"), text("slug")),
        other => panic!("an unexpected request: {other:?}"),
    };
    if request.writes { name } else { format!("read {name}") }
}

/// A server, the plan of the office on it, and what goes wrong with it.
pub struct Office {
    pub peer: Peer,
    pub project: Project,
    pub draft: Draft,
}

impl Office {
    /// An empty server.
    pub async fn empty() -> Self {
        Self::of(Peer::stored().await, office()).await
    }

    /// A server on which the office stands, and a project in which a field of each kind is another.
    pub async fn standing() -> Self {
        let peer = Peer::stored().await;
        let before = office();
        let draft = peer.plan(&before, Prune::Nothing).await;
        peer.apply_well(&draft).await;
        let mut office = Self::of(peer, edited()).await;
        // What cannot be compared stays out of these runs.
        office.draft.steps.retain(|address, _| {
            let row = office.draft.plan.row(address);
            row.is_some_and(|row| row.verb != Verb::Noop)
        });
        office
    }

    async fn of(peer: Peer, project: Project) -> Self {
        let draft = peer.plan(&project, Prune::Nothing).await;
        Self { peer, project, draft }
    }

    /// Applies with this going wrong.
    pub async fn apply<R>(&self, options: ApplyOptions, rule: R) -> Ran
    where
        R: Fn(usize, &Request) -> Fault + Send + Sync + 'static,
    {
        let client = quick(FaultTransport::new(self.peer.transport(), rule));
        self.peer
            .apply_through(&client, &self.draft, options, Cancel::new())
            .await
    }

    /// Plans and applies without faults until nothing is to be done; then the server is what the files say, once.
    pub async fn heals(&self) {
        let again = self.peer.plan(&self.project, Prune::Nothing).await;
        self.peer.apply_well(&again).await;
        self.is_whole().await;
    }

    /// Checks that nothing is to be done, and that nothing is there twice.
    pub async fn is_whole(&self) {
        let plan = self.peer.plan(&self.project, Prune::Nothing).await.plan;
        assert_eq!(changing(&plan), Vec::<String>::new());
        let state = self.peer.read(&self.project).await;
        assert_eq!(state.agents.len(), 2, "{:?}", state.agents.keys());
        assert_eq!(state.platforms.len(), 2, "{:?}", state.platforms.keys());
        let rules = self.peer.client.rules("works-at").await.unwrap();
        assert_eq!(rules.len(), 2, "{rules:?}");
    }
}

/// The office with a change in each row of the desk.
fn edited() -> Project {
    office_with(&[
        ("name = \"Desk\"", "name = \"Front desk\""),
        ("chatId = \"1\"", "chatId = \"2\""),
        ("claude/sonnet", "claude/opus"),
    ])
}
