//! The endpoint of the Model Context Protocol, as its messages go over the wire. The official clients are in `.ci/mcp`.

use lobuctl::server::{NewToken, Server};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::server::{HttpReply, JsonClient, memory_server};

/// The protocol's version of the recordings.
const VERSION: &str = "2025-03-26";

async fn client(server: &Server, organization: Option<&str>, scope: &str) -> JsonClient {
    let new = NewToken {
        name: "mcp".to_owned(),
        account: "bootstrap-user".to_owned(),
        organization: organization.map(str::to_owned),
        scope: scope.to_owned(),
        expires_at: None,
    };
    JsonClient::new(server, server.create_token(&new).await.unwrap().1.expose_secret())
}

async fn request(client: &JsonClient, method: &str, params: Value) -> HttpReply {
    let mut body = json!({ "jsonrpc": "2.0", "id": 1, "method": method });
    body["params"] = params;
    client.post("/mcp/dev", body).await
}

async fn call(client: &JsonClient, name: &str, arguments: Value) -> (bool, String) {
    let mut params = json!({ "name": name });
    params["arguments"] = arguments;
    let reply = request(client, "tools/call", params).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let result = &reply.body["result"];
    let text = result["content"][0]["text"].as_str().unwrap_or(&reply.text).to_owned();
    (result["isError"] == true, text)
}

#[tokio::test]
async fn the_scope_decides_which_tools_are_offered_and_answered() {
    let (server, _) = memory_server().await;
    for (scope, tools) in [
        ("mcp:read", "search_knowledge list_organizations"),
        (
            "mcp:read mcp:write",
            "search_knowledge save_knowledge list_organizations",
        ),
        (
            "mcp:read mcp:write mcp:admin",
            "search_knowledge save_knowledge list_organizations query_sql",
        ),
    ] {
        let client = client(&server, Some("dev"), scope).await;
        let listed = request(&client, "tools/list", json!({})).await.body;
        let names = listed["result"]["tools"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tool| tool["name"].as_str().unwrap());
        assert_eq!(names.collect::<Vec<_>>().join(" "), tools);
        let saved = call(
            &client,
            "save_knowledge",
            json!({ "content": "Blue.", "semantic_type": "fact" }),
        )
        .await;
        assert_eq!(saved.0, !scope.contains("write"), "{}", saved.1);
        let query = json!({ "sql": "SELECT id FROM entities", "sort_by": "id" });
        assert_eq!(call(&client, "query_sql", query).await.0, !scope.contains("admin"));
    }
}

#[tokio::test]
async fn a_saved_fact_is_found_by_a_request_that_knows_of_no_other() {
    let (server, _) = memory_server().await;
    let writer = client(&server, Some("dev"), "mcp:write").await;
    let params = json!({
        "protocolVersion": VERSION, "capabilities": {}, "clientInfo": { "name": "test", "version": "1" },
    });
    let started = request(&writer, "initialize", params).await;
    assert_eq!(started.body["result"]["protocolVersion"], VERSION, "{}", started.text);
    assert!(started.headers.get("mcp-session-id").is_none());
    let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert_eq!(writer.post("/mcp/dev", ready).await.status, 202);
    let (_, saved) = call(
        &writer,
        "save_knowledge",
        json!({ "content": "Acme likes blue.", "semantic_type": "fact" }),
    )
    .await;
    let saved: Value = serde_json::from_str(&saved).unwrap();
    let reader = client(&server, Some("dev"), "mcp:read").await;
    let (_, found) = call(&reader, "search_knowledge", json!({ "query": "blue" })).await;
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found["content"][0]["id"], saved["id"]);
    for (name, arguments, words) in [
        (
            "manage_entity",
            json!({ "action": "list" }),
            "Tool not found: manage_entity",
        ),
        ("search_knowledge", json!({}), "Must provide either query"),
        (
            "save_knowledge",
            json!({ "content": "a\u{0}b", "semantic_type": "fact" }),
            "U+0000",
        ),
    ] {
        let (failed, text) = call(&writer, name, arguments).await;
        assert!(failed && text.contains(words), "{text}");
    }
}

#[tokio::test]
async fn the_endpoint_checks_the_token_the_verb_and_the_message() {
    let (server, admin) = memory_server().await;
    server.create_organization("other").await.unwrap();
    let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
    let admin = JsonClient::new(&server, &admin);
    let status = async |client: &JsonClient, path: &str| client.post(path, ping.clone()).await.status.as_u16();
    assert_eq!(status(&admin, "/mcp/dev").await, 200);
    assert_eq!(status(&admin, "/mcp/other").await, 403);
    assert_eq!(status(&admin, "/mcp/none").await, 404);
    assert_eq!(status(&admin.with_token("wrong"), "/mcp/dev").await, 401);
    assert_eq!(status(&admin.with_token("wrong"), "/mcp").await, 401);
    let bound = client(&server, Some("dev"), "mcp:read").await;
    let unbound = client(&server, None, "mcp:read").await;
    assert_eq!(
        (status(&bound, "/mcp").await, status(&unbound, "/mcp").await),
        (200, 400)
    );
    assert_eq!(status(&unbound, "/mcp/dev").await, 200);
    assert_eq!(admin.get("/mcp/dev").await.status, 405);
    assert_eq!(admin.delete("/mcp/dev").await.status, 405);
    let broken = admin.post("/mcp/dev", json!({ "id": 1 })).await;
    assert!(broken.status.is_client_error(), "{}", broken.text);
    let unknown = request(&admin, "nope/method", json!({})).await.body;
    assert_eq!(unknown["error"]["code"], -32601);
    let long = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping", "params": { "x": "x".repeat(20_000) } });
    assert_eq!(bound.post("/mcp/dev", long).await.status, 413);
}
