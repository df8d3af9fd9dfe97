//! The promises of the memory under concurrent requests: one order explains all answers, on SQLite and on two servers over
//! one PostgreSQL database.

use lobuctl::server::{Server, ServerOptions, Storage};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::support::server::postgres::TestDatabase;
use crate::support::server::{HttpReply, JsonClient, open};

/// The number of rounds of each check, unless `LOBUCTL_TEST_RACE_ROUNDS` says otherwise.
const ROUNDS: usize = 8;
/// The number of requests that race.
const RACERS: usize = 6;

#[expect(
    clippy::disallowed_methods,
    reason = "how long to run is the decision of whoever runs the tests"
)]
fn round_count() -> usize {
    let asked = std::env::var("LOBUCTL_TEST_RACE_ROUNDS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(ROUNDS)
}

/// Sends all requests at once, which take turns using the clients. Returns the replies in the order of the requests.
async fn race(clients: &[JsonClient], requests: Vec<(&'static str, Value)>) -> Vec<HttpReply> {
    let tasks: Vec<_> = requests
        .into_iter()
        .enumerate()
        .map(|(at, (tool, body))| {
            let client = clients[at % clients.len()].clone();
            tokio::spawn(async move { client.post(&format!("/api/dev/{tool}"), body).await })
        })
        .collect();
    let mut replies = Vec::new();
    for task in tasks {
        replies.push(task.await.unwrap());
    }
    replies
}

/// Checks that exactly one request succeeded, and that the others were refused with these words.
fn one_winner(replies: &[HttpReply], words: &str) {
    let won = replies.iter().filter(|reply| reply.status == 200).count();
    let lost = |reply: &&HttpReply| reply.status == 400 && reply.text.contains(words);
    assert!(
        won == 1 && replies.iter().filter(lost).count() == replies.len() - 1,
        "{replies:?}"
    );
}

async fn create(client: &JsonClient, slug: &str) -> i64 {
    let reply = client.post("/api/dev/manage_entity", named(slug, None)).await;
    reply.body["entity"]["id"].as_i64().unwrap()
}

fn named(slug: &str, parent: Option<i64>) -> Value {
    json!({ "action": "create", "entity_type": "thing", "name": slug, "slug": slug, "parent_id": parent })
}

/// Creates of one slug: one wins.
async fn creates_of_one_slug(clients: &[JsonClient], round: usize) {
    let slug = format!("wanted-{round}");
    let requests = (0..RACERS).map(|_| ("manage_entity", named(&slug, None))).collect();
    one_winner(&race(clients, requests).await, "Entity already exists");
}

/// Links of one unordered pair, from both ends: one wins.
async fn links_of_one_pair(clients: &[JsonClient], round: usize) {
    let ends = [
        create(&clients[0], &format!("a-{round}")).await,
        create(&clients[0], &format!("b-{round}")).await,
    ];
    let requests = (0..RACERS)
        .map(|at| {
            let (from, to) = (ends[at % 2], ends[(at + 1) % 2]);
            let body = json!({
                "action": "link", "from_entity_id": from, "to_entity_id": to, "relationship_type_slug": "near",
            });
            ("manage_entity", body)
        })
        .collect();
    one_winner(&race(clients, requests).await, "already exists between");
}

/// Moves that are right by themselves, and a circle together: not all of them happen.
async fn moves_in_a_circle(clients: &[JsonClient], round: usize) {
    let mut ids = Vec::new();
    for at in 0..3 {
        ids.push(create(&clients[0], &format!("c{at}-{round}")).await);
    }
    let requests = (0..3)
        .map(|at| {
            (
                "manage_entity",
                json!({ "action": "update", "entity_id": ids[at], "parent_id": ids[(at + 1) % 3] }),
            )
        })
        .collect();
    let replies = race(clients, requests).await;
    let moved = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(moved, 2, "{replies:?}");
}

/// A parent is deleted while it gets children: it is deleted without any, or it stays.
async fn deletion_of_a_parent(clients: &[JsonClient], round: usize) {
    let parent = create(&clients[0], &format!("parent-{round}")).await;
    let mut requests = vec![("manage_entity", json!({ "action": "delete", "entity_id": parent }))];
    requests.extend((0..4).map(|at| ("manage_entity", named(&format!("child-{at}"), Some(parent)))));
    let replies = race(clients, requests).await;
    let born = replies[1..].iter().filter(|reply| reply.status == 200).count();
    assert!(
        (replies[0].status == 200) == (born == 0) && (born == 0 || born == 4),
        "{replies:?}"
    );
}

/// Creates of one watcher slug: one wins. Then new versions of that watcher: all succeed, with numbers that count up.
async fn watchers_and_their_versions(clients: &[JsonClient], round: usize) {
    let entity = create(&clients[0], &format!("watched-{round}")).await;
    let body = json!({
        "action": "create", "slug": format!("w-{round}"), "prompt": "Say {{sources.content}}", "entity_id": entity,
        "extraction_schema": { "type": "object", "properties": {} },
    });
    let replies = race(clients, vec![("manage_watchers", body); RACERS]).await;
    one_winner(&replies, "already exists in this organization");
    let made = replies.iter().find(|reply| reply.status == 200).unwrap();
    let body = json!({ "action": "create_version", "watcher_id": made.body["watcher_id"] });
    let replies = race(clients, vec![("manage_watchers", body); RACERS]).await;
    let mut versions: Vec<_> = replies
        .iter()
        .map(|reply| (reply.body["version"].as_u64(), reply.body["previous_version"].as_u64()))
        .collect();
    versions.sort_unstable();
    let expected: Vec<_> = (2..)
        .take(RACERS)
        .map(|version| (Some(version), Some(version - 1)))
        .collect();
    assert_eq!(versions, expected);
}

/// Pieces that supersede one older piece: one wins.
async fn one_successor(clients: &[JsonClient]) {
    let save = |older: Option<i64>| json!({ "content": "x", "semantic_type": "note", "supersedes_event_id": older });
    let older = clients[0].post("/api/dev/save_knowledge", save(None)).await.body["id"].as_i64();
    let replies = race(clients, vec![("save_knowledge", save(older)); RACERS]).await;
    one_winner(&replies, "already superseded by event");
}

async fn all(clients: &[JsonClient]) {
    for (kind, slug, symmetric) in [("entity_type", "thing", false), ("relationship_type", "near", true)] {
        let body =
            json!({ "schema_type": kind, "action": "create", "slug": slug, "name": "x", "is_symmetric": symmetric });
        assert_eq!(clients[0].schema(body).await.status, 200);
    }
    for round in 0..round_count() {
        creates_of_one_slug(clients, round).await;
        links_of_one_pair(clients, round).await;
        moves_in_a_circle(clients, round).await;
        deletion_of_a_parent(clients, round).await;
        watchers_and_their_versions(clients, round).await;
        one_successor(clients).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_order_explains_all_answers_on_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    let storage = Storage::Sqlite {
        data_dir: dir.path().to_owned(),
    };
    let (server, token) = open(ServerOptions::new(storage)).await;
    all(&[JsonClient::new(&server, &token)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_order_explains_all_answers_of_two_servers_on_one_postgres() {
    let Some(database) = TestDatabase::create("memory_races").await else {
        return;
    };
    let mut servers = Vec::new();
    for _ in 0..2 {
        let mut options = ServerOptions::new(Storage::Postgres {
            url: database.url.clone(),
        });
        options.encryption_key = Some(SecretString::from("7a".repeat(32)));
        servers.push(Server::open(options).await.unwrap());
    }
    let token = servers[0].bootstrap_token().unwrap();
    let clients: Vec<_> = servers
        .iter()
        .map(|server| JsonClient::new(server, token.expose_secret()))
        .collect();
    all(&clients).await;
    drop(servers);
    database.drop_now().await;
}
