//! When requests are made: nothing before what it needs, nothing at the same time that must not be, never too much.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lobuctl::apply::{ApplyOptions, Cancel};
use lobuctl::plan::{PlanOptions, Prune, Target, plan};
use lobuctl::remote::{DetailsOf, Request, Response, RouterTransport, Scope, Transport, TransportError, fetch};
use lobuctl::resource::{Origins, State};
use proptest::prelude::*;

use crate::support::apply::organization::organization;
use crate::support::apply::request_name::request_name;
use crate::support::apply::test_server::{RunResult, TestServer};

/// A request from its beginning to its end; both are places in one row of moments.
#[derive(Debug, Clone)]
struct Span {
    name: String,
    path: String,
    start: usize,
    end: usize,
}

#[derive(Debug, Default)]
struct Clock {
    spans: Vec<Span>,
    moments: usize,
    in_flight: usize,
    most: usize,
}

/// Notes when each request begins and ends, and makes each take a while.
struct Watched {
    inner: RouterTransport,
    clock: Arc<Mutex<Clock>>,
}

impl Transport for Watched {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        async move {
            let place = {
                let mut clock = self.clock.lock().unwrap();
                clock.moments += 1;
                clock.in_flight += 1;
                clock.most = clock.most.max(clock.in_flight);
                let start = clock.moments;
                clock.spans.push(Span {
                    name: request_name(&request),
                    path: request.path.clone(),
                    start,
                    end: usize::MAX,
                });
                clock.spans.len() - 1
            };
            tokio::time::sleep(Duration::from_micros(300)).await;
            let answer = self.inner.send(request).await;
            let mut clock = self.clock.lock().unwrap();
            clock.moments += 1;
            clock.in_flight -= 1;
            clock.spans[place].end = clock.moments;
            answer
        }
        .boxed()
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }
}

async fn apply(server: &TestServer, desired: &State, prune: Prune, parallelism: usize) -> (RunResult, Clock) {
    let scope = Scope {
        agents: true,
        memory: true,
        watchers: None,
        data: None,
        details_of: DetailsOf::All,
        stable_ids: std::collections::BTreeSet::new(),
        rules_of: DetailsOf::All,
    };
    let remote = fetch(&server.client, &scope, &|_| {}).await.unwrap();
    let options = PlanOptions {
        prune,
        ..PlanOptions::default()
    };
    let draft = plan(desired, &remote, &Origins::default(), Target::default(), &options).unwrap();
    let clock = Arc::<Mutex<Clock>>::default();
    let client = TestServer::client_through(Watched {
        inner: server.transport(),
        clock: Arc::clone(&clock),
    });
    let options = ApplyOptions {
        parallelism,
        ..ApplyOptions::default()
    };
    let ran = server.apply_through(&client, &draft, options, Cancel::new()).await;
    assert_eq!(ran.progress.troubles().collect::<Vec<_>>(), vec![]);
    drop(client);
    let clock = std::mem::take(&mut *clock.lock().unwrap());
    (ran, clock)
}

fn assert_apart(spans: &[&Span]) {
    for (place, one) in spans.iter().enumerate() {
        for other in &spans[place + 1..] {
            assert!(one.end < other.start || other.end < one.start, "{one:?} and {other:?}");
        }
    }
}

fn assert_before(first: &[&Span], then: &[&Span]) {
    for (one, other) in first.iter().flat_map(|one| then.iter().map(move |other| (one, other))) {
        assert!(one.end < other.start, "{one:?} before {other:?}");
    }
}

impl Clock {
    fn named(&self, start: &str) -> Vec<&Span> {
        self.spans.iter().filter(|span| span.name.starts_with(start)).collect()
    }

    /// The order of work and the mutual exclusions, as far as creating and changing go.
    fn check(&self, desired: &State) {
        for agent in desired.agents.keys() {
            let (own, settings) = (
                self.named(&format!("agent {agent}")),
                self.named(&format!("settings {agent}")),
            );
            let platforms = self.named(&format!("platform {agent}-"));
            assert_before(&own, &settings);
            assert_before(&own, &platforms);
            assert_before(&settings, &platforms);
            let config = format!("/agents/{agent}/config");
            let all: Vec<&Span> = self.spans.iter().filter(|span| span.path.ends_with(&config)).collect();
            assert_apart(&all);
        }
        let ending = |span: &&Span, slug: &str| span.name.split(' ').next_back() == Some(slug);
        let schema = |slug: &str| -> Vec<&Span> { self.spans.iter().filter(|span| ending(span, slug)).collect() };
        for slug in desired.relationship_types.keys() {
            let all = schema(slug);
            assert_apart(&all);
            for entity in desired.entity_types.keys() {
                let mut writes = schema(entity);
                writes.retain(|span| !span.name.starts_with("read"));
                assert_before(&writes, &all);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn requests_keep_their_order_and_their_distance(before in organization(), desired in organization(), parallelism in 1_usize..20) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = TestServer::stored().await;
            let (_, clock) = apply(&server, &before, Prune::Nothing, parallelism).await;
            assert!(clock.most <= parallelism, "{} of {parallelism}", clock.most);
            clock.check(&before);
            let (_, clock) = apply(&server, &desired, Prune::Nothing, parallelism).await;
            assert!(clock.most <= parallelism, "{} of {parallelism}", clock.most);
            clock.check(&desired);
        });
    }
}
