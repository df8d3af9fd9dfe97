//! The routes that the client uses, in the order it uses them, against a server in memory.

use axum::body::Body;
use axum::http::Request;
use lobuctl::wire::agent::{AgentList, CONFIG_PROOF_KEYS, WireAgent};
use lobuctl::wire::platform::{PlatformList, UpsertReply};
use lobuctl::wire::schema::{WireEntityType, WireRelationshipType, WireRule};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::support::server::{JsonClient, ask, memory_server};

#[tokio::test]
async fn an_agent_its_settings_and_its_platforms() {
    let (server, token) = memory_server().await;
    let client = JsonClient::new(&server, &token);
    let agent = json!({ "agentId": "triage", "name": "Triage" });
    assert_eq!(client.post("/api/dev/agents", agent.clone()).await.status, 201);
    assert_eq!(client.post("/api/dev/agents", agent).await.status, 200);
    let config = client.get("/api/dev/agents/triage/config").await;
    assert_eq!(
        config.body["mcpServers"],
        json!({ "owletto": { "url": "http://localhost/mcp/dev" } })
    );

    let change = json!({ "soulMd": "soul", "networkConfig": { "allowedDomains": ["a.com"] } });
    assert_eq!(
        client.patch("/api/dev/agents/triage/config", change).await.body,
        json!({ "success": true })
    );
    client
        .patch("/api/dev/agents/triage/config", json!({ "soulMd": null }))
        .await;
    let config = client.get("/api/dev/agents/triage/config").await.body;
    assert_eq!(
        (&config["soulMd"], &config["networkConfig"]["allowedDomains"]),
        (&json!(""), &json!(["a.com"]))
    );

    let path = "/api/dev/agents/triage/platforms/by-stable-id/triage-telegram";
    let body = json!({ "platform": "telegram", "config": { "botToken": "123:SECRETTOKEN", "chatId": "1" } });
    let created = client.put(path, body.clone()).await;
    assert_eq!(created.status, 201);
    assert_eq!(created.body["platform"]["config"]["botToken"], "***OKEN");
    assert_eq!(created.body["platform"]["status"], "active");
    let again = client.put(path, body).await;
    assert_eq!((again.status.as_u16(), &again.body["noop"]), (200, &json!(true)));
    let changed = json!({ "platform": "telegram", "config": { "botToken": "***OKEN", "chatId": "2" } });
    let changed = client.put(path, changed).await;
    assert_eq!(
        (&changed.body["updated"], &changed.body["willRestart"]),
        (&json!(true), &json!(true))
    );
    let list = client.get("/api/dev/agents/triage/platforms").await;
    assert_eq!(list.body["platforms"][0]["config"]["chatId"], "2");
    assert!(!list.text.contains("SECRETTOKEN"));
    let agents = client.get("/api/dev/agents").await.body;
    assert_eq!(
        (&agents["agents"][0]["connectionCount"], &agents["agents"][0]["status"]),
        (&json!(1), &json!("active"))
    );
    assert_eq!(client.delete("/api/dev/agents/triage").await.status, 200);
    assert_eq!(
        client
            .get("/api/dev/agents/triage/platforms/triage-telegram")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn types_and_rules() {
    let (server, token) = memory_server().await;
    let client = JsonClient::new(&server, &token);
    let create = json!({ "schema_type": "entity_type", "action": "create", "slug": "Support_Ticket", "name": "Ticket",
        "metadata_schema": { "properties": { "a": { "type": "string" } } } });
    let created = client.schema(create.clone()).await;
    assert_eq!(
        (created.status.as_u16(), &created.body["entity_type"]["slug"]),
        (200, &json!("support-ticket"))
    );
    assert_eq!(client.schema(create).await.status, 400);
    let delete = json!({ "schema_type": "entity_type", "action": "delete", "slug": "support-ticket" });
    assert_eq!(client.schema(delete).await.status, 200);

    let relation = |action: &str| {
        json!({ "schema_type": "relationship_type", "action": action, "slug": "knows",
        "name": "Knows", "source_entity_type_slug": "a", "target_entity_type_slug": "b" })
    };
    for round in 0..3 {
        assert_eq!(client.schema(relation("create")).await.status, 200, "round {round}");
        assert_eq!(client.schema(relation("add_rule")).await.status, 200);
        assert_eq!(client.schema(relation("add_rule")).await.status, 400);
        let rules = client.schema(relation("list_rules")).await.body;
        assert_eq!(rules["rules"].as_array().unwrap().len(), 1);
        assert_eq!(client.schema(relation("delete")).await.status, 200);
    }
    let audit = client.get("/api/dev/audit?limit=2").await.body;
    assert_eq!(audit["events"][0]["action"], "relationship-type.delete");
    assert_eq!(audit["events"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_needs_no_credentials() {
    let (server, _token) = memory_server().await;
    let get = async |path: &str| {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        ask(&server.router(), request).await
    };
    let health = get("/health").await.body;
    assert_eq!(
        (&health["status"], &health["service"]),
        (&json!("ok"), &json!("owletto-api"))
    );
    assert_eq!(get("/health/ready").await.body["database"], "ok");
    assert_eq!(get("/api/health").await.body["service"], "user-research-mcp");
    assert_eq!(
        get("/api/features").await.body,
        json!({ "agents": true, "lobuEmbedded": true })
    );
    assert_eq!(get("/api/auth-config").await.body["emailPassword"], false);
    assert!(get("/.well-known/oauth-protected-resource").await.body["authorization_servers"].is_array());
    assert!(get("/.well-known/oauth-authorization-server").await.body["issuer"].is_string());
    assert!(get("/openapi.json").await.body["paths"].is_object());
    assert_eq!(get("/api/agents/platforms/slack").await.body["name"], "Slack");
    assert_eq!(get("/api/organizations").await.body, json!({ "organizations": [] }));
    assert_eq!(get("/api/dev/public/agents").await.status, 404);
    server.set_public("dev", true).await.unwrap();
    assert_eq!(get("/api/organizations").await.body["organizations"][0]["slug"], "dev");
    assert_eq!(get("/api/dev/public/agents").await.body, json!({ "agents": [] }));
    assert_eq!(
        get("/api/dev/public/organization").await.body["organization"]["slug"],
        "dev"
    );
    assert_eq!(get("/nowhere").await.status, 404);
}

#[tokio::test]
async fn lists_organizations() {
    let (server, token) = memory_server().await;
    server.create_organization("team").await.unwrap();
    assert!(server.create_organization("team").await.is_err());
    assert!(
        server.create_organization("agents").await.is_err(),
        "the name of a route"
    );
    let client = JsonClient::new(&server, &token);
    let list = client.post("/api/dev/list_organizations", json!({})).await.body;
    assert_eq!(
        list,
        json!([
            { "slug": "dev", "name": "dev", "is_member": true, "is_current": true, "visibility": "private" },
            { "slug": "team", "name": "team", "is_member": true, "is_current": false, "visibility": "private" },
        ])
    );
    let resolved = client
        .post("/api/dev/resolve_path", json!({ "path": "/dev" }))
        .await
        .body;
    assert_eq!(
        (&resolved["workspace"]["slug"], &resolved["workspace"]["type"]),
        (&json!("dev"), &json!("organization"))
    );
    assert_eq!(
        client
            .post("/api/dev/resolve_path", json!({ "path": "/nope" }))
            .await
            .status,
        400
    );
}

fn reads<T: DeserializeOwned>(body: &Value) -> T {
    serde_json::from_value(body.clone()).unwrap()
}

#[tokio::test]
async fn answers_have_the_shapes_that_the_client_reads() {
    let (server, token) = memory_server().await;
    let client = JsonClient::new(&server, &token);
    let created = client
        .post(
            "/api/dev/agents",
            json!({ "agentId": "abc", "name": "x", "description": "" }),
        )
        .await;
    assert_eq!(reads::<WireAgent>(&created.body).fields["description"], "");
    assert_eq!(
        reads::<AgentList>(&client.get("/api/dev/agents").await.body).agents[0]
            .agent
            .agent_id,
        "abc"
    );
    let config = client.get("/api/dev/agents/abc/config").await.body;
    assert!(CONFIG_PROOF_KEYS.iter().all(|key| config.get(key).is_some()));
    let path = "/api/dev/agents/abc/platforms/by-stable-id/abc-teams";
    let body = json!({ "platform": "teams", "config": { "appId": "a", "appPassword": "b" } });
    let reply: UpsertReply = reads(&client.put(path, body.clone()).await.body);
    assert!(!reply.noop && !reply.updated && reply.platform.status == "active");
    assert!(reads::<UpsertReply>(&client.put(path, body).await.body).noop);
    let list: PlatformList = reads(&client.get("/api/dev/agents/abc/platforms").await.body);
    assert_eq!(list.platforms[0].agent_id.as_deref(), Some("abc"));
    let call = |kind: &str, action: &str| {
        json!({ "schema_type": kind, "action": action, "slug": "thing", "name": "Thing", "is_symmetric": true,
            "auto_create_when": [{ "targetField": "email" }], "source_entity_type_slug": "a", "target_entity_type_slug": "b" })
    };
    let entity = client.schema(call("entity_type", "create")).await.body;
    assert!(!reads::<WireEntityType>(&entity["entity_type"]).is_system);
    client.schema(call("relationship_type", "create")).await;
    let got = client.schema(call("relationship_type", "get")).await.body;
    let relation: WireRelationshipType = reads(&got["relationship_type"]);
    assert!(relation.fields["is_symmetric"] == true && relation.fields["metadata"]["autoCreateWhen"].is_array());
    client.schema(call("relationship_type", "add_rule")).await;
    let rules = client.schema(call("relationship_type", "list_rules")).await.body;
    assert_eq!(reads::<Vec<WireRule>>(&rules["rules"])[0].target_entity_type_slug, "b");
}

#[tokio::test]
async fn refuses_a_fifth_table_column_on_create_and_on_update() {
    let (server, token) = memory_server().await;
    let client = JsonClient::new(&server, &token);
    let call = |action: &str, columns: usize| {
        let shown = |n| (format!("field{n}"), json!({ "type": "string", "x-table-column": true }));
        let properties: serde_json::Map<String, serde_json::Value> = (0..columns).map(shown).collect();
        json!({ "schema_type": "entity_type", "action": action, "slug": "deal", "name": "Deal",
            "metadata_schema": { "properties": properties } })
    };
    for action in ["create", "update"] {
        let refused = client.schema(call(action, 5)).await;
        assert_eq!(refused.status, 400, "{action}");
        assert_eq!(
            refused.body["error"],
            "At most 4 metadata fields can have x-table-column=true."
        );
        let accepted = client.schema(call(action, 4)).await;
        assert_eq!(accepted.status, 200, "{action}: {}", accepted.text);
    }
}
