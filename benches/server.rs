//! Reads and writes per second of the embedded server, and the 99th percentile, at 1, 16 and 64 clients, on SQLite and
//! (where `LOBU_TEST_POSTGRES` names one) on PostgreSQL, beside the same work over one database connection.
//!
//! `cargo bench --bench server`. Clients and server share the machine and talk over loopback.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lobuctl::server::{Server, ServerOptions, Storage};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

const CLIENTS: [usize; 3] = [1, 16, 64];
const AGENTS: usize = 64;
const TIME: Duration = Duration::from_millis(2500);

#[derive(Clone, Copy)]
enum Work {
    /// `GET …/config`
    Read,
    /// `PATCH …/config` of an agent of one's own
    Settings,
    /// `PUT …/platforms/by-stable-id/…` that changes something
    Platform,
}

#[derive(Clone)]
struct Caller {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Caller {
    async fn send(&self, method: reqwest::Method, path: &str, body: serde_json::Value) {
        let request = self
            .http
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(&self.token);
        let response = request.body(body.to_string()).send().await.unwrap();
        assert!(response.status().is_success(), "{}", response.status());
        response.bytes().await.unwrap();
    }

    async fn work(&self, work: Work, agent: usize, step: u64) {
        let base = format!("/api/dev/agents/agent-{agent}");
        match work {
            Work::Read => {
                self.send(reqwest::Method::GET, &format!("{base}/config"), json!(null))
                    .await;
            }
            Work::Settings => {
                let body =
                    json!({ "soulMd": format!("soul {step}"), "networkConfig": { "allowedDomains": ["a.com"] } });
                self.send(reqwest::Method::PATCH, &format!("{base}/config"), body).await;
            }
            Work::Platform => {
                let config = json!({ "botToken": "123456:SECRETTOKEN", "chatId": step.to_string() });
                let body = json!({ "platform": "telegram", "config": config });
                let path = format!("{base}/platforms/by-stable-id/agent-{agent}-telegram");
                self.send(reqwest::Method::PUT, &path, body).await;
            }
        }
    }
}

async fn measure(caller: &Caller, clients: usize, work: Work) -> (f64, f64) {
    let stop = Arc::new(AtomicBool::new(false));
    let started = Instant::now();
    let tasks: Vec<_> = (0..clients)
        .map(|client| {
            let (caller, stop) = (caller.clone(), stop.clone());
            tokio::spawn(async move {
                let (mut times, mut step) = (Vec::new(), 0);
                while !stop.load(Ordering::Relaxed) {
                    let from = Instant::now();
                    caller.work(work, client % AGENTS, step).await;
                    times.push(from.elapsed().as_secs_f64() * 1000.0);
                    step += 1;
                }
                times
            })
        })
        .collect();
    tokio::time::sleep(TIME).await;
    stop.store(true, Ordering::Relaxed);
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.unwrap());
    }
    let elapsed = started.elapsed().as_secs_f64();
    times.sort_by(f64::total_cmp);
    let p99 = times[(times.len() * 99 / 100).min(times.len() - 1)];
    (times.len() as f64 / elapsed, p99)
}

async fn bench(name: &str, storage: Storage, connections: u32) {
    let mut options = ServerOptions::new(storage);
    options.connections = connections;
    options.encryption_key = Some(SecretString::from("7a".repeat(32)));
    let server = Server::open(options).await.unwrap();
    let token = server.bootstrap_token().unwrap().expose_secret().to_owned();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(server.serve(listener, async move {
        let _ = stopped.await;
    }));
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let caller = Caller { http, url, token };
    for agent in 0..AGENTS {
        let body = json!({ "agentId": format!("agent-{agent}"), "name": "bench" });
        caller.send(reqwest::Method::POST, "/api/dev/agents", body).await;
    }
    for (label, work) in [
        ("read", Work::Read),
        ("settings", Work::Settings),
        ("platform", Work::Platform),
    ] {
        for clients in CLIENTS {
            let (rate, p99) = measure(&caller, clients, work).await;
            println!("{name:<28} {label:<9} {clients:>3} clients {rate:>8.0}/s   p99 {p99:>7.1} ms");
        }
    }
    drop((stop, caller));
    serving.await.unwrap().unwrap();
}

async fn on_postgres(base: &str, name: &str, connections: u32) {
    let mut connection = PgConnection::connect(base).await.unwrap();
    let database = format!("bench_{}_{connections}", std::process::id());
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {database}")))
        .execute(&mut connection)
        .await
        .unwrap();
    let (server, _) = base.rsplit_once('/').unwrap();
    let url = SecretString::from(format!("{server}/{database}"));
    bench(name, Storage::Postgres { url }, connections).await;
    let drop = format!("DROP DATABASE {database} WITH (FORCE)");
    sqlx::query(AssertSqlSafe(drop)).execute(&mut connection).await.unwrap();
}

fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        for (name, connections) in [("SQLite", ServerOptions::CONNECTIONS), ("SQLite, one connection", 1)] {
            let dir = tempfile::tempdir().unwrap();
            bench(
                name,
                Storage::Sqlite {
                    data_dir: dir.path().to_owned(),
                },
                connections,
            )
            .await;
        }
        let Ok(base) = std::env::var("LOBU_TEST_POSTGRES") else {
            println!("PostgreSQL: skipped, LOBU_TEST_POSTGRES is not set");
            return;
        };
        on_postgres(&base, "PostgreSQL", ServerOptions::CONNECTIONS).await;
        on_postgres(&base, "PostgreSQL, one connection", 1).await;
    });
}
