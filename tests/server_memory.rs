//! What the server remembers: entities and relationships, on SQLite and on PostgreSQL, where it differs from what was
//! recorded or was never recorded.

use lobuctl::server::{Server, ServerOptions, Storage};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::support::server::postgres::TestDatabase;
use crate::support::server::{HttpReply, JsonClient, open};

/// Runs a story on a server in memory, and on one over PostgreSQL where there is one.
pub async fn on_both(purpose: &str, story: impl AsyncFn(&Server, &JsonClient)) {
    let (server, token) = open(ServerOptions::memory()).await;
    story(&server, &JsonClient::new(&server, &token)).await;
    let Some(database) = TestDatabase::create(purpose).await else {
        return;
    };
    let mut options = ServerOptions::new(Storage::Postgres {
        url: database.url.clone(),
    });
    options.encryption_key = Some(SecretString::from("7a".repeat(32)));
    let (server, token) = open(options).await;
    story(&server, &JsonClient::new(&server, &token)).await;
    drop(server);
    database.drop_now().await;
}

async fn entity(client: &JsonClient, body: Value) -> HttpReply {
    client.post("/api/dev/manage_entity", body).await
}

async fn create_types(client: &JsonClient) {
    let schema = json!({
        "type": "object", "required": ["tier"],
        "properties": { "tier": { "enum": ["gold", "silver"] }, "size": { "type": "integer" } },
    });
    for body in [
        json!({ "schema_type": "entity_type", "slug": "company", "name": "Company", "metadata_schema": schema }),
        json!({ "schema_type": "entity_type", "slug": "person", "name": "Person" }),
        json!({ "schema_type": "relationship_type", "slug": "knows", "name": "Knows", "is_symmetric": true }),
        json!({ "schema_type": "relationship_type", "slug": "likes", "name": "Likes" }),
    ] {
        let mut body = body;
        body["action"] = json!("create");
        assert_eq!(client.schema(body).await.status, 200);
    }
}

async fn create(client: &JsonClient, kind: &str, slug: &str, parent: Option<i64>) -> i64 {
    let body = json!({ "action": "create", "entity_type": kind, "name": slug, "slug": slug, "parent_id": parent });
    let reply = entity(client, body).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.body["entity"]["id"].as_i64().unwrap()
}

async fn link(client: &JsonClient, from: i64, to: i64, kind: &str) -> HttpReply {
    let body = json!({ "action": "link", "from_entity_id": from, "to_entity_id": to, "relationship_type_slug": kind });
    entity(client, body).await
}

fn refuses(reply: &HttpReply, words: &str) {
    assert!(
        reply.status == 400 && reply.text.contains(words),
        "{} {}",
        reply.status,
        reply.text
    );
}

#[tokio::test]
async fn metadata_is_checked_and_not_changed_to_fit_and_null_removes_a_key() {
    on_both("memory_metadata", async |_, client| {
        create_types(client).await;
        let body = json!({
            "action": "create", "entity_type": "company", "name": "Acme", "slug": "acme",
            "metadata": { "tier": "gold", "size": 3 }, "enabled_classifiers": ["sentiment"], "content": "About Acme.",
        });
        let made = entity(client, body.clone()).await;
        let id = made.body["entity"]["id"].clone();
        let update = async |metadata: Value| {
            entity(
                client,
                json!({ "action": "update", "entity_id": id, "metadata": metadata }),
            )
            .await
        };
        let known = update(json!({ "tier": "silver", "size": null })).await;
        assert_eq!(known.body["entity"]["metadata"], json!({ "tier": "silver" }));
        refuses(
            &update(json!({ "tier": "silver", "size": "7" })).await,
            "size: must be integer",
        );
        refuses(&update(json!({ "tier": null })).await, "missing required field: tier");
    })
    .await;
}

#[tokio::test]
async fn a_deleted_entity_keeps_its_slug_and_can_be_restored() {
    on_both("memory_restore", async |_, client| {
        create_types(client).await;
        let parent = create(client, "person", "ann", None).await;
        let child = create(client, "person", "child", Some(parent)).await;
        let act = async |action: &str, id: i64| entity(client, json!({ "action": action, "entity_id": id })).await;
        refuses(&act("delete", parent).await, "it has 1 child entities");
        assert_eq!(act("delete", child).await.status, 200);
        assert_eq!(act("delete", parent).await.status, 200);
        let again = json!({ "action": "create", "entity_type": "company", "name": "Ann", "slug": "ann" });
        refuses(&entity(client, again).await, "Entity already exists");
        refuses(&act("restore", child).await, "Parent entity");
        let restored = act("restore", parent).await;
        assert_eq!(restored.body["entity"]["slug"], "ann", "{}", restored.text);
        assert_eq!(act("restore", child).await.status, 200);
        refuses(&act("restore", child).await, "is not deleted");
        let listed = entity(client, json!({ "action": "list", "parent_id": parent })).await;
        assert_eq!(listed.body["entities"][0]["id"], child);
    })
    .await;
}

