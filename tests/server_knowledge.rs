//! Saving knowledge and finding it again, and the one query, on SQLite and on PostgreSQL.

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::server_memory::on_both;
use crate::support::server::{HttpReply, JsonClient};

async fn save(client: &JsonClient, content: &str, more: Value) -> HttpReply {
    let mut body = json!({ "content": content, "semantic_type": "fact" });
    if let Value::Object(more) = more {
        body.as_object_mut().unwrap().extend(more);
    }
    client.post("/api/dev/save_knowledge", body).await
}

async fn found(client: &JsonClient, query: &str) -> Vec<String> {
    let reply = client.get(&format!("/api/dev/knowledge/search?{query}")).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let content = reply.body["content"].as_array().unwrap();
    content
        .iter()
        .map(|each| each["text_content"].as_str().unwrap().to_owned())
        .collect()
}

async fn entity(client: &JsonClient) -> Value {
    let kind = json!({
        "schema_type": "entity_type", "action": "create", "slug": "deal", "name": "Deal", "event_kinds": { "stage": {} },
    });
    assert_eq!(client.schema(kind).await.status, 200);
    let body = json!({
        "action": "create", "entity_type": "deal", "name": "Zephyr Ltd", "slug": "zephyr", "content": "About it.",
        "enabled_classifiers": ["a b", "c"],
    });
    client.post("/api/dev/manage_entity", body).await.body["entity"]["id"].clone()
}

#[tokio::test]
async fn any_word_finds_and_the_best_comes_first() {
    on_both("knowledge_words", async |server, client| {
        let deal = entity(client).await;
        for (content, more) in [
            ("The Zephyr renewal closes in May.", json!({ "entity_ids": [deal] })),
            ("It closes in July, says M\u{fc}ller@example.com.", json!({})),
            ("Nothing of it.", json!({ "title": "Zephyr renewal" })),
            ("to stage 2", json!({ "semantic_type": "stage", "entity_ids": [deal] })),
        ] {
            assert_eq!(save(client, content, more).await.status, 200);
        }
        let both = found(client, "query=zephyr%20RENEWAL").await;
        assert_eq!(both[0], "Nothing of it.", "words of the title count more");
        assert_eq!(both.len(), 2);
        assert_eq!(found(client, "query=renewal%20closes").await.len(), 3);
        assert_eq!(found(client, "query=m%C3%BCller").await.len(), 1);
        assert_eq!(found(client, "query=example").await.len(), 1, "an address has words");
        assert_eq!(found(client, "query=renew").await.len(), 0, "words are whole");
        for odd in [
            "query=%22%22%22",
            "query=NEAR(",
            "query=a%20AND%20NOT%20b",
            "query=%27%20%7C%20%26",
        ] {
            found(client, odd).await;
        }
        let filter = format!("query=zephyr%20stage&entity_id={deal}");
        assert_eq!(found(client, &filter).await.len(), 2);
        assert_eq!(
            found(client, &format!("{filter}&semantic_type=stage")).await,
            ["to stage 2"]
        );
        let page = client
            .get("/api/dev/knowledge/search?query=zephyr%20closes%20stage&limit=2&offset=1")
            .await
            .body;
        assert_eq!((&page["total"], &page["page"]["has_more"]), (&json!(4), &json!(true)));
        assert_eq!(page["content"].as_array().unwrap().len(), 2);
        server.create_organization("other").await.unwrap();
        let other = client.with_token(server.create_admin_token("other").await.unwrap().expose_secret());
        for query in ["knowledge/search?query=zephyr", "knowledge/search?query=stage"] {
            assert_eq!(other.get(&format!("/api/other/{query}")).await.body["total"], 0);
        }
        let stolen = json!({ "content": "x", "semantic_type": "fact", "entity_ids": [deal] });
        assert_eq!(other.post("/api/other/save_knowledge", stolen).await.status, 400);
        let tree = json!({ "action": "delete", "entity_id": deal, "force_delete_tree": true });
        assert_eq!(client.post("/api/dev/manage_entity", tree).await.status, 400);
    })
    .await;
}

#[tokio::test]
async fn what_was_superseded_is_not_found_again() {
    on_both("knowledge_supersede", async |_, client| {
        let older = save(client, "It closes in May.", json!({})).await.body["id"].clone();
        let newer = save(client, "It closes in June.", json!({ "supersedes_event_id": older })).await;
        assert_eq!(newer.status, 200, "{}", newer.text);
        let again = save(client, "x", json!({ "supersedes_event_id": older })).await;
        assert!(again.text.contains("already superseded by event"), "{}", again.text);
        assert_eq!(found(client, "query=closes").await, ["It closes in June."]);
        let all = client.post("/api/dev/read_knowledge", json!({})).await.body;
        assert_eq!(
            (&all["total"], &all["content"][0]["supersedes_event_id"]),
            (&json!(1), &older)
        );
    })
    .await;
}

#[tokio::test]
async fn one_query_reads_what_no_list_has() {
    on_both("knowledge_query", async |_, client| {
        let deal = entity(client).await;
        let deleted = json!({ "action": "delete", "entity_id": deal });
        let sql = "SELECT id, slug, content, enabled_classifiers, deleted_at FROM entities";
        let ask = async |sql: &str, sort_by: &str| {
            let body = json!({ "sql": sql, "sort_by": sort_by, "limit": 10 });
            client.post("/api/dev/query_sql", body).await.body
        };
        let before = ask(sql, "id").await;
        let expected = json!({
            "id": deal, "slug": "zephyr", "content": "About it.", "enabled_classifiers": "{\"a b\",c}", "deleted_at": null,
        });
        assert_eq!(before["rows"], json!([expected]));
        assert_eq!(client.post("/api/dev/manage_entity", deleted).await.status, 200);
        let after = ask(sql, "slug").await;
        assert!(after["rows"][0]["deleted_at"].is_string() && after["total_count"] == 1, "{after}");
        for (sql, sort_by) in [("DELETE FROM entity", "id"), (sql, "content"), (sql, "name"), (sql, "id; DROP TABLE x")] {
            let refused = ask(sql, sort_by).await;
            assert!(refused["error"].is_string() && refused["rows"] == json!([]), "{refused}");
        }
        assert_eq!(ask("SELECT * FROM watchers", "updated_at").await["total_count"], 0);
    })
    .await;
}
