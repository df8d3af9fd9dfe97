//! What the server counts of the memory, and the pages of its watchers: on SQLite and on PostgreSQL.

use serde_json::{Value, json};

use crate::server_memory::on_both;
use crate::support::server::JsonClient;

async fn post(client: &JsonClient, tool: &str, body: Value) -> Value {
    let reply = client.post(&format!("/api/dev/{tool}"), body).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.body
}

async fn create_type(client: &JsonClient, kind: &str, slug: &str) {
    let body = json!({ "schema_type": kind, "action": "create", "slug": slug, "name": slug });
    post(client, "manage_entity_schema", body).await;
}

async fn create(client: &JsonClient, slug: &str) -> Value {
    let body = json!({ "action": "create", "entity_type": "thing", "name": slug, "slug": slug });
    post(client, "manage_entity", body).await["entity"]["id"].clone()
}

/// Returns the counts of the types `thing` and `near`, as a list of each kind has them.
async fn counts(client: &JsonClient) -> (Value, Value) {
    let list = async |kind: &str, key: &str, slug: &str, count: &str| {
        let body = json!({ "schema_type": kind, "action": "list" });
        let body = post(client, "manage_entity_schema", body).await;
        let all = body[key].as_array().unwrap();
        all.iter().find(|each| each["slug"] == slug).unwrap()[count].clone()
    };
    (
        list("entity_type", "entity_types", "thing", "entity_count").await,
        list("relationship_type", "relationship_types", "near", "relationship_count").await,
    )
}

#[tokio::test]
async fn types_tell_how_many_entities_and_relationships_there_are() {
    on_both("memory_counts", async |server, client| {
        create_type(client, "entity_type", "thing").await;
        create_type(client, "relationship_type", "near").await;
        assert_eq!(counts(client).await, (json!(0), json!(0)));
        let (a, b, c) = (
            create(client, "a").await,
            create(client, "b").await,
            create(client, "c").await,
        );
        for to in [&b, &c] {
            let body = json!({
                "action": "link", "from_entity_id": a, "to_entity_id": to, "relationship_type_slug": "near",
            });
            post(client, "manage_entity", body).await;
        }
        assert_eq!(counts(client).await, (json!(3), json!(2)));
        let got = json!({ "schema_type": "entity_type", "action": "get", "slug": "thing" });
        assert_eq!(
            post(client, "manage_entity_schema", got.clone()).await["entity_type"]["entity_count"],
            3
        );
        let renamed = json!({ "schema_type": "entity_type", "action": "update", "slug": "thing", "name": "Thing" });
        assert_eq!(
            post(client, "manage_entity_schema", renamed).await["entity_type"]["entity_count"],
            3
        );
        // What belongs to a deleted entity does not count, and counts again once it is restored.
        post(client, "manage_entity", json!({ "action": "delete", "entity_id": c })).await;
        assert_eq!(counts(client).await, (json!(2), json!(1)));
        post(client, "manage_entity", json!({ "action": "restore", "entity_id": c })).await;
        assert_eq!(counts(client).await, (json!(3), json!(2)));

        // Types of a public organization are public, and what it remembers is not.
        server.set_public("dev", true).await.unwrap();
        let visitor = client.with_token("");
        assert_eq!(counts(&visitor).await, (json!(0), json!(0)));
        let seen = post(&visitor, "manage_entity_schema", got).await;
        assert_eq!(seen["entity_type"]["entity_count"], 0);
        server.create_organization("other").await.unwrap();
        let other = secrecy::ExposeSecret::expose_secret(&server.create_admin_token("other").await.unwrap()).to_owned();
        let body = json!({ "schema_type": "entity_type", "action": "list" });
        let listed = client
            .with_token(&other)
            .post("/api/other/manage_entity_schema", body)
            .await;
        let thing = &listed.body["entity_types"][0];
        assert_eq!((&thing["slug"], &thing["entity_count"]), (&json!("thing"), &json!(0)));
    })
    .await;
}

