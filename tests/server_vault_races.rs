//! Many changes of one secret at once: one order explains every answer, the audit, and what is left.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use lobuctl::resource::{Secret, secret_fingerprint};
use lobuctl::server::{Server, ServerOptions, Storage};

use crate::support::server::history::{Moments, SequentialModel, is_linearizable};
use crate::support::server::postgres::TestDatabase;
use crate::support::server::race::round_count;
use crate::support::server::{JsonClient, open};

/// One request of a race and its answer.
#[derive(Debug, Clone)]
struct Asked {
    op: &'static str,
    /// The status, and the fingerprint of a value that was stored.
    status: u16,
    fingerprint: Option<String>,
}

/// One secret, as an order of requests would leave it: the fingerprint of its value.
#[derive(Debug)]
struct OneSecret;

impl SequentialModel for OneSecret {
    type State = Option<String>;
    /// The operation, and the fingerprint of its value.
    type Call = (&'static str, Option<String>);
    type Answer = u16;

    fn step(state: &Self::State, (op, print): &Self::Call, answer: Option<&u16>) -> Option<Self::State> {
        let (status, next) = match (*op, state) {
            ("create", None) | ("rotate", Some(_)) => (200, print.clone()),
            ("create", Some(_)) => (409, state.clone()),
            ("delete", Some(_)) => (200, None),
            _ => (404, None),
        };
        answer.is_none_or(|answer| *answer == status).then_some(next)
    }
}

/// One event of the audit.
type Recorded = (String, Option<String>);

/// Checks that the events, oldest first, are possible one after the other, that each answer that changed something has
/// exactly one event, that each refusal has a moment at which it was right, and that the last event left `end`.
fn explain(asked: &[Asked], events: &[Recorded], end: Option<&str>) -> Result<(), String> {
    let (mut now, mut was_there, mut was_missing) = (None::<String>, false, true);
    let mut changes: BTreeMap<(String, Option<String>), i32> = BTreeMap::new();
    for (action, fingerprint) in events {
        if (action == "secret.create") == now.is_some() {
            return Err(format!("{action} {fingerprint:?} when there was {now:?}"));
        }
        now.clone_from(fingerprint);
        was_there |= now.is_some();
        was_missing |= now.is_none();
        *changes.entry((action.clone(), fingerprint.clone())).or_default() += 1;
    }
    for answer in asked {
        let right = match (answer.op, answer.status) {
            (op, 200) => {
                let change = (format!("secret.{op}"), answer.fingerprint.clone());
                *changes.entry(change).or_default() -= 1;
                true
            }
            ("create", 409) => was_there,
            ("rotate" | "delete", 404) => was_missing,
            _ => false,
        };
        if !right {
            return Err(format!("no moment explains {answer:?}"));
        }
    }
    changes.retain(|_, count| *count != 0);
    if !changes.is_empty() {
        return Err(format!("events and answers differ: {changes:?}"));
    }
    (now.as_deref() == end)
        .then_some(())
        .ok_or_else(|| format!("{end:?} is left, and the audit ends with {now:?}"))
}

const OPS: [&str; 12] = [
    "create", "rotate", "rotate", "delete", "rotate", "create", "rotate", "rotate", "delete", "rotate", "create",
    "rotate",
];

/// Sends the operations at once, to one client after the other. One order has to explain the answers and the moments at which
/// they came, and the audit has to be such an order.
pub async fn race(clients: &[JsonClient], round: usize) -> Result<(), String> {
    let (name, moments) = (format!("RACED_{round}"), Moments::default());
    let tasks: Vec<_> = OPS
        .iter()
        .enumerate()
        .map(|(at, op)| {
            let (client, mut action) = (clients[at % clients.len()].clone(), json!({ "op": op, "name": name }));
            let value = (*op != "delete").then(|| format!("value {round} {at}"));
            if let Some(value) = &value {
                action["value"] = json!(value);
            }
            let call = (*op, value.map(|value| secret_fingerprint(&Secret::new(value))));
            let moments = moments.clone();
            tokio::spawn(async move {
                let began = moments.next();
                let reply = client
                    .post("/api/dev/secrets/manage", json!({ "actions": [action] }))
                    .await;
                let status = reply.status.as_u16();
                let fingerprint = reply.body["results"][0]["fingerprint"].as_str().map(str::to_owned);
                let asked = Asked {
                    op,
                    status,
                    fingerprint,
                };
                (asked, moments.ended::<OneSecret>(began, call, Some(status)))
            })
        })
        .collect();
    let (mut asked, mut operations) = (Vec::new(), Vec::new());
    for task in tasks {
        let (answer, operation) = task.await.unwrap();
        asked.push(answer);
        operations.push(operation);
    }
    if !is_linearizable(&operations) {
        return Err(format!("round {round}: no order explains {operations:?}"));
    }
    let client = clients.last().unwrap();
    let audit = client.get(&format!("/api/dev/audit?limit=500&target={name}")).await;
    let events = audit.body["events"].as_array().unwrap().iter().rev();
    let print = |event: &Value| {
        let fact = event["fields"][0].as_str()?;
        Some(fact.strip_prefix("fingerprint:").unwrap().to_owned())
    };
    let events: Vec<Recorded> = events
        .map(|event| (event["action"].as_str().unwrap().to_owned(), print(event)))
        .collect();
    let list = client.get("/api/dev/secrets").await.body;
    let left = list
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["name"] == name.as_str());
    let left = left.map(|entry| entry["fingerprint"].as_str().unwrap());
    explain(&asked, &events, left).map_err(|why| format!("round {round}: {why}\n{asked:?}\n{events:?}"))
}

