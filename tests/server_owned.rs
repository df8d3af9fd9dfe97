//! What a server adds by itself never shows as a change, and every write keeps it.

use lobuctl::plan::Prune;
use lobuctl::resource::{Address, Resource, field};
use serde_json::{Value, json};

use crate::support::apply::test_server::{TestServer, changed_rows, drifted_fields, expect_valid};
use crate::support::project::TempProject;

const PLAIN: &str = "[agents.desk]\nname = \"Desk\"\ndir = \".\"\n";
const TOOLS: &str = "[agents.desk.tools]\npre_approved = [\"/mcp/linear/tools/search\"]\n\
                     [agents.desk.skills.mcp.linear]\nurl = \"https://mcp.example\"\n";

async fn field_of(server: &TestServer, name: &str) -> Value {
    match server.client.read(&Address::settings("desk")).await.unwrap() {
        Some(Resource::Settings(settings)) => settings.get(name).cloned().unwrap_or_default(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn servers_and_tools_that_a_server_gives_every_agent_are_its_own() {
    let server = TestServer::stored().await;
    let plain = expect_valid(TempProject::new(&[("lobu.toml", PLAIN)]).load());
    server.apply_well(&server.plan(&plain, Prune::Nothing).await).await;
    let given = json!({
        "mcpServers": {"lobu-memory": {"url": "https://lobu.example/mcp/dev", "type": "streamable-http"}},
        "preApprovedTools": ["/mcp/lobu-memory/tools/*"],
    });
    server
        .client
        .patch_settings("desk", given.as_object().unwrap(), 0)
        .await
        .unwrap();
    for prune in [Prune::Nothing, Prune::Everything] {
        let draft = server.plan(&plain, prune).await;
        assert_eq!(changed_rows(&draft.plan), Vec::<String>::new());
        assert_eq!(drifted_fields(&draft.plan), Vec::<String>::new());
    }
    let with_tools = expect_valid(TempProject::new(&[("lobu.toml", format!("{PLAIN}{TOOLS}"))]).load());
    let draft = server.plan(&with_tools, Prune::Nothing).await;
    assert_eq!(
        changed_rows(&draft.plan),
        ["~ settings desk (preApprovedTools, mcpServers)"]
    );
    server.apply_well(&draft).await;
    assert_eq!(
        changed_rows(&server.plan(&with_tools, Prune::Everything).await.plan),
        Vec::<String>::new()
    );
    let tools = field_of(&server, field::PRE_APPROVED).await;
    assert_eq!(tools, json!(["/mcp/linear/tools/search", "/mcp/lobu-memory/tools/*"]));
    assert!(field_of(&server, field::MCP_SERVERS).await.get("lobu-memory").is_some());
    // Cleared: ours goes, the server's own stays.
    let pruning = server.plan(&plain, Prune::Everything).await;
    server.apply_well(&pruning).await;
    assert_eq!(
        field_of(&server, field::PRE_APPROVED).await,
        json!(["/mcp/lobu-memory/tools/*"])
    );
}
