//! The endpoint of the Model Context Protocol, as its messages go over the wire. The official clients are in `.ci/mcp`.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Request};
use lobuctl::server::{NewToken, Server};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::server::{HttpReply, JsonClient, ask, memory_server};

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

/// Sends a message with a further header.
async fn with_header(server: &Server, token: &str, header: (&str, &str), message: &Value) -> HttpReply {
    let request = Request::builder().method("POST").uri("/mcp/dev");
    let request = request.header("authorization", format!("Bearer {token}"));
    let mut request = request.body(Body::from(message.to_string())).unwrap();
    let kind = HeaderValue::from_static("application/json");
    request.headers_mut().insert("content-type", kind);
    let name: HeaderName = header.0.parse().unwrap();
    request.headers_mut().insert(name, header.1.parse().unwrap());
    ask(&server.router(), request).await
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_in_the_form_of_the_protocol() {
    let (server, token) = memory_server().await;
    let admin = JsonClient::new(&server, &token);
    let ping = json!({ "jsonrpc": "2.0", "id": 7, "method": "ping" });
    let error = |reply: &HttpReply| {
        assert_eq!(reply.body["jsonrpc"], "2.0", "{}", reply.text);
        (reply.status.as_u16(), reply.body["error"]["code"].as_i64().unwrap())
    };
    for method in ["GET", "PUT", "PATCH", "DELETE"] {
        let reply = admin.send(method, "/mcp/dev", Some(ping.clone())).await;
        assert_eq!(error(&reply), (405, -32000));
        assert_eq!(reply.headers["allow"], "POST");
    }
    assert_eq!(admin.send("OPTIONS", "/mcp/dev", None).await.status, 204);
    let nothing = with_header(&server, &token, ("content-type", "text/plain"), &ping).await;
    assert_eq!(error(&nothing), (415, -32000));
    let batch = admin.post("/mcp/dev", json!([ping])).await;
    assert_eq!(error(&batch), (400, -32600));
    let nameless = request(&admin, "tools/call", json!({ "arguments": {} })).await;
    assert_eq!((error(&nameless), &nameless.body["id"]), ((200, -32602), &json!(1)));
    // The library says this one in plain text.
    let future = with_header(&server, &token, ("mcp-protocol-version", "1999-01-01"), &ping).await;
    assert_eq!((error(&future), &future.body["id"]), ((400, -32600), &json!(7)));
    assert!(future.text.contains("1999-01-01"), "{}", future.text);

    let agent = ("x-owletto-agent-id", "triage");
    let unknown = with_header(&server, &token, agent, &ping).await;
    assert_eq!((error(&unknown), &unknown.body["id"]), ((400, -32000), &json!(7)));
    assert!(
        unknown.text.contains("Agent 'triage' was not found"),
        "{}",
        unknown.text
    );
    let body = json!({ "agentId": "triage", "name": "Triage" });
    assert_eq!(admin.post("/api/dev/agents", body).await.status, 201);
    assert_eq!(with_header(&server, &token, agent, &ping).await.status, 200);
}

#[tokio::test]
async fn a_call_that_was_denied_is_in_the_audit() {
    let (server, token) = memory_server().await;
    let reader = client(&server, Some("dev"), "mcp:read").await;
    let fact = json!({ "content": "SECRET plans.", "semantic_type": "fact" });
    let query = json!({ "sql": "SELECT id FROM entities", "sort_by": "id" });
    for (name, arguments, denied) in [
        ("save_knowledge", fact, true),
        ("query_sql", query, true),
        // Refused for what they ask, and not for who asks.
        ("search_knowledge", json!({}), false),
        ("nope", json!({}), false),
    ] {
        assert!(call(&reader, name, arguments).await.0);
        let admin = JsonClient::new(&server, &token);
        let audit = admin.get("/api/dev/audit?action=access.denied&limit=1").await;
        let newest = &audit.body["events"][0];
        assert_eq!(newest["target"] == format!("MCP {name}"), denied, "{}", audit.text);
        assert!(newest["actor"]["tokenId"].is_string() && newest["requestId"].is_string());
        assert!(!audit.text.contains("SECRET"));
    }
    // As over REST, a flood fills no disk.
    for _ in 0..30 {
        call(&reader, "save_knowledge", json!({})).await;
    }
    let audit = JsonClient::new(&server, &token)
        .get("/api/dev/audit?action=access.denied")
        .await;
    assert!(audit.body["events"].as_array().unwrap().len() <= 40, "{}", audit.text);
}

#[tokio::test]
async fn the_instructions_tell_the_types_of_the_organization() {
    let (server, token) = memory_server().await;
    let admin = JsonClient::new(&server, &token);
    let started = async || {
        let info = json!({ "name": "test", "version": "1" });
        let params = json!({ "protocolVersion": VERSION, "capabilities": {}, "clientInfo": info });
        let body = request(&admin, "initialize", params).await.body;
        body["result"]["instructions"].as_str().unwrap().to_owned()
    };
    assert!(!started().await.contains("types"));
    let schema = json!({ "type": "object", "properties": { "tier": { "type": "string" } } });
    let body = json!({
        "schema_type": "entity_type", "action": "create", "slug": "company", "name": "Company", "metadata_schema": schema,
    });
    admin.schema(body).await;
    let body = json!({ "action": "create", "entity_type": "company", "name": "Acme" });
    admin.post("/api/dev/manage_entity", body).await;
    let told = started().await;
    assert!(
        told.ends_with("\n- company (\"Company\"): 1 entity; fields: tier"),
        "{told}"
    );
    server.create_organization("other").await.unwrap();
    let names = async |search: &str| call(&admin, "list_organizations", json!({ "search": search })).await.1;
    let found: Value = serde_json::from_str(&names("DE").await).unwrap();
    assert_eq!((found.as_array().unwrap().len(), &found[0]["slug"]), (1, &json!("dev")));
    assert_eq!(names("nothing").await, "[]");
}
