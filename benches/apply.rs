//! The plan and the apply of a large organisation over a slow way to the server, concurrently and one request at a time.
//!
//! `cargo bench --bench apply` works on 1,000 agents, 3,000 platforms and 200 types with 20 ms for each request; it takes
//! some minutes, nearly all of them the sequential half. `LOBUCTL_BENCH_SCALE=10` does a tenth of it.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, missing_docs)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lobuctl::apply::{ApplyOptions, Cancel, Progress, Verdict, apply};
use lobuctl::plan::{Draft, PlanOptions, Selection, Target, plan, schedule};
use lobuctl::remote::{
    Client, DetailsOf, Request, Response, Retry, RouterTransport, Scope, Transport, TransportError, fetch,
};
use lobuctl::resource::{
    Agent, ConfigValue, EntityType, Origins, Platform, RelationshipType, Rule, Secret, Settings, State, field,
};
use lobuctl::server::{Server, ServerOptions};
use secrecy::ExposeSecret;
use serde_json::json;

const DELAY: Duration = Duration::from_millis(20);

struct Slow {
    inner: RouterTransport,
    requests: Arc<AtomicUsize>,
}

impl Transport for Slow {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        async move {
            tokio::time::sleep(DELAY).await;
            self.inner.send(request).await
        }
        .boxed()
    }

    fn describe(&self) -> String {
        "in process".to_owned()
    }
}

#[derive(Debug, Default)]
struct Times {
    read_empty: Duration,
    plan_all: Duration,
    apply: Duration,
    read_full: Duration,
    plan_none: Duration,
    requests: usize,
}

#[tokio::main]
async fn main() {
    let scale = std::env::var("LOBUCTL_BENCH_SCALE");
    let scale: usize = scale.ok().and_then(|value| value.parse().ok()).unwrap_or(1);
    let desired = organisation(1_000 / scale, 3_000 / scale, 200 / scale);
    println!(
        "{} agents, {} platforms, {} types, {} ms for each request",
        desired.agents.len(),
        desired.platforms.len(),
        desired.entity_types.len() + desired.relationship_types.len(),
        DELAY.as_millis()
    );
    let wide = measure(&desired, 16).await;
    let narrow = measure(&desired, 1).await;
    println!("{:<22} {:>12} {:>12} {:>8}", "", "16 at a time", "1 at a time", "ratio");
    row("read, nothing there", wide.read_empty, narrow.read_empty);
    row("plan, all to create", wide.plan_all, narrow.plan_all);
    row("apply", wide.apply, narrow.apply);
    row("read, all there", wide.read_full, narrow.read_full);
    row("plan, nothing to do", wide.plan_none, narrow.plan_none);
    println!("{:<22} {:>12} {:>12}", "requests", wide.requests, narrow.requests);
}

fn row(what: &str, wide: Duration, narrow: Duration) {
    let ratio = narrow.as_secs_f64() / wide.as_secs_f64().max(1e-9);
    println!(
        "{what:<22} {:>10.2} s {:>10.2} s {ratio:>7.1}x",
        wide.as_secs_f64(),
        narrow.as_secs_f64()
    );
}

async fn measure(desired: &State, parallelism: usize) -> Times {
    let server = Server::open(ServerOptions::memory()).await.unwrap();
    let token = server.bootstrap_token().unwrap().expose_secret().to_owned();
    let requests = Arc::new(AtomicUsize::new(0));
    let inner = RouterTransport::new(server.router(), Some(Secret::new(token)));
    let slow = Slow {
        inner,
        requests: Arc::clone(&requests),
    };
    let client = Client::new(Retry::new(Arc::new(slow)), "dev", parallelism);
    let mut times = Times::default();
    let start = Instant::now();
    let empty = read(&client, desired).await;
    times.read_empty = start.elapsed();
    let start = Instant::now();
    let draft = compare(desired, &empty);
    times.plan_all = start.elapsed();
    let start = Instant::now();
    carry_out(&client, &draft, parallelism).await;
    times.apply = start.elapsed();
    let start = Instant::now();
    let full = read(&client, desired).await;
    times.read_full = start.elapsed();
    let start = Instant::now();
    let again = compare(desired, &full);
    times.plan_none = start.elapsed();
    assert_eq!(again.plan.counts.changes(), 0, "the apply has to converge");
    times.requests = requests.load(Ordering::Relaxed);
    times
}