#[tokio::test]
async fn the_tree_has_ten_levels_and_no_circle() {
    on_both("memory_tree", async |_, client| {
        create_types(client).await;
        let mut ids = vec![create(client, "person", "l1", None).await];
        for level in 2..=10 {
            ids.push(create(client, "person", &format!("l{level}"), ids.last().copied()).await);
        }
        let deeper = json!({ "action": "create", "entity_type": "person", "name": "x", "parent_id": ids[9] });
        refuses(&entity(client, deeper).await, "hierarchy too deep");
        let root = create(client, "person", "root", None).await;
        let moved = async |id: i64, parent: i64| {
            entity(
                client,
                json!({ "action": "update", "entity_id": id, "parent_id": parent }),
            )
            .await
        };
        refuses(&moved(ids[0], root).await, "hierarchy too deep");
        refuses(&moved(ids[0], ids[3]).await, "Circular reference");
        assert_eq!(moved(ids[1], root).await.status, 200);
        let removed = json!({ "action": "delete", "entity_id": root, "force_delete_tree": true });
        assert_eq!(entity(client, removed).await.body["deleted_count"], 10);
    })
    .await;
}

#[tokio::test]
async fn an_organization_sees_and_uses_only_what_is_its_own() {
    on_both("memory_organizations", async |server, client| {
        create_types(client).await;
        server.create_organization("other").await.unwrap();
        let other = client.with_token(server.create_admin_token("other").await.unwrap().expose_secret());
        let ours = (
            create(client, "person", "ann", None).await,
            create(client, "person", "bob", None).await,
        );
        let linked = link(client, ours.0, ours.1, "likes").await.body["relationship"]["id"].clone();
        let theirs = async |body: Value| other.post("/api/other/manage_entity", body).await;
        for action in ["get", "update", "delete", "restore"] {
            let body = json!({ "action": action, "entity_id": ours.0, "name": "x", "slug": "x" });
            refuses(&theirs(body).await, "not found");
        }
        for action in ["update_link", "unlink"] {
            refuses(
                &theirs(json!({ "action": action, "relationship_id": linked })).await,
                "not found",
            );
        }
        let body = json!({ "schema_type": "entity_type", "action": "create", "slug": "thing", "name": "Thing" });
        assert_eq!(other.post("/api/other/manage_entity_schema", body).await.status, 200);
        let below = json!({ "action": "create", "entity_type": "thing", "name": "x", "parent_id": ours.0 });
        refuses(&theirs(below).await, "does not exist");
        for action in ["list", "list_all_links"] {
            let listed = theirs(json!({ "action": action })).await;
            assert!(listed.status == 200 && !listed.text.contains("ann"), "{}", listed.text);
        }
        // A public organization shows its types to everyone, and what it remembers to members only.
        server.set_public("dev", true).await.unwrap();
        let nobody = client
            .with_token("")
            .post("/api/dev/manage_entity", json!({ "action": "list" }))
            .await;
        assert_eq!(nobody.status, 401);
        let seen = theirs(json!({ "action": "get", "entity_id": ours.0 })).await;
        assert_eq!(seen.body["entity"]["slug"], "ann");
    })
    .await;
}

#[tokio::test]
async fn all_relationships_are_listed_in_pages() {
    on_both("memory_links", async |_, client| {
        create_types(client).await;
        let mut people = Vec::new();
        for at in 0..5 {
            people.push(create(client, "person", &format!("p{at}"), None).await);
        }
        for pair in people.windows(2) {
            assert_eq!(link(client, pair[1], pair[0], "knows").await.status, 200);
        }
        refuses(&link(client, people[0], people[1], "knows").await, "already exists");
        let kind = json!({ "schema_type": "entity_type", "action": "delete", "slug": "person" });
        refuses(&client.schema(kind).await, "it has entities");
        let gone = json!({ "action": "delete", "entity_id": people[4] });
        assert_eq!(entity(client, gone).await.status, 200);
        refuses(&link(client, people[0], people[4], "knows").await, "not found");
        let (mut seen, mut after) = (Vec::new(), json!(0));
        loop {
            let body = json!({ "action": "list_all_links", "limit": 2, "after_id": after });
            let page = entity(client, body).await.body;
            let pairs = page["relationships"].as_array().unwrap();
            seen.extend(
                pairs
                    .iter()
                    .map(|each| (each["from_entity_id"].clone(), each["to_entity_id"].clone())),
            );
            after = page["metadata"]["next_after_id"].clone();
            if page["metadata"]["has_more"] == false {
                break;
            }
        }
        let expected: Vec<_> = people[..4]
            .windows(2)
            .map(|pair| (json!(pair[0]), json!(pair[1])))
            .collect();
        assert_eq!(seen, expected, "lower ids first, without those of the deleted entity");
    })
    .await;
}

