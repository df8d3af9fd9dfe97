//! A sample project with a row of every kind, planned on a server, and a client that retries without waiting.

use std::sync::Arc;
use std::time::Duration;

use lobuctl::apply::{ApplyOptions, Cancel};
use lobuctl::config::Project;
use lobuctl::plan::{Draft, Prune, Verb};
use lobuctl::remote::{Client, Request, Retry, RetryPolicy, Transport};

use crate::support::apply::faults::{Fault, FaultTransport};
use crate::support::apply::test_server::{RunResult, TestServer, changed_rows, expect_valid};
use crate::support::project::TempProject;

/// Two agents with a platform each, two entity types, and a relationship type with two rules.
pub const SAMPLE_TOML: &str = r#"
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

/// Returns the sample project with these replacements in `lobu.toml`.
pub fn sample_project_with(changes: &[(&str, &str)]) -> Project {
    let mut toml = SAMPLE_TOML.to_owned();
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
        .env("KEY", "the-key-of-the-sample")
        .env("TOKEN", "the-token-of-the-sample");
    expect_valid(project.load())
}

/// Returns the sample project.
pub fn sample_project() -> Project {
    sample_project_with(&[])
}

/// Returns a client that retries at once.
pub fn fast_retry_client(transport: impl Transport + 'static) -> Client {
    fast_retry_client_waiting(transport, Duration::from_millis(5))
}

/// Returns a client that retries at once, and waits at most this long when the server asks for a delay.
pub fn fast_retry_client_waiting(transport: impl Transport + 'static, max_retry_after: Duration) -> Client {
    let policy = RetryPolicy {
        base_delay: Duration::from_micros(200),
        max_retry_after,
        ..RetryPolicy::default()
    };
    Client::new(Retry::new(Arc::new(transport)).with_policy(policy), "dev", 16)
}

/// A server, the sample project, and its plan on that server.
pub struct ApplyScenario {
    pub server: TestServer,
    pub project: Project,
    pub draft: Draft,
}

impl ApplyScenario {
    /// An empty server, and the plan of the sample project on it.
    pub async fn on_empty_server() -> Self {
        Self::of(TestServer::stored().await, sample_project()).await
    }

    /// A server on which the sample project was applied, and the plan of an edited version of it.
    pub async fn applied_then_edited() -> Self {
        let server = TestServer::stored().await;
        let before = sample_project();
        let draft = server.plan(&before, Prune::Nothing).await;
        server.apply_well(&draft).await;
        let mut scenario = Self::of(server, edited()).await;
        // Unchanged rows would be rechecked, which these tests do not count on.
        scenario.draft.steps.retain(|address, _| {
            let row = scenario.draft.plan.row(address);
            row.is_some_and(|row| row.verb != Verb::Noop)
        });
        scenario
    }

    async fn of(server: TestServer, project: Project) -> Self {
        let draft = server.plan(&project, Prune::Nothing).await;
        Self { server, project, draft }
    }

    /// Applies the plan while this rule injects faults.
    pub async fn apply<R>(&self, options: ApplyOptions, rule: R) -> RunResult
    where
        R: Fn(usize, &Request) -> Fault + Send + Sync + 'static,
    {
        let client = fast_retry_client(FaultTransport::new(self.server.transport(), rule));
        self.server
            .apply_through(&client, &self.draft, options, Cancel::new())
            .await
    }

    /// Plans and applies again without faults, and checks that the server then equals the files.
    pub async fn assert_rerun_completes(&self) {
        let again = self.server.plan(&self.project, Prune::Nothing).await;
        self.server.apply_well(&again).await;
        self.assert_converged().await;
    }

    /// Checks that no row changes and that nothing exists twice.
    pub async fn assert_converged(&self) {
        let plan = self.server.plan(&self.project, Prune::Nothing).await.plan;
        assert_eq!(changed_rows(&plan), Vec::<String>::new());
        let state = self.server.read(&self.project).await;
        assert_eq!(state.agents.len(), 2, "{:?}", state.agents.keys());
        assert_eq!(state.platforms.len(), 2, "{:?}", state.platforms.keys());
        let rules = self.server.client.rules("works-at").await.unwrap();
        assert_eq!(rules.len(), 2, "{rules:?}");
    }
}

/// Returns the sample project with a change in each row of the agent `desk`.
fn edited() -> Project {
    sample_project_with(&[
        ("name = \"Desk\"", "name = \"Front desk\""),
        ("chatId = \"1\"", "chatId = \"2\""),
        ("claude/sonnet", "claude/opus"),
    ])
}