async fn read(client: &Client, desired: &State) -> State {
    let scope = Scope {
        agents: true,
        memory: true,
        settings_of: DetailsOf::These(desired.agents.keys().cloned().collect()),
        rules_of: DetailsOf::All,
    };
    fetch(client, &scope, &|_| {}).await.unwrap()
}

fn compare(desired: &State, remote: &State) -> Draft {
    plan(
        desired,
        remote,
        &Origins::default(),
        Target::default(),
        &PlanOptions::default(),
    )
    .unwrap()
}

async fn carry_out(client: &Client, draft: &Draft, parallelism: usize) {
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let options = ApplyOptions {
        parallelism,
        ..ApplyOptions::default()
    };
    let schedule = schedule(draft, &Selection::everything(&draft.plan));
    apply(schedule, Target::default(), client, options, Cancel::new(), sender).await;
    let mut progress = Progress::default();
    while let Ok(event) = receiver.try_recv() {
        progress.fold(&event);
    }
    assert_eq!(progress.verdict(), Verdict::Done);
}

fn organisation(agents: usize, platforms: usize, types: usize) -> State {
    let mut state = State::default();
    for index in 0..agents {
        let id = format!("agent-{index:04}");
        let agent = Agent {
            id: id.clone(),
            name: format!("Agent {index}"),
            description: Some("for the bench".into()),
        };
        let mut settings = Settings {
            agent: id.clone(),
            ..Settings::default()
        };
        settings.fields.insert(
            field::SOUL.to_owned(),
            json!(format!("You are agent {index}.\nBe kind.")),
        );
        settings.fields.insert(
            field::NETWORK.to_owned(),
            json!({"allowedDomains": ["example.com", ".example.org"]}),
        );
        state.agents.insert(id.clone(), agent);
        state.settings.insert(id, settings);
    }
    for index in 0..platforms {
        let agent = format!("agent-{:04}", index % agents);
        let mut platform = Platform::declared(&agent, "telegram", Some(&format!("desk-{}", index / agents)));
        platform.config.insert(
            "botToken".into(),
            ConfigValue::Secret(Secret::new(format!("{index}:bench"))),
        );
        platform
            .config
            .insert("mode".into(), ConfigValue::Plain(json!("webhook")));
        state.platforms.insert(platform.key(), platform);
    }
    for index in 0..types / 2 {
        let entity = entity_type(index);
        let relationship = relationship_type(index);
        state.entity_types.insert(entity.slug.clone(), entity);
        state.relationship_types.insert(relationship.slug.clone(), relationship);
    }
    state
}

fn entity_type(index: usize) -> EntityType {
    EntityType {
        slug: format!("thing-{index:03}"),
        name: format!("Thing {index}"),
        description: None,
        icon: None,
        color: None,
        metadata_schema: Some(json!({"type": "object", "properties": {"name": {"type": "string"}}})),
        event_kinds: None,
    }
}

fn relationship_type(index: usize) -> RelationshipType {
    let end = format!("thing-{index:03}");
    let rule = Rule {
        source: end.clone(),
        target: end,
    };
    RelationshipType {
        slug: format!("near-{index:03}"),
        name: format!("Near {index}"),
        description: None,
        metadata_schema: None,
        is_symmetric: None,
        inverse_type_slug: None,
        status: None,
        auto_create_when: None,
        rules: Some([(rule, Vec::new())].into()),
    }
}
