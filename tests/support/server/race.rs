//! Checks of what must hold under concurrent requests. Each check sends them for one new resource and returns the first
//! condition that does not hold. `round` makes the names of its resources unique.
//!
//! The clients may use one server, or several on one database. The runtime counts the starts of all of them.

use std::sync::Arc;

use lobuctl::server::runtime::ScriptedRuntime;
use serde_json::{Value, json};

use crate::support::server::{HttpReply, JsonClient};

/// The clients whose requests race.
pub struct RaceClients {
    pub clients: Vec<JsonClient>,
    /// Counts the starts of all servers; `None` where they are separate processes.
    pub runtime: Option<Arc<ScriptedRuntime>>,
}

/// The result of a check. The error describes the condition that does not hold.
pub type RaceResult = Result<(), String>;

/// Returns the number of rounds of each check: `LOBUCTL_TEST_RACE_ROUNDS`, or the usual one.
#[expect(
    clippy::disallowed_methods,
    reason = "how long to run is the decision of whoever runs the tests"
)]
pub fn round_count(usual: usize) -> usize {
    let asked = std::env::var("LOBUCTL_TEST_RACE_ROUNDS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Returns an error with this message unless the condition holds. No assertion: `server_races` expects errors of [`racy`],
/// a server that has these races.
///
/// [`racy`]: crate::support::server::racy
macro_rules! ensure {
    ($condition:expr, $($message:tt)*) => {
        if !$condition {
            return Err(format!($($message)*));
        }
    };
}

impl RaceClients {
    fn client(&self, at: usize) -> JsonClient {
        self.clients[at % self.clients.len()].clone()
    }

    /// Starts `count` requests at once, which take turns using the clients. Returns the results in the order of the requests.
    async fn race<F, T>(&self, count: usize, run: impl Fn(usize, JsonClient) -> F) -> Vec<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        // Collected first: a lazy iterator would start each request only after the one before has ended.
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

/// Concurrent creates of one agent: one answers 201 and all others 200 with its values, and the agent has the MCP server that
/// every new agent gets.
pub async fn agent_creates(racers: &RaceClients, round: usize) -> RaceResult {
    let id = format!("agent-{round}");
    let named = id.clone();
    let answers = racers
        .race(6, move |at, client| {
            let body = json!({ "agentId": named, "name": format!("name {at}") });
            async move { client.post("/api/dev/agents", body).await }
        })
        .await;
    let created = with_status(&answers, 201);
    ensure!(
        created.len() == 1,
        "{} created: {:?}",
        created.len(),
        statuses(&answers)
    );
    ensure!(with_status(&answers, 200).len() == 5, "{:?}", statuses(&answers));
    ensure!(
        answers.iter().all(|answer| answer.body == created[0].body),
        "not the stored values: {answers:?}"
    );
    let config = racers.client(0).get(&format!("/api/dev/agents/{id}/config")).await.body;
    ensure!(
        config["mcpServers"]["owletto"]["url"].is_string(),
        "the injected server is missing: {config}"
    );
    Ok(())
}

/// Changes of the settings right after a create has answered 200: none is overwritten by the create that won.
pub async fn changes_after_a_create(racers: &RaceClients, round: usize) -> RaceResult {
    let id = format!("operated-{round}");
    let named = id.clone();
    let patched = racers
        .race(6, move |at, client| {
            let (id, body) = (named.clone(), json!({ "agentId": named, "name": "n" }));
            async move {
                // The request that created the agent changes nothing.
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
    ensure!(patched.iter().filter(|patched| **patched).count() == 5, "{patched:?}");
    let config = racers.client(0).get(&format!("/api/dev/agents/{id}/config")).await.body;
    let servers = config["mcpServers"].as_object().cloned().unwrap_or_default();
    // `mcpServers` is replaced as a whole, so the last patch alone remains.
    let mine = servers.len() == 1 && servers.keys().all(|key| key.starts_with("mine-"));
    ensure!(mine, "the operator's servers were overwritten: {servers:?}");
    Ok(())
}

async fn create_host_agent(racers: &RaceClients) {
    racers
        .client(0)
        .post("/api/dev/agents", json!({ "agentId": "host", "name": "host" }))
        .await;
}

fn telegram(chat: usize) -> Value {
    json!({ "platform": "telegram", "config": { "botToken": "123456:SECRET", "chatId": chat.to_string() } })
}

fn stable_path(id: &str) -> String {
    format!("/api/dev/agents/host/platforms/by-stable-id/{id}")
}

/// Identical PUTs of a new platform: one start, one 201, and all others unchanged.
pub async fn identical_puts(racers: &RaceClients, round: usize) -> RaceResult {
    create_host_agent(racers).await;
    let starts = || racers.runtime.as_ref().map(|runtime| runtime.counts().starts);
    let before = starts();
    let path = stable_path(&format!("same-{round}"));
    let answers = racers
        .race(6, move |_, client| {
            let path = path.clone();
            async move { client.put(&path, telegram(1)).await }
        })
        .await;
    let after = starts();
    ensure!(
        after == before.map(|count| count + 1),
        "starts: {before:?}, then {after:?}"
    );
    ensure!(with_status(&answers, 201).len() == 1, "{:?}", statuses(&answers));
    let noops = answers.iter().filter(|answer| answer.body["noop"] == true).count();
    ensure!(noops == 5, "{noops} noops: {answers:?}");
    Ok(())
}

/// PUTs of different configs for a new platform: some order of the requests explains every response and the final row.
pub async fn different_puts(racers: &RaceClients, round: usize) -> RaceResult {
    create_host_agent(racers).await;
    let id = format!("mixed-{round}");
    let path = stable_path(&id);
    let answers = racers
        .race(5, move |at, client| {
            let path = path.clone();
            async move { client.put(&path, telegram(at % 3)).await }
        })
        .await;
    let row = racers
        .client(0)
        .get(&format!("/api/dev/agents/host/platforms/{id}"))
        .await
        .body;
    let last = row["config"]["chatId"].as_str().and_then(|chat| chat.parse().ok());
    let observed: Vec<&str> = answers.iter().map(outcome).collect();
    // Five requests with three configs, so that some are equal: 120 orders to try.
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
    ensure!(explained, "no order explains {observed:?} and then {last:?}");
    Ok(())
}

/// Returns what a PUT of a platform did, by its response.
fn outcome(answer: &HttpReply) -> &'static str {
    match answer.status.as_u16() {
        201 => "created",
        200 if answer.body["noop"] == true => "noop",
        200 if answer.body["updated"] == true => "updated",
        _ => "failed",
    }
}

/// Returns every order of `0..count`.
fn orders(count: usize) -> impl Iterator<Item = Vec<usize>> {
    let total = (1..=count).product();
    // The digits of a number in the factorial system choose one of the remaining elements each.
    (0..total).map(move |mut number| {
        let mut remaining: Vec<usize> = (0..count).collect();
        (1..=count)
            .rev()
            .map(|size| {
                let at = number % size;
                number /= size;
                remaining.remove(at)
            })
            .collect()
    })
}

/// The first starts fail: each of their requests answers 400, the next request starts the platform itself, and no response
/// shows a row without an instance.
pub async fn failing_starts(racers: &RaceClients, round: usize) -> RaceResult {
    create_host_agent(racers).await;
    let failures = 1 + round % 2;
    let Some(runtime) = &racers.runtime else { return Ok(()) };
    runtime.fail_next(failures);
    let path = stable_path(&format!("failing-{round}"));
    let answers = racers
        .race(4, move |_, client| {
            let path = path.clone();
            async move { client.put(&path, telegram(1)).await }
        })
        .await;
    runtime.fail_next(0);
    let expected = (failures, 1, 3 - failures);
    let count = |wanted: &str| answers.iter().filter(|answer| outcome(answer) == wanted).count();
    let observed = (count("failed"), count("created"), count("noop"));
    ensure!(
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

/// Concurrent patches of different fields of an agent's settings: none is lost.
pub async fn settings_patches(racers: &RaceClients, round: usize) -> RaceResult {
    let id = format!("merged-{round}");
    racers
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
    let answers = racers
        .race(FIELDS.len(), move |at, client| {
            let path = patched.clone();
            async move { client.patch(&path, json!({ FIELDS[at]: sent(at) })).await }
        })
        .await;
    ensure!(
        with_status(&answers, 200).len() == FIELDS.len(),
        "{:?}",
        statuses(&answers)
    );
    let config = racers.client(1).get(&path).await.body;
    let lost: Vec<&str> = FIELDS
        .iter()
        .enumerate()
        .filter(|(at, field)| config[**field] != sent(*at))
        .map(|f| *f.1)
        .collect();
    ensure!(lost.is_empty(), "lost: {lost:?}");
    Ok(())
}

/// Concurrent requests to add one rule: one succeeds, and the list has the rule once.
pub async fn rule_adds(racers: &RaceClients, round: usize) -> RaceResult {
    let slug = format!("relation-{round}");
    let create = json!({ "schema_type": "relationship_type", "action": "create", "slug": slug, "name": "n" });
    racers.client(0).schema(create).await;
    let call = json!({ "schema_type": "relationship_type", "action": "add_rule", "slug": slug,
        "source_entity_type_slug": "a", "target_entity_type_slug": "b" });
    let answers = racers
        .race(6, move |_, client| {
            let call = call.clone();
            async move { client.schema(call).await }
        })
        .await;
    let list = json!({ "schema_type": "relationship_type", "action": "list_rules", "slug": slug });
    let rules = racers.client(1).schema(list).await.body["rules"]
        .as_array()
        .map_or(0, Vec::len);
    ensure!(with_status(&answers, 200).len() == 1, "{:?}", statuses(&answers));
    ensure!(rules == 1, "{rules} rules");
    Ok(())
}

/// Concurrent creates of one type, twice with a deletion in between: one succeeds each time.
pub async fn type_creates_and_deletes(racers: &RaceClients, round: usize) -> RaceResult {
    for kind in ["entity_type", "relationship_type"] {
        for _ in 0..2 {
            let call = json!({ "schema_type": kind, "action": "create", "slug": format!("type-{round}"), "name": "n" });
            let answers = racers
                .race(4, move |_, client| {
                    let call = call.clone();
                    async move { client.schema(call).await }
                })
                .await;
            ensure!(
                with_status(&answers, 200).len() == 1,
                "{kind}: {:?}",
                statuses(&answers)
            );
            let delete = json!({ "schema_type": kind, "action": "delete", "slug": format!("type-{round}") });
            ensure!(
                racers.client(1).schema(delete).await.status == 200,
                "{kind} could not be deleted"
            );
        }
    }
    Ok(())
}
