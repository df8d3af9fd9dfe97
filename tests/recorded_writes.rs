//! The client's writes of the memory, answered as a real server has answered them: done, refused, in conflict, ignored, or
//! refused with 200.

use std::collections::BTreeMap;

use lobuctl::plan::Prune;
use lobuctl::remote::{RemoteError, Request};
use lobuctl::resource::EntityPath;
use serde_json::{Map, Value, json};

use crate::support::apply::faults::{Fault, FaultTransport};
use crate::support::apply::test_server::{RunResult, TestServer, expect_valid};
use crate::support::project::TempProject;
use crate::support::server::recorded_answers::{client_of, exchange, exchanges};
use crate::support::server::recording;

const RECORDINGS: [&str; 6] = ["entities", "links", "watchers", "entities-2", "links-2", "watchers-2"];

/// The refusals of something that exists, or whose name is taken, as `file position`.
const CONFLICTS: [&str; 15] = [
    "entities 15",
    "entities 16",
    "entities 21",
    "entities 46",
    "entities-2 19",
    "entities-2 51",
    "links 4",
    "links 8",
    "watchers 31",
    "watchers 37",
    "watchers 43",
    "watchers 7",
    // Two versions with one number.
    "watchers-2 32",
    "watchers-2 91",
    "watchers-2 93",
];

/// What the client makes of a write.
type Written = Result<(), RemoteError>;

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Returns the fields of a request that its client method takes: all but those with a parameter of their own.
fn fields(body: &Value, others: &[&str]) -> Map<String, Value> {
    let mut fields = body.as_object().cloned().unwrap_or_default();
    fields.retain(|name, _| name != "action" && !others.contains(&name.as_str()));
    fields
}

/// Writes an entity or a relationship as the recorded request did. `None` for an action that is no write of the client.
async fn write_entity(exchange: &Value) -> Option<Written> {
    let (client, _) = client_of(vec![exchange.clone()]);
    let (body, answer) = (&exchange["request_body"], &exchange["response_body"]);
    let id = |name: &str| body[name].as_u64().unwrap_or_default();
    // The slug that the server has chosen, where it has.
    let slug = answer.pointer("/entity/slug").unwrap_or(&body["slug"]);
    let path = EntityPath::of([text(slug)]);
    Some(match text(&body["action"]) {
        "create" => {
            let fields = fields(body, &["entity_type", "slug", "parent_id"]);
            let parent = body["parent_id"].as_u64();
            let created = client
                .create_entity(text(&body["entity_type"]), &path, parent, &fields)
                .await;
            if created.is_ok() {
                // The id is known from the answer: no further request finds it.
                let known = client.entity_id(&path).await.unwrap();
                assert_eq!(known, answer["entity"]["id"].as_u64());
            }
            created
        }
        "update" => {
            let fields = fields(body, &["entity_id", "slug"]);
            client.update_entity(id("entity_id"), &path, &fields).await
        }
        "delete" => client.delete_entity(id("entity_id")).await,
        "link" => {
            let ends = (id("from_entity_id"), id("to_entity_id"));
            let fields = fields(body, &["from_entity_id", "to_entity_id", "relationship_type_slug"]);
            client.link(text(&body["relationship_type_slug"]), ends, &fields).await
        }
        "update_link" => {
            let fields = fields(body, &["relationship_id"]);
            let kind = text(&answer["relationship"]["relationship_type_slug"]);
            client.update_link(id("relationship_id"), kind, &fields).await
        }
        "unlink" => client.unlink(id("relationship_id")).await,
        _ => return None,
    })
}

/// Writes a watcher as the recorded request did. `None` for an action that is no write of the client.
async fn write_watcher(exchange: &Value) -> Option<Written> {
    let (client, _) = client_of(vec![exchange.clone()]);
    let (body, answer) = (&exchange["request_body"], &exchange["response_body"]);
    let id = &body["watcher_id"];
    Some(match text(&body["action"]) {
        "create" => {
            let fields = fields(body, &["slug", "entity_id"]);
            let entity = body["entity_id"].as_u64().unwrap_or_default();
            let created = client.create_watcher(text(&body["slug"]), entity, &fields).await;
            created.map(|id| assert_eq!(id, answer["watcher_id"]))
        }
        "update" => client.update_watcher(id, &fields(body, &["watcher_id"])).await,
        "create_version" => client.create_watcher_version(id, &fields(body, &["watcher_id"])).await,
        "set_reaction_script" => client.set_watcher_script(id, text(&body["reaction_script"])).await,
        "delete" => client.archive_watcher(&body["watcher_ids"][0]).await,
        _ => return None,
    })
}