#[test]
fn the_check_finds_what_no_order_explains() {
    let asked = |op, status, print: Option<&str>| Asked {
        op,
        status,
        fingerprint: print.map(str::to_owned),
    };
    let event = |op: &str, print: Option<&str>| (format!("secret.{op}"), print.map(str::to_owned));
    let create = [asked("create", 200, Some("a"))];
    assert!(explain(&create, &[event("create", Some("a"))], Some("a")).is_ok());
    assert!(explain(&create, &[], Some("a")).is_err(), "not recorded");
    assert!(explain(&create, &[event("create", Some("a"))], None).is_err(), "lost");
    assert!(
        explain(&create, &[event("create", Some("b"))], Some("b")).is_err(),
        "another value"
    );
    let lost = [asked("create", 200, Some("a")), asked("rotate", 200, Some("b"))];
    let events = [event("rotate", Some("b")), event("create", Some("a"))];
    assert!(explain(&lost, &events, Some("a")).is_err(), "a rotation of nothing");
    let never = [asked("create", 409, None)];
    assert!(explain(&never, &[], None).is_err(), "exists, but never did");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_order_explains_changes_of_one_secret_on_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    let storage = Storage::Sqlite {
        data_dir: dir.path().to_owned(),
    };
    let (server, token) = open(ServerOptions::new(storage)).await;
    let client = JsonClient::new(&server, &token);
    for round in 0..round_count(20) {
        race(std::slice::from_ref(&client), round).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_order_explains_changes_of_one_secret_on_three_servers() {
    let Some(database) = TestDatabase::create("vault_races").await else {
        return;
    };
    let mut servers: Vec<Server> = Vec::new();
    for _ in 0..3 {
        let mut options = ServerOptions::new(Storage::Postgres {
            url: database.url.clone(),
        });
        options.encryption_key = Some(SecretString::from("7a".repeat(32)));
        servers.push(Server::open(options).await.unwrap());
    }
    let token = servers[0].bootstrap_token().unwrap();
    let clients: Vec<JsonClient> = servers
        .iter()
        .map(|server| JsonClient::new(server, token.expose_secret()))
        .collect();
    for round in 0..round_count(20) {
        race(&clients, round).await.unwrap();
    }
    drop(servers);
    database.drop_now().await;
}
