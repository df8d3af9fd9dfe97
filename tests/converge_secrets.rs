//! Secrets that a server does not show: in platforms and in MCP servers they are sent again, and never called a change.

use lobuctl::plan::{ChangeKind, Prune};
use lobuctl::resource::Address;

use crate::support::apply::test_server::{TestServer, changed_rows, drifted_fields, expect_valid};
use crate::support::project::TempProject;

const TOML: &str = r#"
[agents.desk]
name = "Desk"
dir = "."

[agents.desk.skills.mcp.ledger]
url = "https://ledger.example"
env = { API_TOKEN = "LITERAL-one", REGION = "eu" }
headers = { Authorization = "Bearer LITERAL-two" }

[[agents.desk.platforms]]
type = "telegram"
config = { botToken = "1:LITERAL-three", mode = "webhook" }
"#;

fn project(toml: &str) -> TempProject {
    TempProject::new(&[("lobu.toml", toml)])
}

#[tokio::test]
async fn what_is_redacted_is_sent_again_and_is_no_change() {
    let server = TestServer::live().await;
    let original = expect_valid(project(TOML).load());
    server.apply_well(&server.plan(&original, Prune::Nothing).await).await;
    for toml in [TOML.to_owned(), TOML.replace("LITERAL-one", "LITERAL-other")] {
        let project = expect_valid(project(&toml).load());
        let draft = server.plan(&project, Prune::Nothing).await;
        assert_eq!(changed_rows(&draft.plan), Vec::<String>::new());
        assert_eq!(drifted_fields(&draft.plan), Vec::<String>::new());
        let row = draft.plan.row(&Address::settings("desk")).unwrap();
        assert!(row.recheck);
        assert!(
            row.changes
                .iter()
                .all(|change| change.kind == ChangeKind::SecretNotComparable)
        );
        let ran = server.apply_well(&draft).await;
        assert_eq!(
            ran.progress.tally().unchanged,
            2,
            "settings and platform are sent again"
        );
        let said = serde_json::to_string(&(draft.plan, ran.events)).unwrap();
        assert!(!said.contains("LITERAL"), "{said}");
    }
}

#[tokio::test]
async fn what_is_not_secret_beside_a_redacted_value_is_still_compared() {
    let server = TestServer::live().await;
    let original = expect_valid(project(TOML).load());
    server.apply_well(&server.plan(&original, Prune::Nothing).await).await;
    let edited = expect_valid(project(&TOML.replace("\"eu\"", "\"us\"")).load());
    let draft = server.plan(&edited, Prune::Nothing).await;
    assert_eq!(changed_rows(&draft.plan), ["~ settings desk (mcpServers)"]);
    server.apply_well(&draft).await;
    assert_eq!(
        changed_rows(&server.plan(&edited, Prune::Nothing).await.plan),
        Vec::<String>::new()
    );
}

/// A name is stored as it is and shown, so it cannot be what the stars hide.
#[tokio::test]
async fn a_name_in_place_of_a_hidden_secret_is_a_change() {
    let server = TestServer::live().await;
    let original = expect_valid(project(TOML).load());
    server.apply_well(&server.plan(&original, Prune::Nothing).await).await;
    let text = TOML.replace("\"LITERAL-one\"", "\"$API_TOKEN\"");
    let files = TempProject::new(&[("lobu.toml", text.as_str()), (".env", "API_TOKEN=of-the-environment\n")]);
    let named = expect_valid(files.load());
    let draft = server.plan(&named, Prune::Nothing).await;
    assert_eq!(changed_rows(&draft.plan), ["~ settings desk (mcpServers)"]);
    server.apply_well(&draft).await;
    assert_eq!(
        changed_rows(&server.plan(&named, Prune::Nothing).await.plan),
        Vec::<String>::new()
    );
}
