//! The plan and the apply of a large organization over several lines to the server: with the number of requests that the
//! client chooses by itself, and with fixed ones.
//!
//! `cargo bench --bench apply` works on 100 agents, 300 platforms and 20 types; it takes some minutes, nearly all of them
//! with one request at a time. With `LOBUCTL_BENCH_AGENTS=1000` there are ten times as many of each, and numbers below 16
//! are left out.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, missing_docs)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lobuctl::apply::{ApplyOptions, Cancel, Progress, Verdict, apply};
use lobuctl::plan::{Draft, PlanOptions, Selection, Target, plan, schedule};
use lobuctl::redact::Redactor;
use lobuctl::remote::{
    Client, DetailsOf, Request, Response, Retry, RouterTransport, Scope, Transport, TransportError, fetch,
};
use lobuctl::resource::{
    Agent, ConfigValue, EntityType, Origins, Platform, RelationshipType, Rule, Secret, Settings, State, field,
};
use lobuctl::server::{Server, ServerOptions, Storage};
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::sync::Mutex;

/// The ceiling of the number that the client chooses, which is the default of `--parallelism`.
const CEILING: usize = 64;

/// The way to a server.
#[derive(Clone, Copy)]
struct Line {
    name: &'static str,
    /// How long each request is on its way.
    delay: Duration,
    /// How long the server's only core works on each request, if it has only one.
    work: Option<Duration>,
}

const LINES: [Line; 4] = [
    Line {
        name: "no delay",
        delay: Duration::ZERO,
        work: None,
    },
    Line {
        name: "20 ms",
        delay: Duration::from_millis(20),
        work: None,
    },
    Line {
        name: "100 ms",
        delay: Duration::from_millis(100),
        work: None,
    },
    Line {
        name: "one slow core",
        delay: Duration::ZERO,
        work: Some(Duration::from_millis(3)),
    },
];

/// How many requests are sent at a time.
#[derive(Clone, Copy)]
enum Width {
    Chosen,
    Fixed(usize),
}

impl Width {
    /// Returns a client that knows the secrets from the start, as that of the program does.
    fn client(self, transport: Slow, redactor: &Redactor) -> Client {
        let retry = Retry::new(Arc::new(transport));
        let client = match self {
            Self::Chosen => Client::new(retry, "dev", CEILING),
            Self::Fixed(number) => Client::at_fixed_parallelism(retry, "dev", number),
        };
        client.redacting(redactor.clone())
    }
}

struct Slow {
    inner: RouterTransport,
    line: Line,
    core: Arc<Mutex<()>>,
}

impl Transport for Slow {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        async move {
            tokio::time::sleep(self.line.delay).await;
            if let Some(work) = self.line.work {
                let _core = self.core.lock().await;
                tokio::time::sleep(work).await;
            }
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
    apply: Duration,
    plan: Duration,
}

#[tokio::main]
async fn main() {
    let agents = std::env::var("LOBUCTL_BENCH_AGENTS");
    let agents: usize = agents.ok().and_then(|value| value.parse().ok()).unwrap_or(100);
    let desired = organization(agents, agents * 3, agents / 5);
    let widths: Vec<usize> = [1, 4, 16, 64]
        .into_iter()
        .filter(|it| agents <= 100 || *it >= 16)
        .collect();
    println!(
        "{} agents, {} platforms, {} types",
        desired.agents.len(),
        desired.platforms.len(),
        desired.entity_types.len() + desired.relationship_types.len(),
    );
    for line in LINES {
        let chosen = measure(&desired, line, Width::Chosen).await;
        println!("{}:", line.name);
        row("chosen", &chosen, &chosen);
        for width in &widths {
            let fixed = measure(&desired, line, Width::Fixed(*width)).await;
            row(&format!("{width} at a time"), &fixed, &chosen);
        }
    }
}

fn row(what: &str, times: &Times, chosen: &Times) {
    let ratio = |it: Duration, chosen: Duration| it.as_secs_f64() / chosen.as_secs_f64().max(1e-9);
    println!(
        "  {what:<14} plan {:>7.2} s {:>6.2}x   first apply {:>7.2} s {:>6.2}x",
        times.plan.as_secs_f64(),
        ratio(times.plan, chosen.plan),
        times.apply.as_secs_f64(),
        ratio(times.apply, chosen.apply),
    );
}

async fn measure(desired: &State, line: Line, width: Width) -> Times {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::Sqlite {
        data_dir: folder.path().to_owned(),
    };
    let server = Server::open(ServerOptions::new(storage)).await.unwrap();
    let token = server.bootstrap_token().unwrap().expose_secret().to_owned();
    let slow = |line| Slow {
        inner: RouterTransport::new(server.router(), Some(Secret::new(token.clone()))),
        line,
        core: Arc::default(),
    };
    let redactor = Redactor::default();
    let values = desired.platforms.values().flat_map(|it| it.config.values());
    redactor.add(values.filter_map(ConfigValue::secret));
    let client = width.client(slow(line), &redactor);
    let start = Instant::now();
    let empty = read(&client, desired).await;
    carry_out(&client, &compare(desired, &empty)).await;
    let apply = start.elapsed();
    // A plan is a run of its own: it starts without what the apply has learned of the server.
    let client = width.client(slow(line), &redactor);
    let start = Instant::now();
    let again = compare(desired, &read(&client, desired).await);
    let plan = start.elapsed();
    assert_eq!(again.plan.counts.changes(), 0, "the apply has to converge");
    Times { apply, plan }
}

async fn read(client: &Client, desired: &State) -> State {
    let scope = Scope {
        agents: true,
        memory: true,
        watchers: None,
        data: None,
        details_of: DetailsOf::These(desired.agents.keys().cloned().collect()),
        stable_ids: BTreeSet::new(),
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

async fn carry_out(client: &Client, draft: &Draft) {
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let options = ApplyOptions::default();
    let schedule = schedule(draft, &Selection::everything(&draft.plan));
    apply(schedule, Target::default(), client, options, Cancel::new(), sender).await;
    let mut progress = Progress::default();
    while let Ok(event) = receiver.try_recv() {
        progress.fold(&event);
    }
    assert_eq!(progress.verdict(), Verdict::Done);
}

fn organization(agents: usize, platforms: usize, types: usize) -> State {
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
        settings
            .fields
            .insert(field::SOUL, json!(format!("You are agent {index}.\nBe kind.")));
        settings.fields.insert(
            field::NETWORK,
            json!({"allowedDomains": ["example.com", ".example.org"]}),
        );
        state.agents.insert(id.clone(), agent.into());
        state.settings.insert(id, settings.into());
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
        state.platforms.insert(platform.key(), platform.into());
    }
    for index in 0..types / 2 {
        let entity = entity_type(index);
        let relationship = relationship_type(index);
        state.entity_types.insert(entity.slug.clone(), entity.into());
        state
            .relationship_types
            .insert(relationship.slug.clone(), relationship.into());
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
