//! Secrets on three servers over one PostgreSQL database: one order explains what clients of all of them saw, and no platform
//! goes on with a value that was replaced.

use std::sync::Arc;

use lobuctl::resource::{Secret, secret_fingerprint};
use lobuctl::server::runtime::ScriptedRuntime;
use lobuctl::server::{Server, ServerOptions, Storage};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::server_vault_races::race;
use crate::support::program::serve_process::ServeProcess;
use crate::support::server::JsonClient;
use crate::support::server::postgres::TestDatabase;
use crate::support::server::race::round_count;

const MANAGE: &str = "/api/dev/secrets/manage";
const ROUNDS: usize = 6;

/// Starts three server processes. Returns them with a client of each.
pub async fn processes(database: &TestDatabase, dir: &std::path::Path) -> (Vec<ServeProcess>, Vec<JsonClient>) {
    let (url, dir) = (database.url.clone(), dir.to_owned());
    let started = tokio::task::spawn_blocking(move || {
        let start = |at: usize| {
            let dir = dir.join(at.to_string());
            std::fs::create_dir_all(&dir).unwrap();
            ServeProcess::on_postgres(&dir, &url)
        };
        (0..3).map(start).collect::<Vec<_>>()
    });
    let processes = started.await.unwrap();
    let token = processes[0].token();
    let clients = processes.iter().map(|process| JsonClient::at(&process.url, &token));
    let clients = clients.collect();
    (processes, clients)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_order_explains_changes_of_one_secret_on_three_processes() {
    let Some(database) = TestDatabase::create("vault_fleet").await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let (servers, clients) = processes(&database, dir.path()).await;
    for round in 0..round_count(ROUNDS) {
        race(&clients, round).await.unwrap();
    }
    drop(servers);
    database.drop_now().await;
}

/// The names of one round.
struct Round {
    secret: String,
    platform: String,
}

impl Round {
    fn new(round: usize) -> Self {
        Self {
            secret: format!("BOT_{round}"),
            platform: format!("owned-{round}"),
        }
    }

    fn put_path(&self) -> String {
        format!("/api/dev/agents/owned/platforms/by-stable-id/{}", self.platform)
    }

    fn one(&self, op: &str, value: &str) -> Value {
        json!({ "actions": [{ "op": op, "name": self.secret, "value": value }] })
    }

    /// Carries out one of many requests at once. Returns its status.
    async fn request(&self, client: &JsonClient, at: usize) -> u16 {
        let reply = if at.is_multiple_of(2) {
            let reference = format!("secret://dev/user/{}", self.secret);
            let config = json!({ "botToken": reference, "chatId": at.to_string() });
            client
                .put(&self.put_path(), json!({ "platform": "telegram", "config": config }))
                .await
        } else {
            client
                .post(MANAGE, self.one("rotate", &format!("{at}:value of {}", self.secret)))
                .await
        };
        reply.status.as_u16()
    }
}

/// Sends rotations of a secret and PUTs of a platform that uses it, all at once. Afterwards the platform runs with the value
/// that was stored last: its last start comes after the last rotation in the audit, and where the runtime can be asked, it
/// says so.
async fn rotations_and_puts(
    clients: &[JsonClient],
    runtime: Option<&ScriptedRuntime>,
    number: usize,
) -> Result<(), String> {
    let round = Arc::new(Round::new(number));
    clients[0].post(MANAGE, round.one("create", "0:start")).await;
    let tasks: Vec<_> = (0..12)
        .map(|at| {
            let (client, round) = (clients[at % clients.len()].clone(), round.clone());
            tokio::spawn(async move { round.request(&client, at).await })
        })
        .collect();
    for task in tasks {
        let status = task.await.unwrap();
        if !matches!(status, 200 | 201 | 503) {
            return Err(format!("round {number}: status {status}"));
        }
    }
    // Each PUT may have met a rotation; one without others is carried out.
    let status = round.request(&clients[1], 100).await;
    if !matches!(status, 200 | 201) {
        return Err(format!("round {number}: the last PUT has status {status}"));
    }
    let audit = clients[2].get("/api/dev/audit?limit=500").await;
    let of = |target: &str, actions: &[&str]| {
        let events = audit.body["events"].as_array().unwrap().iter();
        let wanted =
            |event: &&Value| event["target"] == target && actions.iter().any(|action| event["action"] == *action);
        events.filter(wanted).map(|event| event["id"].as_i64().unwrap()).max()
    };
    let rotated = of(&round.secret, &["secret.rotate"]);
    let started = of(
        &round.platform,
        &["platform.create", "platform.update", "platform.restart"],
    );
    if started <= rotated {
        return Err(format!("round {number}: started {started:?}, rotated {rotated:?}"));
    }
    let Some(runtime) = runtime else { return Ok(()) };
    let list = clients[0].get("/api/dev/secrets").await.body;
    let stored = list
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["name"] == *round.secret);
    let running = runtime.running(&round.platform).unwrap();
    let running = secret_fingerprint(&Secret::new(running.config["botToken"].as_str().unwrap()));
    (stored.unwrap()["fingerprint"] == running)
        .then_some(())
        .ok_or_else(|| format!("round {number}: {running} runs, and {stored:?} is stored"))
}

async fn create_agent(client: &JsonClient) {
    let body = json!({ "agentId": "owned", "name": "x" });
    client.post("/api/dev/agents", body).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_runs_with_the_last_value_on_three_processes() {
    let Some(database) = TestDatabase::create("vault_use_fleet").await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let (servers, clients) = processes(&database, dir.path()).await;
    create_agent(&clients[0]).await;
    for round in 0..round_count(ROUNDS) {
        rotations_and_puts(&clients, None, round).await.unwrap();
    }
    drop(servers);
    database.drop_now().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_runs_with_the_last_value_on_three_servers_with_one_runtime() {
    let Some(database) = TestDatabase::create("vault_use").await else {
        return;
    };
    let runtime = Arc::new(ScriptedRuntime::default());
    let mut servers: Vec<Server> = Vec::new();
    for _ in 0..3 {
        let mut options = ServerOptions::new(Storage::Postgres {
            url: database.url.clone(),
        });
        options.runtime = runtime.clone();
        options.encryption_key = Some(SecretString::from("7a".repeat(32)));
        servers.push(Server::open(options).await.unwrap());
    }
    let token = servers[0].bootstrap_token().unwrap();
    let clients: Vec<JsonClient> = servers
        .iter()
        .map(|server| JsonClient::new(server, token.expose_secret()))
        .collect();
    create_agent(&clients[0]).await;
    for round in 0..round_count(ROUNDS) {
        rotations_and_puts(&clients, Some(&runtime), round).await.unwrap();
    }
    drop(servers);
    database.drop_now().await;
}
