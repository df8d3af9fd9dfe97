//! The laws of a plan, for organizations made up by chance: what was there, and what the files say now.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lobuctl::apply::{ApplyOptions, Cancel};
use lobuctl::plan::{ChangeKind, Draft, Plan, Prune, Verb};
use lobuctl::remote::{Request, Response, RouterTransport, Transport, TransportError};
use lobuctl::report::{ansi, markdown};
use lobuctl::resource::{Address, ConfigValue, State};
use lobuctl::show::change::Detail;
use lobuctl::show::plan::{PlanView, plan_lines};
use proptest::prelude::*;
use serde_json::Value;

use crate::support::apply::organization::{PLANTED, organization};
use crate::support::apply::request_name::row_name;
use crate::support::apply::test_server::{TestServer, plan_states};

pub(crate) fn cases(count: u32) -> ProptestConfig {
    ProptestConfig {
        cases: count,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..ProptestConfig::default()
    }
}

pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

/// A server on which `before` was applied.
pub(crate) async fn server_with(before: &State) -> TestServer {
    let server = TestServer::stored().await;
    let draft = server.plan_state(before, Prune::Nothing).await;
    server.apply_well(&draft).await;
    server
}

/// Records the row that each write belongs to.
struct Recorder {
    inner: RouterTransport,
    written: Arc<Mutex<BTreeSet<String>>>,
}

impl Transport for Recorder {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        if request.writes {
            self.written.lock().unwrap().insert(row_name(&request));
        }
        async move { self.inner.send(request).await }.boxed()
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }
}

/// Returns the name that `row_name` gives to the writes of a row.
fn name_of(address: &Address) -> String {
    match address {
        Address::Platform { .. } => format!("platform {}", address.stable_id().unwrap()),
        Address::EntityType { slug } => format!("entity_type {slug}"),
        Address::RelationshipType { slug } => format!("relationship_type {slug}"),
        other => format!("{} {}", other.kind(), other.id()),
    }
}

/// Renders a plan as text, JSON and Markdown.
fn rendered(plan: &Plan) -> String {
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

/// Returns the drift of a plan, with its values.
fn drift(draft: &Draft) -> BTreeMap<String, Value> {
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
    fn an_apply_converges_writes_what_the_plan_says_and_loses_nothing(before in organization(), desired in organization()) {
        block_on(async {
            let server = server_with(&before).await;
            let draft = server.plan_state(&desired, Prune::Nothing).await;
            let written = Arc::<Mutex<BTreeSet<String>>>::default();
            let recorder = Recorder { inner: server.transport(), written: Arc::clone(&written) };
            let client = TestServer::client_through(recorder);
            let ran = server.apply_through(&client, &draft, ApplyOptions::default(), Cancel::new()).await;
            assert_eq!(ran.progress.troubles().collect::<Vec<_>>(), vec![]);
            let promised: BTreeSet<String> =
                draft.plan.rows.iter().filter(|row| row.writes()).map(|row| name_of(&row.address)).collect();
            assert_eq!(*written.lock().unwrap(), promised, "written, against promised");
            let again = server.plan_state(&desired, Prune::Nothing).await;
            assert_eq!(again.plan.counts.changes(), 0, "{}", rendered(&again.plan));
            assert_eq!(drift(&again), drift(&draft));
            let events = serde_json::to_string(&ran.events).unwrap();
            assert!(!events.contains(PLANTED), "{events}");
        });
    }

    #[test]
    fn marking_every_drift_is_the_same_as_pruning_everything(before in organization(), desired in organization()) {
        let drifted = plan_states(&desired, &before, Prune::Nothing).plan.rows.into_iter();
        let drifted = drifted.filter(|row| row.verb == Verb::Drift || row.has_field_drift());
        let marked = Prune::Only(drifted.map(|row| row.address.clone()).collect());
        let plans = [marked, Prune::Everything].map(|prune| plan_states(&desired, &before, prune).plan);
        prop_assert_eq!(&plans[0], &plans[1]);
    }

    #[test]
    fn pruning_leaves_only_what_the_files_say(before in organization(), desired in organization()) {
        block_on(async {
            let server = server_with(&before).await;
            let draft = server.plan_state(&desired, Prune::Everything).await;
            server.apply_well(&draft).await;
            let again = server.plan_state(&desired, Prune::Nothing).await;
            assert_eq!(again.plan.counts.changes(), 0, "{}", rendered(&again.plan));
            assert_eq!(drift(&again), BTreeMap::new());
        });
    }
}

/// Returns the state as a server reports it: with every secret redacted.
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
    fn no_secret_is_in_a_plan(before in organization(), desired in organization(), hidden: bool, prune: bool) {
        let remote = if hidden { as_remote(before) } else { before };
        let prune = if prune { Prune::Everything } else { Prune::Nothing };
        let said = rendered(&plan_states(&desired, &remote, prune).plan);
        prop_assert!(!said.contains(PLANTED), "{}", said);
    }

    #[test]
    fn the_same_input_gives_the_same_bytes(before in organization(), desired in organization()) {
        let one = rendered(&plan_states(&desired, &before, Prune::Nothing).plan);
        let other = rendered(&plan_states(&desired.clone(), &before.clone(), Prune::Nothing).plan);
        prop_assert_eq!(one, other);
    }

    #[test]
    fn a_state_against_itself_is_all_noop(state in organization()) {
        let plan = plan_states(&state, &state, Prune::Everything).plan;
        prop_assert_eq!(plan.counts.changes(), 0);
        prop_assert_eq!(plan.counts.recheck, 0);
        prop_assert!(!plan.counts.has_drift());
    }

    #[test]
    fn counts_are_those_of_the_rows(before in organization(), desired in organization()) {
        let plan = plan_states(&desired, &before, Prune::Nothing).plan;
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
