//! The recorded exchanges of the memory again, against our server. What differs on purpose stands in
//! `server_memory_differences.toml`, with its reason; what stands there must still differ.

use std::collections::{BTreeMap, BTreeSet};

use lobuctl::server::{NewToken, Server, ServerOptions};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::support::server::comparison::agrees;
use crate::support::server::id_burner::IdBurner;
use crate::support::server::recording;
use crate::support::server::{HttpReply, JsonClient, ask, open};

#[derive(Deserialize)]
struct ListedDifferences {
    rule: Vec<ListedRule>,
    instead: Vec<ListedReplacement>,
    difference: Vec<ListedExchanges>,
}

/// A request that our server would answer otherwise than the recorded one, so that most of what follows would differ. Another
/// one is sent, or none, so that what follows is compared.
#[derive(Deserialize)]
struct ListedReplacement {
    fixture: String,
    at: usize,
    /// The body that is sent. Nothing is sent without one.
    body: Option<String>,
    reason: String,
}

#[derive(Deserialize)]
struct ListedRule {
    name: String,
    reason: String,
}

#[derive(Deserialize)]
struct ListedExchanges {
    fixture: String,
    at: BTreeSet<usize>,
    reason: String,
}

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

/// Opens a server with the recordings' users. Returns it with their tokens by name.
async fn scene(url: &str) -> (Server, Map<String, Value>) {
    let mut options = ServerOptions::memory();
    options.public_url = Some(url.to_owned());
    let (server, admin) = open(options).await;
    server.create_organization("other").await.unwrap();
    server.add_member("dev", "u-member", "member").await.unwrap();
    server.add_member("other", "u-other", "owner").await.unwrap();
    let mut tokens = Map::new();
    tokens.insert("admin".into(), json!(admin));
    let (all, both) = ("mcp:read mcp:write mcp:admin", "mcp:read mcp:write");
    for (name, account, organization, scope, expires_at) in [
        ("read", "bootstrap-user", Some("dev"), "mcp:read", None),
        ("write", "bootstrap-user", Some("dev"), both, None),
        ("noscope", "bootstrap-user", Some("dev"), both, None),
        ("expired", "bootstrap-user", Some("dev"), all, Some(1)),
        ("unbound", "bootstrap-user", None, all, None),
        ("memberadmin", "u-member", Some("dev"), all, None),
        ("other", "u-other", Some("other"), all, None),
    ] {
        let new = NewToken {
            name: name.to_owned(),
            account: account.to_owned(),
            organization: organization.map(str::to_owned),
            scope: scope.to_owned(),
            expires_at,
        };
        let (_, token) = server.create_token(&new).await.unwrap();
        tokens.insert(name.to_owned(), json!(token.expose_secret()));
    }
    (server, tokens)
}

fn with_token(authorization: &str, tokens: &Map<String, Value>) -> String {
    let Some((before, rest)) = authorization.split_once("<PAT:") else {
        return authorization.to_owned();
    };
    let (name, after) = rest.split_once('>').unwrap();
    format!("{before}{}{after}", tokens[name].as_str().unwrap())
}

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

fn shown(exchange: &Value, answer: &HttpReply) -> String {
    let text: String = answer.text.chars().take(600).collect();
    let body = exchange["request_body"].to_string();
    format!(
        "{} {body}: {} {text}\n  recorded {} {}",
        exchange["path"], answer.status, exchange["status"], exchange["response_body"]
    )
}

#[tokio::test]
async fn the_recorded_memory_is_answered_as_recorded_or_differs_for_a_reason() {
    if recording::folder().is_none() {
        return;
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/server_memory_differences.toml");
    let list: ListedDifferences = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let reasons = list.rule.iter().map(|rule| &rule.reason);
    let reasons = reasons.chain(list.instead.iter().map(|other| &other.reason));
    let mut reasons = reasons.chain(list.difference.iter().map(|each| &each.reason));
    assert!(reasons.all(|reason| reason.len() > 20), "every difference has a reason");
    let (mut rules, mut complaints) = (BTreeSet::new(), Vec::new());
    for (url, names) in SERIES {
        let scene = scene(url).await;
        scene.0.create_organization("burnt").await.unwrap();
        let burnt = scene.0.create_admin_token("burnt").await.unwrap();
        let mut ids = IdBurner::new(JsonClient::new(&scene.0, burnt.expose_secret()));
        for name in names {
            let differing = replay(&scene, &mut ids, (name, &list.instead), &mut rules).await;
            let listed = list.difference.iter().filter(|each| each.fixture == *name);
            let listed: BTreeSet<usize> = listed.flat_map(|each| each.at.clone()).collect();
            for (at, shown) in &differing {
                if !listed.contains(at) {
                    complaints.push(format!("{name} {at} differs without a reason: {shown}"));
                }
            }
            let agreeing = listed.iter().filter(|at| !differing.contains_key(at));
            complaints.extend(agreeing.map(|at| format!("{name} {at} is listed, and agrees")));
        }
    }
    let named: BTreeSet<String> = list.rule.iter().map(|rule| rule.name.clone()).collect();
    let unused = named
        .difference(&rules)
        .map(|rule| format!("rule {rule} is listed, and was not needed"));
    let unlisted = rules
        .difference(&named)
        .map(|rule| format!("rule {rule} is needed, and not listed"));
    complaints.extend(unused.chain(unlisted));
    assert!(
        complaints.is_empty(),
        "{} complaints:\n{}",
        complaints.len(),
        complaints.join("\n")
    );
}
