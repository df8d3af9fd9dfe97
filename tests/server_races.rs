//! The promises that many at once put to the test: on SQLite in every run, on PostgreSQL with one, two and three
//! servers on one database where there is one; and the proof that a server that looks before it writes is caught.

use std::sync::Arc;

use lobuctl::server::runtime::ScriptedRuntime;
use lobuctl::server::{Server, ServerOptions, Storage};
use secrecy::{ExposeSecret, SecretString};

use crate::support::program::serve_process::ServeProcess;
use crate::support::server::postgres::TestDatabase;
use crate::support::server::race::{self, RaceClients, RaceResult, round_count};
use crate::support::server::racy;
use crate::support::server::{JsonClient, open};

const ROUNDS: usize = 120;
const POSTGRES_ROUNDS: usize = 36;

/// Runs a check for many rounds. The error names the round that failed, and why.
async fn rounds(
    name: &str,
    check: impl AsyncFn(&RaceClients, usize) -> RaceResult,
    racers: &RaceClients,
    rounds: usize,
) -> RaceResult {
    for round in 0..rounds {
        check(racers, round)
            .await
            .map_err(|why| format!("{name} round {round}: {why}"))?;
    }
    Ok(())
}

/// Every check, as verdicts with their names.
async fn all(racers: &RaceClients, count: usize) -> Vec<RaceResult> {
    vec![
        rounds("agents", race::agent_creates, racers, count).await,
        rounds("operator", race::changes_after_a_create, racers, count).await,
        rounds("identical", race::identical_puts, racers, count).await,
        rounds("different", race::different_puts, racers, count).await,
        rounds("rolled_back", race::failing_starts, racers, count).await,
        rounds("settings", race::settings_patches, racers, count).await,
        rounds("rules", race::rule_adds, racers, count).await,
    ]
}

