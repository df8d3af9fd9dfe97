//! The routes that the client uses, in the order it uses them, against a server in memory.

use serde_json::json;

use crate::support::server::{Client, memory_server};

#[tokio::test]
async fn an_agent_its_settings_and_its_platforms() {
    let (server, token) = memory_server().await;
    let client = Client::new(&server, &token);
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
    let client = Client::new(&server, &token);
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
