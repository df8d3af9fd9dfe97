//! A project with entities and relationships, a server that has them, and the commands run between both in this process.

use std::fs;

use lobuctl::cli::Cli;
use lobuctl::command;
use lobuctl::host::Host;
use serde_json::{Value, json};

use crate::support::project::TempProject;
use crate::support::server::{JsonClient, ListeningServer, listening};

const TOML: &str = "[agents]\n\n[memory]\norg = \"dev\"\nmodels = \"models\"\ndata = \"data\"\n";

const MODELS: &str = "\
type: entity
slug: company
name: Company
---
type: entity
slug: person
name: Person
---
type: relationship
slug: works-at
name: Works at
---
type: relationship
slug: knows
name: Knows
is_symmetric: true
";

/// The data file of the project.
pub const DATA_FILE: &str = "data/all.yaml";

/// The data that the server has at the beginning.
pub const DATA: &str = "\
# our people
entities:
  - { entity_type: company, slug: acme, name: Acme, metadata: { tier: gold } } # the firm
  - { entity_type: person, slug: ada, name: Ada, parent: acme, content: About Ada. }
  - entity_type: person
    slug: bob
    name: Bob # the builder
    metadata:
      size: 3
      town: Rome
relationships:
  - { relationship_type: works-at, from: ada, to: acme, confidence: 0.5 }
  # from school
  - { relationship_type: knows, from: bob, to: ada, metadata: { since: 2020 } }
";

/// A project, and a server that has it.
pub struct DataDesk {
    /// The project.
    pub project: TempProject,
    server: ListeningServer,
}

impl DataDesk {
    /// Applies the project.
    pub async fn open() -> Self {
        let files = [("lobu.toml", TOML), ("models/types.yaml", MODELS), (DATA_FILE, DATA)];
        let desk = Self {
            project: TempProject::new(&files),
            server: listening().await,
        };
        desk.expect("apply --yes", 0).await;
        desk
    }

    /// Writes the data file.
    pub fn declare(&self, data: &str) {
        fs::write(self.project.path().join(DATA_FILE), data).unwrap();
    }

    /// Returns the text of a file of the project.
    pub fn text(&self, file: &str) -> String {
        fs::read_to_string(self.project.path().join(file)).unwrap()
    }

    /// Runs a command. Returns its exit code and what it says on both streams.
    pub async fn run(&self, line: &str) -> (u8, String) {
        self.talk(line, None).await
    }

    /// Runs a command in a terminal in which these lines are typed.
    pub async fn talk(&self, line: &str, typed: Option<&str>) -> (u8, String) {
        let (host, captured) = Host::fake(self.project.path());
        let host = typed.map_or(host.clone(), |typed| host.with_terminal(100, 40, typed));
        let state = self.project.path().join("state").display().to_string();
        let host = host.with_environment([
            ("LOBU_API_TOKEN", self.server.token.as_str()),
            ("LOBU_CONFIG_DIR", "/nonexistent/lobu"),
            ("LOBU_API_URL", self.server.url.as_str()),
            ("XDG_STATE_HOME", state.as_str()),
        ]);
        let words = ["lobuctl", "--color", "never"]
            .into_iter()
            .chain(line.split_whitespace());
        let cli = Cli::parse_from_arguments(words).unwrap();
        let exit = command::run(&cli, host).await;
        (exit.code(), format!("{}{}", captured.stdout(), captured.stderr()))
    }

    /// Runs a command, checks its exit code, and returns what it says.
    pub async fn expect(&self, line: &str, code: u8) -> String {
        let (exit, said) = self.run(line).await;
        assert_eq!(exit, code, "{line}: {said}");
        said
    }

    /// Calls a tool of the server.
    pub async fn call(&self, tool: &str, body: Value) -> Value {
        let client = JsonClient::at(&self.server.url, &self.server.token);
        let reply = client.post(&format!("/api/dev/{tool}"), body).await;
        assert_eq!(reply.status.as_u16(), 200, "{}", reply.body);
        reply.body
    }

    /// Returns the slugs of the entities on the server, without its members.
    pub async fn entities(&self) -> Vec<String> {
        let all = self
            .call("manage_entity", json!({ "action": "list", "limit": 500 }))
            .await;
        let all = all["entities"].as_array().unwrap().iter();
        let own = all.filter(|it| !it["entity_type"].as_str().unwrap().starts_with('$'));
        let mut slugs: Vec<String> = own.map(|it| it["slug"].as_str().unwrap().to_owned()).collect();
        slugs.sort();
        slugs
    }

    /// Returns the id of an entity on the server.
    pub async fn id(&self, slug: &str) -> u64 {
        let all = self
            .call("manage_entity", json!({ "action": "list", "limit": 500 }))
            .await;
        let found = all["entities"].as_array().unwrap().iter().find(|it| it["slug"] == slug);
        found.unwrap()["id"].as_u64().unwrap()
    }

    /// Returns the types of the relationships on the server.
    pub async fn links(&self) -> Vec<String> {
        let body = json!({ "action": "list_all_links", "after_id": 0 });
        let all = self.call("manage_entity", body).await;
        let all = all["relationships"].as_array().unwrap().iter();
        all.map(|it| it["relationship_type_slug"].as_str().unwrap().to_owned())
            .collect()
    }
}
