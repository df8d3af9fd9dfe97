//! How much longer each route takes in an organization of 100,000 agents among 1,000 organizations than in one of 1,000 agents
//! alone, on SQLite and, where `LOBU_TEST_POSTGRES` names one, on PostgreSQL.
//!
//! `cargo bench --bench scale`; `LOBUCTL_BENCH_AGENTS` is the number of agents of the large one. Requests go to the router
//! in this process. A list grows with its rows, so it is reported for each 1,000 of them.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use lobuctl::server::{Server, ServerOptions, Storage};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tower::ServiceExt;

/// The agents of the small organization.
const SMALL: usize = 1_000;
/// The organizations beside the large one.
const OTHERS: usize = 999;
/// The agents of each of them, and its pieces of knowledge.
const AGENTS_OF_OTHERS: usize = 10;
/// The number of times that each route is called.
const CALLS: usize = 2_000;
/// Calls at the same time.
const CLIENTS: usize = 8;

/// A route with one row in it.
#[derive(Clone, Copy)]
enum Route {
    Agent,
    Settings,
    ChangeSettings,
    Platforms,
    PutPlatform,
    CreateAgent,
    EntityTypes,
    SaveKnowledge,
    Search,
}

const ROUTES: [(&str, Route); 9] = [
    ("GET agent", Route::Agent),
    ("GET config", Route::Settings),
    ("PATCH config", Route::ChangeSettings),
    ("GET platforms", Route::Platforms),
    ("PUT platform", Route::PutPlatform),
    ("POST agent", Route::CreateAgent),
    ("list entity types", Route::EntityTypes),
    ("save_knowledge", Route::SaveKnowledge),
    ("knowledge/search", Route::Search),
];

/// A server, and the agents of one of its organizations.
#[derive(Clone)]
struct World {
    router: Router,
    token: Arc<str>,
    organization: &'static str,
    agents: usize,
}

impl World {
    async fn send(&self, method: &str, path: &str, body: Value) -> usize {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/{}{path}", self.organization))
            .header("authorization", format!("Bearer {}", self.token));
        let request = request.body(Body::from(body.to_string())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert!(response.status().is_success(), "{method} {path}: {}", response.status());
        to_bytes(response.into_body(), usize::MAX).await.unwrap().len()
    }

    /// Returns the id of an agent, which is one of a kind over all organizations.
    fn agent(&self, number: usize) -> String {
        format!("{}-agent-{number}", self.organization)
    }

    async fn create(&self, agent: usize) {
        let body = json!({ "agentId": self.agent(agent), "name": "scale" });
        self.send("POST", "/agents", body).await;
    }

    async fn call(&self, route: Route, call: usize) {
        // Spread over all agents by a step that has no factor in common with their number.
        let agent = self.agent(call * 7919 % self.agents);
        let base = format!("/agents/{agent}");
        match route {
            Route::Agent => self.send("GET", &base, json!(null)).await,
            Route::Settings => self.send("GET", &format!("{base}/config"), json!(null)).await,
            Route::ChangeSettings => {
                let body = json!({ "soulMd": format!("soul {call}") });
                self.send("PATCH", &format!("{base}/config"), body).await
            }
            Route::Platforms => self.send("GET", &format!("{base}/platforms"), json!(null)).await,
            Route::PutPlatform => {
                let body =
                    json!({ "platform": "telegram", "config": { "botToken": "1:T", "chatId": call.to_string() } });
                let path = format!("{base}/platforms/by-stable-id/{agent}-telegram");
                self.send("PUT", &path, body).await
            }
            Route::CreateAgent => {
                self.create(self.agents + call).await;
                0
            }
            Route::EntityTypes => {
                let body = json!({ "schema_type": "entity_type", "action": "list" });
                self.send("POST", "/manage_entity_schema", body).await
            }
            Route::SaveKnowledge => {
                let body =
                    json!({ "semantic_type": "note", "content": format!("word{} word{}", call % 97, call % 89) });
                self.send("POST", "/save_knowledge", body).await
            }
            Route::Search => {
                let path = format!("/knowledge/search?query=word{}", call % 97);
                self.send("GET", &path, json!(null)).await
            }
        };
    }

    /// Returns the 99th percentile of the calls of a route.
    async fn tail(&self, route: Route) -> Duration {
        let tasks: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let world = self.clone();
                tokio::spawn(async move {
                    let mut times = Vec::new();
                    for call in (client..CALLS).step_by(CLIENTS) {
                        let begun = Instant::now();
                        world.call(route, call).await;
                        times.push(begun.elapsed());
                    }
                    times
                })
            })
            .collect();
        let mut times = Vec::new();
        for task in tasks {
            times.extend(task.await.unwrap());
        }
        times.sort_unstable();
        times[times.len() * 99 / 100]
    }

    /// Returns the time of a list of all agents for each 1,000 of them, the middle one of five.
    async fn list(&self) -> Duration {
        let mut times = Vec::new();
        for _ in 0..5 {
            let begun = Instant::now();
            self.send("GET", "/agents", json!(null)).await;
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        times[2] * 1_000 / u32::try_from(self.agents).unwrap()
    }
}

