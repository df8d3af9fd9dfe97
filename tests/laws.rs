//! The laws of a plan, for organisations made up by chance: what was there, and what the files say now.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lobuctl::apply::{ApplyOptions, Cancel};
use lobuctl::plan::{ChangeKind, Draft, Plan, PlanOptions, Prune, Target, Verb, plan};
use lobuctl::remote::{Method, Request, Response, RouterTransport, Scope, Transport, TransportError, fetch};
use lobuctl::report::{ansi, markdown};
use lobuctl::resource::{Address, ConfigValue, Origins, State};
use lobuctl::show::change::Detail;
use lobuctl::show::plan::{PlanView, plan_lines};
use proptest::prelude::*;
use serde_json::Value;

use super::support::organisation::{PLANTED, organisation};
use super::support::peer::Peer;

fn cases(count: u32) -> ProptestConfig {
    ProptestConfig {
        cases: count,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..ProptestConfig::default()
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

fn compare(desired: &State, remote: &State, prune: Prune) -> Draft {
    let options = PlanOptions { prune, recheck: true };
    plan(desired, remote, &Origins::default(), Target::default(), &options).unwrap()
}

async fn read(peer: &Peer, desired: &State) -> State {
    let scope = Scope {
        agents: true,
        memory: true,
        settings_of: desired.agents.keys().cloned().collect(),
    };
    fetch(&peer.client, &scope, &|_| {}).await.unwrap()
}

/// A server on which `before` was applied.
async fn server_with(before: &State) -> Peer {
    let peer = Peer::stored().await;
    let draft = compare(before, &read(&peer, before).await, Prune::Nothing);
    peer.apply_well(&draft).await;
    peer
}

/// Notes what every write is for.
struct Recorder {
    inner: RouterTransport,
    written: Arc<Mutex<BTreeSet<String>>>,
}

impl Transport for Recorder {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        if let Some(what) = written(&request) {
            self.written.lock().unwrap().insert(what);
        }
        async move { self.inner.send(request).await }.boxed()
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }
}

/// What a request changes: `agent aaa`, `platform aaa-slack`, `entity_type person`; nothing for a read.
fn written(request: &Request) -> Option<String> {
    if !request.writes {
        return None;
    }
    let body = request.body.as_ref().map(lobuctl::remote::Body::bytes);
    let body: Value = body
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    let parts: Vec<&str> = request.path.split('/').skip(3).collect();
    Some(match (request.method, parts.as_slice()) {
        (Method::Post, ["agents"]) => format!("agent {}", text("agentId")),
        (_, ["agents", id]) => format!("agent {id}"),
        (_, ["agents", id, "config"]) => format!("settings {id}"),
        (_, ["agents", _, "platforms", "by-stable-id", id] | ["agents", _, "platforms", id]) => {
            format!("platform {id}")
        }
        (Method::Post, ["manage_entity_schema"]) => format!("{} {}", text("schema_type"), text("slug")),
        other => panic!("an unexpected write: {other:?}"),
    })
}

fn spelled(address: &Address) -> String {
    match address {
        Address::Platform { .. } => format!("platform {}", address.stable_id().unwrap()),
        Address::EntityType { slug } => format!("entity_type {slug}"),
        Address::RelationshipType { slug } => format!("relationship_type {slug}"),
        other => format!("{} {}", other.kind(), other.id()),
    }
}

fn everything_said(plan: &Plan) -> String {
    let view = PlanView {
        all: true,
        detail: Detail::FULL,
    };
    let text = ansi::to_text(&plan_lines(plan, view));
    format!(
        "{text}\n{}\n{}",
        serde_json::to_string(plan).unwrap(),
        markdown::plan(plan)
    )
}

/// The values of everything that a plan calls drift.
fn left_alone(draft: &Draft) -> BTreeMap<String, Value> {
    let mut values = BTreeMap::new();
    for row in &draft.plan.rows {
        if row.verb == Verb::Drift {
            values.insert(row.address.to_string(), Value::Null);
        }
        for change in row.changes.iter().filter(|change| change.kind == ChangeKind::Drift) {
            let value = serde_json::to_value(&change.before).unwrap();
            values.insert(format!("{} {}", row.address, change.path), value);
        }
    }
    values
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn an_apply_converges_writes_what_the_plan_says_and_loses_nothing(before in organisation(), desired in organisation()) {
        block_on(async {
            let peer = server_with(&before).await;
            let draft = compare(&desired, &read(&peer, &desired).await, Prune::Nothing);
            let written = Arc::<Mutex<BTreeSet<String>>>::default();
            let recorder = Recorder { inner: peer.transport(), written: Arc::clone(&written) };
            let client = Peer::client_through(recorder);
            let ran = peer.apply_through(&client, &draft, ApplyOptions::default(), Cancel::new()).await;
            assert_eq!(ran.progress.troubles().collect::<Vec<_>>(), vec![]);
            let promised: BTreeSet<String> =
                draft.plan.rows.iter().filter(|row| row.writes()).map(|row| spelled(&row.address)).collect();
            assert_eq!(*written.lock().unwrap(), promised, "written, against promised");
            let again = compare(&desired, &read(&peer, &desired).await, Prune::Nothing);
            assert_eq!(again.plan.counts.changes(), 0, "{}", everything_said(&again.plan));
            assert_eq!(left_alone(&again), left_alone(&draft));
            let events = serde_json::to_string(&ran.events).unwrap();
            assert!(!events.contains(PLANTED), "{events}");
        });
    }

    #[test]
    fn pruning_leaves_only_what_the_files_say(before in organisation(), desired in organisation()) {
        block_on(async {
            let peer = server_with(&before).await;
            let draft = compare(&desired, &read(&peer, &desired).await, Prune::Everything);
            peer.apply_well(&draft).await;
            let again = compare(&desired, &read(&peer, &desired).await, Prune::Nothing);
            assert_eq!(again.plan.counts.changes(), 0, "{}", everything_said(&again.plan));
            assert_eq!(left_alone(&again), BTreeMap::new());
        });
    }
}

/// What a server would tell of a state: nothing but names hides its secrets here.
fn as_remote(mut state: State) -> State {
    for platform in state.platforms.values_mut() {
        for value in platform
            .config
            .values_mut()
            .filter(|value| matches!(value, ConfigValue::Secret(_)))
        {
            *value = ConfigValue::Redacted;
        }
    }
    state
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn no_secret_is_in_a_plan(before in organisation(), desired in organisation(), hidden: bool, prune: bool) {
        let remote = if hidden { as_remote(before) } else { before };
        let prune = if prune { Prune::Everything } else { Prune::Nothing };
        let said = everything_said(&compare(&desired, &remote, prune).plan);
        prop_assert!(!said.contains(PLANTED), "{}", said);
    }

    #[test]
    fn the_same_input_gives_the_same_bytes(before in organisation(), desired in organisation()) {
        let one = everything_said(&compare(&desired, &before, Prune::Nothing).plan);
        let other = everything_said(&compare(&desired.clone(), &before.clone(), Prune::Nothing).plan);
        prop_assert_eq!(one, other);
    }

    #[test]
    fn a_state_against_itself_is_all_noop(state in organisation()) {
        let plan = compare(&state, &state, Prune::Everything).plan;
        prop_assert_eq!(plan.counts.changes(), 0);
        prop_assert_eq!(plan.counts.recheck, 0);
        prop_assert!(!plan.counts.has_drift());
    }

    #[test]
    fn counts_are_those_of_the_rows(before in organisation(), desired in organisation()) {
        let plan = compare(&desired, &before, Prune::Nothing).plan;
        let count = |verb: Verb| plan.rows.iter().filter(|row| row.verb == verb).count();
        prop_assert_eq!(plan.counts.create, count(Verb::Create));
        prop_assert_eq!(plan.counts.update, count(Verb::Update));
        prop_assert_eq!(plan.counts.noop, count(Verb::Noop));
        prop_assert_eq!(plan.counts.drift, count(Verb::Drift));
        let mut sorted = plan.rows.iter().map(|row| row.address.clone()).collect::<Vec<_>>();
        sorted.sort();
        sorted.dedup();
        prop_assert_eq!(sorted, plan.rows.iter().map(|row| row.address.clone()).collect::<Vec<_>>());
    }
}