async fn watch(client: &JsonClient, slug: &str, entity: &Value) -> Value {
    let schema = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
    let body = json!({
        "action": "create", "slug": slug, "entity_id": entity, "prompt": "Look.", "extraction_schema": schema,
    });
    post(client, "manage_watchers", body).await["watcher_id"].clone()
}

#[tokio::test]
async fn the_description_of_a_watcher_tells_what_is_known_of_its_entity() {
    on_both("memory_content", async |_, client| {
        create_type(client, "entity_type", "thing").await;
        let entity = create(client, "a").await;
        let id = watch(client, "w", &entity).await;
        let describe = async || {
            let path = format!("/api/dev/watchers?watcher_id={}", id.as_str().unwrap());
            let context = client.get(&path).await.body["entity_context"].clone();
            (context["total_content"].clone(), context["latest_content_date"].clone())
        };
        assert_eq!(describe().await, (json!(0), json!(null)));
        let mut older = None;
        for day in [3, 1, 2] {
            let body = json!({
                "content": "x", "semantic_type": "fact", "entity_ids": [entity], "supersedes_event_id": older,
                "occurred_at": format!("2026-01-0{day}T00:00:00Z"),
            });
            let saved = post(client, "save_knowledge", body).await;
            // The second one replaces the first, which does not count any more.
            older = (day == 3).then(|| saved["id"].clone());
        }
        assert_eq!(describe().await, (json!(2), json!("2026-01-02T00:00:00.000Z")));
    })
    .await;
}

/// Lists watchers with these arguments. Returns their slugs and what the page says about itself.
async fn page(client: &JsonClient, arguments: Value) -> (String, Value) {
    let body = post(client, "list_watchers", arguments).await;
    let watchers = body["watchers"].as_array().unwrap().iter();
    let slugs: Vec<&str> = watchers.map(|watcher| watcher["slug"].as_str().unwrap()).collect();
    (slugs.join(" "), body["metadata"].clone())
}

#[tokio::test]
async fn watchers_come_in_pages_for_those_who_ask_and_by_slug() {
    on_both("memory_watcher_pages", async |_, client| {
        create_type(client, "entity_type", "thing").await;
        let entity = create(client, "a").await;
        for slug in ["one", "two", "three", "four", "five"] {
            watch(client, slug, &entity).await;
        }
        assert_eq!(
            page(client, json!({})).await,
            ("five four three two one".to_owned(), json!(null))
        );
        let mut arguments = json!({ "limit": 2 });
        let mut seen = Vec::new();
        loop {
            let (slugs, metadata) = page(client, arguments.clone()).await;
            seen.push(slugs);
            assert_eq!(
                metadata["has_more"] == true,
                metadata["next_before_id"].is_i64(),
                "{metadata}"
            );
            if metadata["has_more"] == false {
                break;
            }
            arguments["before_id"] = metadata["next_before_id"].clone();
            // What is created or archived meanwhile shifts no page.
            if seen.len() == 1 {
                watch(client, "six", &entity).await;
                let body = post(client, "list_watchers", json!({ "slug": "four" })).await;
                let ids = json!([body["watchers"][0]["watcher_id"]]);
                post(
                    client,
                    "manage_watchers",
                    json!({ "action": "delete", "watcher_ids": ids }),
                )
                .await;
            }
        }
        assert_eq!(seen, ["five four", "three two", "one"]);
        assert_eq!(page(client, json!({ "slug": "two" })).await.0, "two");
        assert_eq!(page(client, json!({ "slug": "four" })).await.0, "");
        assert_eq!(
            page(client, json!({ "slug": "four", "status": "archived" })).await.0,
            "four"
        );
        let by_query = client.get("/api/dev/watchers?limit=1&slug=one").await.body;
        assert_eq!(by_query["metadata"]["has_more"], false);
    })
    .await;
}
