//! A change between the last reading of a row and its write is noticed, and a creation has one name for all its attempts.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lobuctl::apply::{ApplyOptions, Cancel, OnStale, Verdict};
use lobuctl::config::Project;
use lobuctl::plan::Prune;
use lobuctl::remote::{
    Body, Client, Expectation, Method, Request, Response, Retry, RetryPolicy, RouterTransport, Transport,
    TransportError,
};
use serde_json::{Value, json};

use crate::support::apply::faults::{Fault, FaultTransport};
use crate::support::apply::outcome::{endings, once};
use crate::support::apply::request_name::row_name;
use crate::support::apply::test_server::{RunResult, TestServer, changed_rows, expect_valid};
use crate::support::project::TempProject;

const BEFORE: &str = "[agents.desk]\nname = \"Desk\"\ndir = \"./desk\"\n\
    [[agents.desk.platforms]]\ntype = \"telegram\"\nconfig = { botToken = \"$TOKEN\", chatId = \"1\" }\n\
    [agents.old]\nname = \"Old\"\ndir = \"./old\"\n[memory]\norg = \"dev\"\nmodels = \"./models\"\n";
const AFTER: &str = "[agents.desk]\nname = \"Front desk\"\ndir = \"./desk\"\n\
    [[agents.desk.platforms]]\ntype = \"telegram\"\nconfig = { botToken = \"$TOKEN\", chatId = \"2\" }\n\
    [[agents.desk.platforms]]\ntype = \"slack\"\nconfig = { botToken = \"$TOKEN\" }\n\
    [memory]\norg = \"dev\"\nmodels = \"./models\"\n";

fn project(toml: &str, name: &str) -> Project {
    let company = format!("type: entity\nslug: company\nname: {name}\n");
    let knows = format!("type: relationship\nslug: knows\nname: knows\ndescription: {name}\n");
    let soul = format!("Be {name}.\n");
    let files = [
        ("lobu.toml", toml),
        ("desk/SOUL.md", &soul),
        ("old/SOUL.md", "Rest.\n"),
        ("models/company.yaml", &company),
        ("models/knows.yaml", &knows),
    ];
    expect_valid(TempProject::new(&files).env("TOKEN", "the-token-of-the-test").load())
}

/// Sends one other request just before the first write of a row.
struct Meddler {
    inner: RouterTransport,
    row: &'static str,
    change: Mutex<Option<Request>>,
}

impl Transport for Meddler {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        async move {
            if request.writes && row_name(&request) == self.row {
                let change = self.change.lock().unwrap().take();
                if let Some(change) = change {
                    let answer = self.inner.send(change).await?;
                    assert!(answer.succeeded(), "{}", String::from_utf8_lossy(&answer.body));
                }
            }
            self.inner.send(request).await
        }
        .boxed()
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }
}

fn request(method: Method, path: &str, body: &Value) -> Request {
    Request::new(method, format!("/api/dev/{path}")).with_body(Body::json(body).unwrap())
}

fn type_update(kind: &str, slug: &str) -> Request {
    let body = json!({ "schema_type": kind, "action": "update", "slug": slug, "name": "Changed meanwhile" });
    request(Method::Post, "manage_entity_schema", &body)
}

fn put(id: &str, kind: &str) -> Request {
    let body = json!({ "platform": kind, "config": { "botToken": "another-token", "chatId": "9" } });
    request(Method::Put, &format!("agents/desk/platforms/by-stable-id/{id}"), &body)
}

/// Applies the edited project while one other client writes just before the first write of `row`.
async fn apply_beside(row: &'static str, change: Request, on_stale: OnStale) -> (TestServer, RunResult) {
    let server = TestServer::stored().await;
    let before = server.plan(&project(BEFORE, "kind"), Prune::Nothing).await;
    server.apply_well(&before).await;
    let draft = server.plan(&project(AFTER, "quick"), Prune::Everything).await;
    let client = TestServer::client_through(Meddler {
        inner: server.transport(),
        row,
        change: Mutex::new(Some(change)),
    });
    // The client that applies is the one that has read settings for the plan.
    client.settings("desk").await.unwrap();
    let options = ApplyOptions {
        on_stale,
        keep_going: true,
        ..ApplyOptions::default()
    };
    let ran = server.apply_through(&client, &draft, options, Cancel::new()).await;
    (server, ran)
}

fn changes() -> Vec<(&'static str, &'static str, Request)> {
    let patch = |path: &str, body: Value| request(Method::Patch, path, &body);
    vec![
        (
            "agent desk",
            "agent.desk",
            patch("agents/desk", json!({ "name": "Changed meanwhile" })),
        ),
        (
            "settings desk",
            "settings.desk",
            patch("agents/desk/config", json!({ "soulMd": "Changed." })),
        ),
        (
            "platform desk-telegram",
            "platform.desk.telegram",
            put("desk-telegram", "telegram"),
        ),
        ("platform desk-slack", "platform.desk.slack", put("desk-slack", "slack")),
        (
            "agent old",
            "agent.old",
            patch("agents/old/config", json!({ "soulMd": "Hours of work." })),
        ),
        (
            "entity_type company",
            "entity-type.company",
            type_update("entity_type", "company"),
        ),
        (
            "relationship_type knows",
            "relationship-type.knows",
            type_update("relationship_type", "knows"),
        ),
    ]
}

