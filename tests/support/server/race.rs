//! Checks of what must hold under concurrent requests. Each check races on one new resource and returns what was wrong.
//!
//! The clients may use one server or several on one database; the runtime counts the starts of all of them.

use std::sync::Arc;

use lobuctl::server::runtime::ScriptedRuntime;
use serde_json::{Value, json};

use crate::support::server::{HttpReply, JsonClient};

/// The clients of a race.
pub struct RaceClients {
    pub clients: Vec<JsonClient>,
    /// Counts the starts of all servers; `None` where they are separate processes.
    pub runtime: Option<Arc<ScriptedRuntime>>,
}

/// `Err` says what was wrong.
pub type RaceResult = Result<(), String>;

macro_rules! demand {
    ($holds:expr, $($words:tt)*) => {
        if !$holds {
            return Err(format!($($words)*));
        }
    };
}

impl RaceClients {
    fn client(&self, at: usize) -> JsonClient {
        self.clients[at % self.clients.len()].clone()
    }

    /// Starts all requests at once, each with its own client. Returns the results in order.
    async fn race<F, T>(&self, count: usize, run: impl Fn(usize, JsonClient) -> F) -> Vec<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let tasks: Vec<_> = (0..count).map(|at| tokio::spawn(run(at, self.client(at)))).collect();
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.unwrap());
        }
        answers
    }
}

fn with_status(answers: &[HttpReply], status: u16) -> Vec<&HttpReply> {
    answers.iter().filter(|answer| answer.status == status).collect()
}

fn statuses(answers: &[HttpReply]) -> Vec<u16> {
    answers.iter().map(|answer| answer.status.as_u16()).collect()
}

/// One 201, the rest 200 with the stored values, and the injected entry whichever won.
pub async fn agents(track: &RaceClients, round: usize) -> RaceResult {
    let id = format!("agent-{round}");
    let named = id.clone();
    let answers = track
        .race(6, move |at, client| {
            let body = json!({ "agentId": named, "name": format!("name {at}") });
            async move { client.post("/api/dev/agents", body).await }
        })
        .await;
    let created = with_status(&answers, 201);
    demand!(
        created.len() == 1,
        "{} created: {:?}",
        created.len(),
        statuses(&answers)
    );
    demand!(with_status(&answers, 200).len() == 5, "{:?}", statuses(&answers));
    demand!(
        answers.iter().all(|answer| answer.body == created[0].body),
        "not the stored values: {answers:?}"
    );
    let config = track.client(0).get(&format!("/api/dev/agents/{id}/config")).await.body;
    demand!(
        config["mcpServers"]["owletto"]["url"].is_string(),
        "the injected server is missing: {config}"
    );
    Ok(())
}

/// What an operator writes right after a 200 stays.
pub async fn operator(track: &RaceClients, round: usize) -> RaceResult {
    let id = format!("operated-{round}");
    let named = id.clone();
    let patched = track
        .race(6, move |at, client| {
            let (id, body) = (named.clone(), json!({ "agentId": named, "name": "n" }));
            async move {
                if client.post("/api/dev/agents", body).await.status != 200 {
                    return false;
                }
                let change = json!({ "mcpServers": { format!("mine-{at}"): { "url": "u" } } });
                client
                    .patch(&format!("/api/dev/agents/{id}/config"), change)
                    .await
                    .status
                    == 200
            }
        })
        .await;
    demand!(patched.iter().filter(|patched| **patched).count() == 5, "{patched:?}");
    let config = track.client(0).get(&format!("/api/dev/agents/{id}/config")).await.body;
    let servers = config["mcpServers"].as_object().cloned().unwrap_or_default();
    let mine = servers.len() == 1 && servers.keys().all(|key| key.starts_with("mine-"));
    demand!(mine, "the operator's servers were overwritten: {servers:?}");
    Ok(())
}

async fn platform_agent(track: &RaceClients) {
    track
        .client(0)
        .post("/api/dev/agents", json!({ "agentId": "host", "name": "host" }))
        .await;
}

fn telegram(chat: usize) -> Value {
    json!({ "platform": "telegram", "config": { "botToken": "123456:SECRET", "chatId": chat.to_string() } })
}

fn stable(id: &str) -> String {
    format!("/api/dev/agents/host/platforms/by-stable-id/{id}")
}

/// Identical PUTs of a new id: one start, one 201, the rest noop.
pub async fn identical(track: &RaceClients, round: usize) -> RaceResult {
    platform_agent(track).await;
    let starts = || track.runtime.as_ref().map(|runtime| runtime.counts().starts);
    let before = starts();
    let path = stable(&format!("same-{round}"));
    let answers = track
        .race(6, move |_, client| {
            let path = path.clone();
            async move { client.put(&path, telegram(1)).await }
        })
        .await;
    let after = starts();
    demand!(
        after == before.map(|count| count + 1),
        "starts: {before:?}, then {after:?}"
    );
    demand!(with_status(&answers, 201).len() == 1, "{:?}", statuses(&answers));
    let noops = answers.iter().filter(|answer| answer.body["noop"] == true).count();
    demand!(noops == 5, "{noops} noops: {answers:?}");
    Ok(())
}

