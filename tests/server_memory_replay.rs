//! The recorded exchanges of the memory again, against our server. What differs on purpose stands in
//! `server_memory_differences.toml`, with its reason; what stands there must still differ.

use std::collections::{BTreeMap, BTreeSet};

use lobuctl::server::Server;
use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use crate::support::server::comparison::agrees;
use crate::support::server::id_burner::IdBurner;
use crate::support::server::recording;
use crate::support::server::replay::{ListedDifferences, ListedReplacement, expect_none, scene, shown, with_token};
use crate::support::server::{JsonClient, ask};

/// The recordings, by the server that each series was recorded from. Later ones use what earlier ones have created.
const SERIES: [(&str, &[&str]); 2] = [
    (
        "http://localhost:8853",
        &["entities", "links", "query-sql", "watchers", "knowledge"],
    ),
    (
        "http://localhost:8852",
        &["entities-2", "links-2", "query-sql-2", "watchers-2", "knowledge-2"],
    ),
];

/// Replays one file. Returns what differs, by position.
async fn replay(
    (server, tokens): &(Server, Map<String, Value>),
    ids: &mut IdBurner,
    (name, replaced): (&str, &[ListedReplacement]),
    rules: &mut BTreeSet<String>,
) -> BTreeMap<usize, String> {
    let file = recording::read(name).unwrap();
    let exchanges = file["exchanges"].as_array().unwrap();
    let mut differing = BTreeMap::new();
    for (at, exchange) in exchanges.iter().enumerate() {
        let mut exchanges = exchanges.clone();
        if let Some(other) = replaced.iter().find(|other| other.fixture == name && other.at == at) {
            let Some(body) = &other.body else { continue };
            exchanges[at]["request_body"] = serde_json::from_str(body).unwrap();
        }
        ids.prepare(exchange).await;
        let token = |authorization: &str| with_token(authorization, tokens);
        let Some(request) = recording::request(name, at, &exchanges, token) else {
            eprintln!("SKIPPED: {name} {at}: the recording does not hold the request's body");
            continue;
        };
        let answer = ask(&server.router(), request).await;
        ids.note(&answer.body);
        if !agrees(exchange, &answer, rules) {
            differing.insert(at, shown(exchange, &answer));
        }
    }
    differing
}

#[tokio::test]
async fn the_recorded_memory_is_answered_as_recorded_or_differs_for_a_reason() {
    if recording::folder().is_none() {
        return;
    }
    let list = ListedDifferences::read("server_memory_differences.toml");
    let (mut rules, mut complaints) = (BTreeSet::new(), Vec::new());
    for (url, names) in SERIES {
        let scene = scene(url).await;
        scene.0.create_organization("burnt").await.unwrap();
        let burnt = scene.0.create_admin_token("burnt").await.unwrap();
        let mut ids = IdBurner::new(JsonClient::new(&scene.0, burnt.expose_secret()));
        for name in names {
            let differing = replay(&scene, &mut ids, (name, &list.instead), &mut rules).await;
            complaints.extend(list.complaints(name, &differing));
        }
    }
    complaints.extend(list.complaints_about_rules(&rules));
    expect_none(&complaints);
}