/// Whether a 200 without `error` says that not everything was done: the server ignored a field, or archived nothing.
fn leaves_something_undone(exchange: &Value) -> bool {
    let (body, answer) = (&exchange["request_body"], &exchange["response_body"]);
    if let Some(results) = answer["results"].as_array() {
        return results.len() != 1 || results[0]["success"] != true;
    }
    let Some(updated) = answer["updated_fields"].as_array() else {
        return false;
    };
    let sent = fields(body, &["watcher_id"]);
    sent.keys().any(|name| !updated.contains(&json!(name)))
}

/// Returns the server's message as the client shows it: in one line.
fn message(answer: &Value) -> Option<String> {
    let sentence = answer["error_description"].as_str().or(answer["error"].as_str())?;
    Some(sentence.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Checks what the client has made of a recorded answer. Returns the name of that.
fn check(place: &str, exchange: &Value, written: &Written) -> &'static str {
    let status = exchange["status"].as_u64().unwrap();
    match (message(&exchange["response_body"]), written) {
        (None, Ok(())) if !leaves_something_undone(exchange) => "done",
        (None, Err(error @ RemoteError::Malformed { .. })) if leaves_something_undone(exchange) => {
            assert!(error.maybe_applied(), "{place}: {error}");
            "not all done"
        }
        (Some(said), Err(error @ RemoteError::Refused { message, .. })) => {
            assert_eq!(error.status().map(u64::from), Some(status), "{place}: {error}");
            assert!(said.starts_with(message.trim_end_matches(" …")), "{place}: {message}");
            // Only a 4xx proves that nothing was written.
            assert_eq!(error.maybe_applied(), status == 200, "{place}: {error}");
            assert_eq!(error.is_missing(), said.ends_with(" not found"), "{place}: {error}");
            if status == 200 { "refused with 200" } else { "refused" }
        }
        (said, other) => panic!("{place}: {said:?}, and the client: {other:?}"),
    }
}

#[tokio::test]
async fn every_recorded_answer_to_a_write_is_read_as_what_it_is() {
    if recording::folder().is_none() {
        return;
    }
    let (mut counts, mut conflicts) = (BTreeMap::new(), Vec::new());
    for name in RECORDINGS {
        for (at, exchange) in exchanges(name).unwrap().iter().enumerate() {
            let written = match text(&exchange["path"]).rsplit('/').next().unwrap() {
                "manage_entity" => write_entity(exchange).await,
                "manage_watchers" => write_watcher(exchange).await,
                _ => None,
            };
            let Some(written) = written else { continue };
            let place = format!("{name} {at}");
            *counts.entry(check(&place, exchange, &written)).or_insert(0) += 1;
            if written.is_err_and(|error| error.already_exists()) {
                conflicts.push(place);
            }
        }
    }
    conflicts.sort();
    assert_eq!(conflicts, CONFLICTS);
    let expected = [
        ("done", 132),
        ("not all done", 4),
        ("refused", 101),
        ("refused with 200", 2),
    ];
    assert_eq!(counts, expected.into());
}

const TOML: &str = "[agents.triage]\nname = \"Triage\"\ndir = \".\"\n\n[memory]\norg = \"dev\"\nmodels = \"models\"\ndata = \"data\"\n";
const MODELS: &str = "\
type: entity
slug: person
name: Person
---
type: relationship
slug: knows
name: Knows
---
type: watcher
slug: daily
name: Daily
entity: person:ann
schedule: '0 9 * * *'
prompt: Look.
extraction_schema: {type: object, properties: {status: {type: string}}}
";
const DATA: &str = "\
entities:
  - {entity_type: person, slug: ann, name: Ann}
  - {entity_type: person, slug: bob, name: Bob}
relationships:
  - {relationship_type: knows, from: ann, to: bob}
";

fn project(models: &str) -> TempProject {
    TempProject::new(&[
        ("lobu.toml", TOML),
        ("models/all.yaml", models),
        ("data/all.yaml", DATA),
    ])
}

/// Applies a project while every request whose body has all of these texts gets the recorded answer, and does not reach the
/// server.
async fn apply_with(server: &TestServer, models: &str, texts: &'static [&'static str], answer: &Value) -> RunResult {
    let status = u16::try_from(answer["status"].as_u64().unwrap()).unwrap();
    let body: &'static str = Box::leak(answer["response_body"].to_string().into_boxed_str());
    let rule = move |_: usize, request: &Request| {
        let sent = request
            .body
            .as_ref()
            .map(|body| String::from_utf8(body.bytes().to_vec()).unwrap());
        let is_meant = sent.is_some_and(|sent| texts.iter().all(|text| sent.contains(text)));
        if is_meant {
            Fault::Status(status, body)
        } else {
            Fault::None
        }
    };
    let client = TestServer::client_through(FaultTransport::new(server.transport(), rule));
    let draft = server.plan(&expect_valid(project(models).load()), Prune::Nothing).await;
    let (options, cancel) = Default::default();
    server.apply_through(&client, &draft, options, cancel).await
}