/// Opens a server, whose first organization has this number of agents, beside others.
async fn world(storage: Storage, agents: usize, others: usize) -> World {
    let mut options = ServerOptions::new(storage);
    options.encryption_key = Some(SecretString::from("7a".repeat(32)));
    let server = Server::open(options).await.unwrap();
    let router = server.router();
    for other in 0..others {
        let slug: &'static str = format!("other-{other}").leak();
        server.create_organization(slug).await.unwrap();
        let token = server.create_admin_token(slug).await.unwrap();
        let world = World {
            router: router.clone(),
            token: token.expose_secret().into(),
            organization: slug,
            agents: AGENTS_OF_OTHERS,
        };
        for row in 0..AGENTS_OF_OTHERS {
            world.create(row).await;
            world.call(Route::SaveKnowledge, other + row).await;
        }
    }
    let world = World {
        token: server.bootstrap_token().unwrap().expose_secret().into(),
        router,
        organization: "dev",
        agents,
    };
    let tasks: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let world = world.clone();
            tokio::spawn(async move {
                for agent in (client..agents).step_by(CLIENTS) {
                    world.create(agent).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    world
}

async fn compare(name: &str, small: Storage, large: Storage, agents: usize) {
    let small = world(small, SMALL, 0).await;
    let begun = Instant::now();
    let large = world(large, agents, OTHERS).await;
    println!(
        "{name}: {agents} agents in one of {} organizations, written in {:.0} s, beside {SMALL} in the only one",
        OTHERS + 1,
        begun.elapsed().as_secs_f64()
    );
    for (label, route) in ROUTES {
        // One after the other, twice: what else the machine does meets both.
        let (first, second) = (small.tail(route).await, large.tail(route).await);
        println!(
            "  {label:<18} p99 {:>7.2} ms, {:>7.2} ms in the large one: ratio {:.2}",
            milliseconds(first),
            milliseconds(second),
            second.as_secs_f64() / first.as_secs_f64()
        );
    }
    let (first, second) = (small.list().await, large.list().await);
    println!(
        "  {:<18}     {:>7.2} ms, {:>7.2} ms for each 1,000 rows: ratio {:.2}",
        "list agents",
        milliseconds(first),
        milliseconds(second),
        second.as_secs_f64() / first.as_secs_f64()
    );
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

async fn on_postgres(base: &str, agents: usize) {
    let mut connection = PgConnection::connect(base).await.unwrap();
    let names = ["small", "large"].map(|size| format!("scale_{size}_{}", std::process::id()));
    let (host, _) = base.rsplit_once('/').unwrap();
    let mut storages = Vec::new();
    for name in &names {
        let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::query(create).execute(&mut connection).await.unwrap();
        storages.push(Storage::Postgres {
            url: SecretString::from(format!("{host}/{name}")),
        });
    }
    let large = storages.pop().unwrap();
    let small = storages.pop().unwrap();
    compare("PostgreSQL", small, large, agents).await;
    for name in &names {
        let drop = AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"));
        sqlx::query(drop).execute(&mut connection).await.unwrap();
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let asked = std::env::var("LOBUCTL_BENCH_AGENTS").ok();
    let agents: usize = asked.and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [small, large] = [&folders[0], &folders[1]].map(|folder| Storage::Sqlite {
        data_dir: folder.path().to_owned(),
    });
    compare("SQLite", small, large, agents).await;
    if let Ok(base) = std::env::var("LOBU_TEST_POSTGRES") {
        on_postgres(&base, agents).await;
    }
}