#[tokio::test]
async fn a_change_between_the_reading_and_the_write_makes_the_row_stale() {
    for (row, address, change) in changes() {
        let (server, ran) = apply_beside(row, change, OnStale::Stop).await;
        let stale = format!("{address} stale: it was changed on the server just before the write");
        assert!(endings(&ran).contains(&stale), "{row}: {:#?}", endings(&ran));
        assert_eq!(ran.progress.tally().stale, 1, "{row}");
        assert_eq!(ran.progress.verdict(), Verdict::Partial, "{row}");
        let left = changed_rows(&server.plan(&project(AFTER, "quick"), Prune::Everything).await.plan);
        assert!(!left.is_empty(), "{row} was overwritten");
    }
}

#[tokio::test]
async fn overwriting_reads_again_and_writes_over_the_change() {
    for (row, _, change) in changes() {
        let (server, ran) = apply_beside(row, change, OnStale::Overwrite).await;
        assert_eq!(ran.progress.verdict(), Verdict::Done, "{row}: {:#?}", endings(&ran));
        let left = changed_rows(&server.plan(&project(AFTER, "quick"), Prune::Everything).await.plan);
        assert_eq!(left, Vec::<String>::new(), "{row}");
    }
}

/// Records requests. A server without revisions is imitated by leaving them out of its responses.
struct Recorder {
    inner: RouterTransport,
    names_revisions: bool,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Transport for Recorder {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        self.seen.lock().unwrap().push(request.clone());
        async move {
            let mut response = self.inner.send(request).await?;
            if !self.names_revisions {
                response.revision = None;
            }
            Ok(response)
        }
        .boxed()
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }
}

/// Applies the edited project, and returns the requests that were sent.
async fn recorded(names_revisions: bool) -> Vec<Request> {
    let server = TestServer::stored().await;
    let before = server.plan(&project(BEFORE, "kind"), Prune::Nothing).await;
    server.apply_well(&before).await;
    let draft = server.plan(&project(AFTER, "quick"), Prune::Everything).await;
    let seen = Arc::<Mutex<Vec<Request>>>::default();
    let client = TestServer::client_through(Recorder {
        inner: server.transport(),
        names_revisions,
        seen: Arc::clone(&seen),
    });
    client.settings("desk").await.unwrap();
    let ran = server
        .apply_through(&client, &draft, ApplyOptions::default(), Cancel::new())
        .await;
    assert_eq!(ran.progress.verdict(), Verdict::Done, "{:#?}", endings(&ran));
    drop(client);
    std::mem::take(&mut *seen.lock().unwrap())
}

#[tokio::test]
async fn conditions_cost_no_request_and_are_sent_only_where_the_server_names_revisions() {
    let (with, without) = (recorded(true).await, recorded(false).await);
    assert_eq!(with.len(), without.len());
    let conditional = |requests: &[Request]| {
        let guarded = requests.iter().filter(|it| it.expectation != Expectation::Anything);
        guarded.map(row_name).collect::<std::collections::BTreeSet<_>>()
    };
    let rows: Vec<&str> = changes().iter().map(|(row, ..)| *row).collect();
    assert!(
        rows.iter().all(|row| conditional(&with).contains(*row)),
        "{:?}",
        conditional(&with)
    );
    assert_eq!(conditional(&without), std::collections::BTreeSet::new());
}

#[tokio::test]
async fn all_attempts_of_a_creation_have_one_idempotency_key_and_each_creation_has_its_own() {
    let server = TestServer::stored().await;
    let draft = server.plan(&project(BEFORE, "kind"), Prune::Nothing).await;
    let seen = Arc::<Mutex<Vec<Request>>>::default();
    let record = Arc::clone(&seen);
    let busy = once("create company", Fault::After(503));
    let transport = FaultTransport::new(server.transport(), move |index, request| {
        record.lock().unwrap().push(request.clone());
        busy(index, request)
    });
    let policy = RetryPolicy {
        base_delay: Duration::from_micros(200),
        ..RetryPolicy::default()
    };
    let client = Client::new(Retry::new(Arc::new(transport)).with_policy(policy), "dev", 4);
    let ran = server
        .apply_through(&client, &draft, ApplyOptions::default(), Cancel::new())
        .await;
    assert_eq!(ran.progress.verdict(), Verdict::Done, "{:#?}", endings(&ran));
    let seen = seen.lock().unwrap();
    let keys = |row: &str| -> Vec<String> {
        let creations = seen.iter().filter(|it| it.writes && row_name(it) == row);
        creations.filter_map(|it| it.idempotency_key.clone()).collect()
    };
    let company = keys("entity_type company");
    assert_eq!(company.len(), 2);
    assert_eq!(company[0], company[1]);
    let creations = [
        "agent desk",
        "agent old",
        "relationship_type knows",
        "entity_type company",
    ];
    let all: std::collections::BTreeSet<String> = creations.iter().flat_map(|row| keys(row)).collect();
    assert_eq!(all.len(), creations.len());
    assert!(keys("settings desk").is_empty() && keys("platform desk-telegram").is_empty());
}