#[tokio::test]
async fn an_update_of_something_else_than_was_read_is_refused() {
    on_both("memory_revisions", async |server, client| {
        create_types(client).await;
        let id = create(client, "person", "ann", None).await;
        let token = server.create_admin_token("dev").await.unwrap();
        let read = entity(client, json!({ "action": "get", "entity_id": id })).await;
        let revision = read.headers["etag"].to_str().unwrap().to_owned();
        let update = async |slug: &str| {
            let body = json!({ "action": "update", "entity_id": id, "slug": slug });
            let request = axum::http::Request::post("/api/dev/manage_entity")
                .header("authorization", format!("Bearer {}", token.expose_secret()))
                .header("if-match", &revision)
                .body(axum::body::Body::from(body.to_string()));
            crate::support::server::ask(&server.router(), request.unwrap())
                .await
                .status
        };
        assert_eq!(update("ann").await, 200, "nothing changes, nor does the revision");
        assert_eq!(update("anna").await, 200);
        assert_eq!(update("anne").await, 412);
    })
    .await;
}

#[tokio::test]
async fn an_archived_watcher_keeps_its_slug_and_can_be_restored() {
    on_both("memory_watchers", async |_, client| {
        create_types(client).await;
        let ann = create(client, "person", "ann", None).await;
        let watch = async |body: Value| client.post("/api/dev/manage_watchers", body).await;
        let new = json!({
            "action": "create", "slug": "daily", "prompt": "Say {{sources.content}}", "entity_id": ann,
            "extraction_schema": { "type": "object", "properties": {} }, "tags": ["a b", "c"],
        });
        let id = watch(new.clone()).await.body["watcher_id"].clone();
        let act = async |action: &str| watch(json!({ "action": action, "watcher_id": id })).await;
        refuses(&act("trigger").await, "does not run them");
        refuses(&act("restore").await, "is not archived");
        let twice = watch(json!({ "action": "delete", "watcher_ids": [id, id] })).await;
        assert_eq!(
            twice.body["summary"],
            json!({ "total": 2, "successful": 1, "failed": 1 }),
            "{}",
            twice.text
        );
        refuses(&watch(new).await, "already exists");
        assert_eq!(act("restore").await.status, 200);
        let listed = client.get("/api/dev/watchers").await.body["watchers"][0].clone();
        assert_eq!(
            (&listed["slug"], &listed["tags"]),
            (&json!("daily"), &json!("{\"a b\",c}"))
        );
        // A version that is not current does not keep the next one from being made.
        for version in [2, 3] {
            let body = json!({ "action": "create_version", "watcher_id": id, "set_as_current": false });
            assert_eq!(watch(body).await.body["version"], version);
        }
        let gone = json!({ "action": "delete", "entity_id": ann, "force_delete_tree": true });
        refuses(&entity(client, gone).await, "watchers or knowledge belong to it");
    })
    .await;
}

#[tokio::test]
async fn watchers_of_another_organization_are_not_found() {
    on_both("memory_foreign_watchers", async |server, client| {
        create_types(client).await;
        let ann = create(client, "person", "ann", None).await;
        let new = json!({
            "action": "create", "slug": "daily", "prompt": "x", "entity_id": ann,
            "extraction_schema": { "type": "object", "properties": {} },
        });
        let id = client.post("/api/dev/manage_watchers", new).await.body["watcher_id"].clone();
        server.create_organization("other").await.unwrap();
        let other = client.with_token(server.create_admin_token("other").await.unwrap().expose_secret());
        for action in [
            "update",
            "create_version",
            "upgrade",
            "set_reaction_script",
            "get_versions",
            "restore",
        ] {
            let body = json!({ "action": action, "watcher_id": id, "target_version": 1, "tags": [] });
            refuses(&other.post("/api/other/manage_watchers", body).await, "not found");
        }
        let gone = other
            .post(
                "/api/other/manage_watchers",
                json!({ "action": "delete", "watcher_ids": [id] }),
            )
            .await;
        assert_eq!(gone.body["summary"]["successful"], 0);
        let seen = other
            .get(&format!("/api/other/watchers?watcher_id={}", id.as_str().unwrap()))
            .await;
        assert!(
            seen.status == 200 && seen.body.get("watcher").is_none(),
            "{}",
            seen.text
        );
    })
    .await;
}
