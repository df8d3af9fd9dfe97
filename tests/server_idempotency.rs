//! `Idempotency-Key` on creates: a repeated request receives the first answer and creates nothing more.

use axum::body::Body;
use axum::http::Request;
use lobuctl::server::{Server, ServerOptions, Storage};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::support::server::postgres::TestDatabase;
use crate::support::server::{HttpReply, ask, memory_server, open};

const AGENTS: &str = "/api/dev/agents";
const SCHEMA: &str = "/api/dev/manage_entity_schema";

async fn post(server: &Server, token: &str, path: &str, key: &str, body: &Value) -> HttpReply {
    let request = Request::post(path)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .header("idempotency-key", key)
        .body(Body::from(body.to_string()))
        .unwrap();
    ask(&server.router(), request).await
}

fn agent(id: &str) -> Value {
    json!({ "agentId": id, "name": "x" })
}

fn creates() -> [(&'static str, Value, Value); 3] {
    let schema =
        |kind: &str, name: &str| json!({ "schema_type": kind, "action": "create", "slug": "ticket", "name": name });
    [
        (AGENTS, agent("abc"), agent("abd")),
        (SCHEMA, schema("entity_type", "Ticket"), schema("entity_type", "Other")),
        (
            SCHEMA,
            schema("relationship_type", "Ticket"),
            schema("relationship_type", "Other"),
        ),
    ]
}

#[tokio::test]
async fn answers_a_repeated_create_as_the_first_time_and_refuses_another_body() {
    let (server, token) = memory_server().await;
    for (number, (path, body, other)) in creates().into_iter().enumerate() {
        let key = format!("key-{number}");
        let first = post(&server, &token, path, &key, &body).await;
        assert!(first.status.is_success(), "{}", first.text);
        let again = post(&server, &token, path, &key, &body).await;
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        assert_eq!(again.headers.get("etag"), first.headers.get("etag"));
        assert_eq!(post(&server, &token, path, &key, &other).await.status, 422);
    }
}

#[tokio::test]
async fn refuses_keys_that_are_empty_or_too_long() {
    let (server, token) = memory_server().await;
    for key in ["", "a b", &"k".repeat(256)] {
        assert_eq!(
            post(&server, &token, AGENTS, key, &agent("abc")).await.status,
            400,
            "{key}"
        );
    }
}

#[tokio::test]
async fn a_create_that_failed_may_be_tried_again_with_its_key() {
    let (server, token) = memory_server().await;
    let (_, body, _) = &creates()[1];
    let bad = json!({ "schema_type": "entity_type", "action": "create", "slug": "agents", "name": "x" });
    assert_eq!(post(&server, &token, SCHEMA, "key", &bad).await.status, 400);
    assert_eq!(post(&server, &token, SCHEMA, "key", body).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn creates_once_although_one_request_arrives_many_times_at_once() {
    let Some(database) = TestDatabase::create("idempotency").await else {
        return;
    };
    let options = || {
        let mut options = ServerOptions::new(Storage::Postgres {
            url: database.url.clone(),
        });
        options.encryption_key = Some(SecretString::from("7a".repeat(32)));
        options
    };
    let (first, token) = open(options()).await;
    let second = Server::open(options()).await.unwrap();
    for (number, (path, body, _)) in creates().into_iter().enumerate() {
        let key = format!("key-{number}");
        let requests = (0..20).map(|at| {
            let server = if at % 2 == 0 { &first } else { &second };
            post(server, &token, path, &key, &body)
        });
        let replies = futures_util::future::join_all(requests).await;
        for reply in &replies {
            assert!(reply.status.is_success(), "{}", reply.text);
            assert_eq!((reply.status, &reply.body), (replies[0].status, &replies[0].body));
        }
    }
    let rows = "SELECT * FROM audit WHERE action IN ('agent.create', 'entity-type.create', 'relationship-type.create')";
    assert_eq!(database.execute(rows).await, 3);

    database.execute("UPDATE idempotent_request SET created_at = 0").await;
    first.run_upkeep().await.unwrap();
    assert_eq!(database.execute("DELETE FROM idempotent_request").await, 0);
    drop((first, second));
    database.drop_now().await;
}