/// Different configs: some serial order explains every answer and the final row.
pub async fn different(track: &RaceClients, round: usize) -> RaceResult {
    platform_agent(track).await;
    let id = format!("mixed-{round}");
    let path = stable(&id);
    let answers = track
        .race(5, move |at, client| {
            let path = path.clone();
            async move { client.put(&path, telegram(at % 3)).await }
        })
        .await;
    let row = track
        .client(0)
        .get(&format!("/api/dev/agents/host/platforms/{id}"))
        .await
        .body;
    let last = row["config"]["chatId"].as_str().and_then(|chat| chat.parse().ok());
    let observed: Vec<&str> = answers.iter().map(outcome).collect();
    let explained = orders(5).any(|order| {
        let mut stored = None;
        let fits = order.iter().all(|&at| {
            let expected = match stored.replace(at % 3) {
                None => "created",
                Some(old) if old == at % 3 => "noop",
                Some(_) => "updated",
            };
            observed[at] == expected
        });
        fits && stored == last
    });
    demand!(explained, "no order explains {observed:?} and then {last:?}");
    Ok(())
}

fn outcome(answer: &HttpReply) -> &'static str {
    match answer.status.as_u16() {
        201 => "created",
        200 if answer.body["noop"] == true => "noop",
        200 if answer.body["updated"] == true => "updated",
        _ => "failed",
    }
}

/// Every order of `0..count`.
fn orders(count: usize) -> impl Iterator<Item = Vec<usize>> {
    let total = (1..=count).product();
    (0..total).map(move |mut number| {
        let mut left: Vec<usize> = (0..count).collect();
        (1..=count)
            .rev()
            .map(|size| {
                let at = number % size;
                number /= size;
                left.remove(at)
            })
            .collect()
    })
}

/// The first start fails: that one answers 400, the next one makes its own attempt, no response shows the row that was rolled back.
pub async fn rolled_back(track: &RaceClients, round: usize) -> RaceResult {
    platform_agent(track).await;
    let failures = 1 + round % 2;
    let Some(runtime) = &track.runtime else { return Ok(()) };
    runtime.fail_next(failures);
    let path = stable(&format!("failing-{round}"));
    let answers = track
        .race(4, move |_, client| {
            let path = path.clone();
            async move { client.put(&path, telegram(1)).await }
        })
        .await;
    runtime.fail_next(0);
    let expected = (failures, 1, 3 - failures);
    let count = |wanted: &str| answers.iter().filter(|answer| outcome(answer) == wanted).count();
    let observed = (count("failed"), count("created"), count("noop"));
    demand!(
        observed == expected,
        "failed, created, noop: {observed:?} instead of {expected:?}"
    );
    Ok(())
}

const FIELDS: [&str; 6] = [
    "soulMd",
    "userMd",
    "identityMd",
    "model",
    "networkConfig",
    "toolsConfig",
];

/// Concurrent patches of different fields: none is lost.
pub async fn settings(track: &RaceClients, round: usize) -> RaceResult {
    let id = format!("merged-{round}");
    track
        .client(0)
        .post("/api/dev/agents", json!({ "agentId": id, "name": "n" }))
        .await;
    let path = format!("/api/dev/agents/{id}/config");
    let sent = |at: usize| {
        if at < 4 {
            json!(format!("value {at}"))
        } else {
            json!({ "n": at })
        }
    };
    let patched = path.clone();
    let answers = track
        .race(FIELDS.len(), move |at, client| {
            let path = patched.clone();
            async move { client.patch(&path, json!({ FIELDS[at]: sent(at) })).await }
        })
        .await;
    demand!(
        with_status(&answers, 200).len() == FIELDS.len(),
        "{:?}",
        statuses(&answers)
    );
    let config = track.client(1).get(&path).await.body;
    let lost: Vec<&str> = FIELDS
        .iter()
        .enumerate()
        .filter(|(at, field)| config[**field] != sent(*at))
        .map(|f| *f.1)
        .collect();
    demand!(lost.is_empty(), "lost: {lost:?}");
    Ok(())
}

/// The same rule from many: one is added, the list has it once.
pub async fn rules(track: &RaceClients, round: usize) -> RaceResult {
    let slug = format!("relation-{round}");
    let create = json!({ "schema_type": "relationship_type", "action": "create", "slug": slug, "name": "n" });
    track.client(0).schema(create).await;
    let call = json!({ "schema_type": "relationship_type", "action": "add_rule", "slug": slug,
        "source_entity_type_slug": "a", "target_entity_type_slug": "b" });
    let answers = track
        .race(6, move |_, client| {
            let call = call.clone();
            async move { client.schema(call).await }
        })
        .await;
    let list = json!({ "schema_type": "relationship_type", "action": "list_rules", "slug": slug });
    let rules = track.client(1).schema(list).await.body["rules"]
        .as_array()
        .map_or(0, Vec::len);
    demand!(with_status(&answers, 200).len() == 1, "{:?}", statuses(&answers));
    demand!(rules == 1, "{rules} rules");
    Ok(())
}

/// The same slug from many, made, deleted and made again: one each time.
pub async fn types(track: &RaceClients, round: usize) -> RaceResult {
    for kind in ["entity_type", "relationship_type"] {
        for _ in 0..2 {
            let call = json!({ "schema_type": kind, "action": "create", "slug": format!("type-{round}"), "name": "n" });
            let answers = track
                .race(4, move |_, client| {
                    let call = call.clone();
                    async move { client.schema(call).await }
                })
                .await;
            demand!(
                with_status(&answers, 200).len() == 1,
                "{kind}: {:?}",
                statuses(&answers)
            );
            let delete = json!({ "schema_type": kind, "action": "delete", "slug": format!("type-{round}") });
            demand!(
                track.client(1).schema(delete).await.status == 200,
                "{kind} could not be deleted"
            );
        }
    }
    Ok(())
}