/// Returns the rows that did not succeed, with what is said about them.
fn troubles(ran: &RunResult) -> Vec<String> {
    let troubles = ran.progress.troubles();
    troubles
        .map(|(address, outcome)| format!("{address}: {outcome:?}"))
        .collect()
}

#[tokio::test]
async fn a_taken_slug_that_no_reading_shows_fails_in_the_words_of_the_server() {
    if recording::folder().is_none() {
        return;
    }
    let create: &[&str] = &["\"action\":\"create\"", "\"slug\":\"ann\""];
    // The slug of a deleted entity, of a linked pair, and of an archived watcher: each is taken, and cannot be read.
    for (texts, answer, address) in [
        (create, exchange("entities", 46), "entity.person.ann"),
        (
            &["\"action\":\"link\""][..],
            exchange("links", 4),
            "relationship.knows.ann.bob",
        ),
        (
            &["\"action\":\"create\"", "\"slug\":\"daily\""][..],
            exchange("watchers", 37),
            "watcher.daily",
        ),
    ] {
        let server = TestServer::stored().await;
        let ran = apply_with(&server, MODELS, texts, &answer).await;
        let failed = troubles(&ran);
        let said = text(&answer["response_body"]["error"]);
        let row = failed.iter().find(|line| line.starts_with(address)).unwrap();
        assert!(row.contains("Failed") && row.contains(said), "{row}");
        assert!(!row.contains("partly_written: true"), "{row}");
    }
}

#[tokio::test]
async fn a_refusal_with_200_is_settled_by_what_is_there() {
    if recording::folder().is_none() {
        return;
    }
    let server = TestServer::stored().await;
    let draft = server.plan(&expect_valid(project(MODELS).load()), Prune::Nothing).await;
    server.apply_well(&draft).await;
    let changed = MODELS.replace("0 9 * * *", "0 8 * * *");
    let update: &[&str] = &["\"action\":\"update\"", "\"watcher_id\""];
    let answer = exchange("watchers", 22);
    let failed = troubles(&apply_with(&server, &changed, update, &answer).await);
    let said = "Invalid cron expression: Constraint error, got value 0 expected range 1-12";
    let [row] = failed.as_slice() else { panic!("{failed:?}") };
    assert!(row.starts_with("watcher.daily: Failed") && row.contains(said), "{row}");
    assert!(!row.contains("partly_written: true"), "{row}");

    // Ignored without a word: the answer names no updated field.
    let failed = troubles(&apply_with(&server, &changed, update, &exchange("watchers", 23)).await);
    let [row] = failed.as_slice() else { panic!("{failed:?}") };
    assert!(
        row.starts_with("watcher.daily: Failed") && row.contains("schedule"),
        "{row}"
    );
}