fn options(storage: Storage, runtime: &Arc<ScriptedRuntime>) -> ServerOptions {
    let mut options = ServerOptions::new(storage);
    options.runtime = runtime.clone();
    options
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_keeps_its_promises() {
    let runtime = Arc::new(ScriptedRuntime::default());
    let dir = tempfile::tempdir().unwrap();
    let storage = Storage::Sqlite {
        data_dir: dir.path().to_owned(),
    };
    let (server, token) = open(options(storage, &runtime)).await;
    let racers = RaceClients {
        clients: vec![JsonClient::new(&server, &token)],
        runtime: Some(runtime),
    };
    let count = round_count(ROUNDS);
    for verdict in all(&racers, count).await {
        verdict.unwrap();
    }
    rounds("types", race::type_creates_and_deletes, &racers, count / 4)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_checks_catch_a_server_that_looks_before_it_writes() {
    let runtime = Arc::new(ScriptedRuntime::default());
    let client = JsonClient::over(racy::router(runtime.clone()), "token");
    let racers = RaceClients {
        clients: vec![client],
        runtime: Some(runtime),
    };
    for verdict in all(&racers, ROUNDS).await {
        let why = verdict.expect_err("a check that a naive server passes checks nothing");
        eprintln!("caught: {why}");
    }
}

/// Several servers, each with its own locks and pools, on one database.
async fn on_postgres(purpose: &str, servers: usize) {
    let Some(database) = TestDatabase::create(purpose).await else {
        return;
    };
    let runtime = Arc::new(ScriptedRuntime::default());
    let mut open_servers: Vec<Server> = Vec::new();
    for _ in 0..servers {
        let mut options = options(
            Storage::Postgres {
                url: database.url.clone(),
            },
            &runtime,
        );
        options.encryption_key = Some(SecretString::from("7a".repeat(32)));
        open_servers.push(Server::open(options).await.unwrap());
    }
    let token = open_servers[0].bootstrap_token().unwrap();
    assert!(
        open_servers
            .iter()
            .skip(1)
            .all(|server| server.bootstrap_token().is_none()),
        "one first start"
    );
    let clients = open_servers
        .iter()
        .map(|server| JsonClient::new(server, token.expose_secret()))
        .collect();
    let racers = RaceClients {
        clients,
        runtime: Some(runtime),
    };
    let count = round_count(POSTGRES_ROUNDS);
    for verdict in all(&racers, count).await {
        verdict.unwrap();
    }
    rounds("types", race::type_creates_and_deletes, &racers, count / 4)
        .await
        .unwrap();
    drop(open_servers);
    database.drop_now().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_keeps_its_promises() {
    on_postgres("races_one", 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_on_one_postgres_keep_their_promises() {
    on_postgres("races_two", 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_servers_on_one_postgres_keep_their_promises() {
    on_postgres("races_three", 3).await;
}

/// The same with processes of their own, which share nothing but the database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_processes_on_one_postgres_keep_their_promises() {
    let Some(database) = TestDatabase::create("races_processes").await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let start = |at: usize| ServeProcess::on_postgres(&dir.path().join(at.to_string()), &database.url);
    let first = start(0);
    let token = first.token();
    let processes = [first, start(1), start(2)];
    for count in [2, 3] {
        let clients = processes
            .iter()
            .take(count)
            .map(|process| JsonClient::at(&process.url, &token))
            .collect();
        let racers = RaceClients { clients, runtime: None };
        let from = count * POSTGRES_ROUNDS;
        let shifted = async |racers: &RaceClients, round: usize| {
            let round = round + from;
            race::agent_creates(racers, round).await?;
            race::changes_after_a_create(racers, round).await?;
            race::identical_puts(racers, round).await?;
            race::different_puts(racers, round).await?;
            race::settings_patches(racers, round).await?;
            race::rule_adds(racers, round).await?;
            race::type_creates_and_deletes(racers, round).await
        };
        rounds("processes", shifted, &racers, POSTGRES_ROUNDS / 3)
            .await
            .unwrap();
    }
    drop(processes);
    database.drop_now().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_start_at_once_make_one_first_start() {
    let Some(database) = TestDatabase::create("first_start").await else {
        return;
    };
    let runtime = Arc::new(ScriptedRuntime::default());
    let opening: Vec<_> = (0..3)
        .map(|_| {
            let mut options = options(
                Storage::Postgres {
                    url: database.url.clone(),
                },
                &runtime,
            );
            options.encryption_key = Some(SecretString::from("7a".repeat(32)));
            tokio::spawn(Server::open(options))
        })
        .collect();
    let mut tokens = 0;
    let mut servers = Vec::new();
    for open in opening {
        let server = open.await.unwrap().unwrap();
        tokens += usize::from(server.bootstrap_token().is_some());
        servers.push(server);
    }
    assert_eq!(tokens, 1);
    drop(servers);
    database.drop_now().await;
}

/// Two organizations want one id: one of them gets it, and only its own clients receive 200.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_belongs_to_one_organization_however_many_ask() {
    let runtime = Arc::new(ScriptedRuntime::default());
    let dir = tempfile::tempdir().unwrap();
    let storage = Storage::Sqlite {
        data_dir: dir.path().to_owned(),
    };
    let (server, token) = open(options(storage, &runtime)).await;
    server.create_organization("other").await.unwrap();
    let other = server.create_admin_token("other").await.unwrap();
    let dev = JsonClient::new(&server, &token);
    let clients = [("dev", dev.clone()), ("other", dev.with_token(other.expose_secret()))];
    for round in 0..ROUNDS / 4 {
        let body = serde_json::json!({ "agentId": format!("wanted-{round}"), "name": "n" });
        let tasks: Vec<_> = (0..6)
            .map(|at| {
                let ((slug, client), body) = (clients[at % 2].clone(), body.clone());
                tokio::spawn(async move {
                    (
                        slug,
                        client.post(&format!("/api/{slug}/agents"), body).await.status.as_u16(),
                    )
                })
            })
            .collect();
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.unwrap());
        }
        let winner = answers.iter().find(|answer| answer.1 == 201).unwrap().0;
        let fits = |(slug, status): &(&str, u16)| *status == 201 || *status == if *slug == winner { 200 } else { 409 };
        let created = answers.iter().filter(|answer| answer.1 == 201).count();
        assert!(created == 1 && answers.iter().all(fits), "round {round}: {answers:?}");
    }
}
