//! Faults at every request of an apply: what the report says is compared, row by row, with what the server's own database
//! has, and the next clean run has to converge.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use lobuctl::apply::event::Outcome;
use lobuctl::apply::{ApplyOptions, Cancel, Status};
use lobuctl::config::Project;
use lobuctl::plan::{Draft, Plan, PlanOptions, Prune, Target, Verb, plan};
use lobuctl::remote::Request;
use lobuctl::resource::{Address, Platform, State};

use crate::support::apply::faults::{Fault, FaultTransport};
use crate::support::apply::request_name::body_text;
use crate::support::apply::scenario::fast_retry_client;
use crate::support::apply::test_server::{RunResult, TestServer, changed_rows};

/// The plans of a column. Servers that were built alike are alike, so that a plan made on one fits the others.
pub struct FaultPlans {
    seed: Draft,
    project: Project,
    /// The plan that is applied.
    pub draft: Draft,
    state: State,
    /// The number of rules that relationship types have at the end.
    rules: &'static [(&'static str, usize)],
    /// The data that is deleted because it is named.
    deletes: BTreeSet<Address>,
}

impl FaultPlans {
    /// Plans one project on a server that has the other one. At the end, these relationship types have so many rules.
    pub async fn new(before: &Project, after: Project, rules: &'static [(&'static str, usize)]) -> Self {
        Self::deleting(before, after, rules, &[]).await
    }

    /// The same, with data that is deleted because it is named.
    pub async fn deleting(
        before: &Project,
        after: Project,
        rules: &'static [(&'static str, usize)],
        deletes: &[&str],
    ) -> Self {
        let server = TestServer::stored().await;
        let seed = server.plan(before, Prune::Nothing).await;
        seed_server(&server, &seed).await;
        let project = after;
        let deletes: BTreeSet<Address> = deletes.iter().map(|address| address.parse().unwrap()).collect();
        let state = server.read_deleting(&project, deletes.clone()).await;
        let draft = compare(&project, &state);
        Self {
            seed,
            project,
            draft,
            state,
            rules,
            deletes,
        }
    }

    /// Runs a column of the table: this fault at every request, so many times in a row.
    pub async fn column(&self, fault: Fault, times: usize) {
        let mut index = 0;
        loop {
            let case = FaultCase::new(self).await;
            let (ran, requests) = case.apply(&fault, index, times).await;
            let lies = case.check(&ran).await;
            assert_eq!(lies, Vec::<String>::new(), "{fault:?} x {times} at {index}");
            index += 1;
            if index >= requests {
                return;
            }
        }
    }

    /// Runs a column of the table with this fault at one write at a time: the reads are answered truly.
    pub async fn writes_column(&self, fault: Fault) {
        let mut index = 0;
        loop {
            let case = FaultCase::new(self).await;
            let (ran, writes) = case.apply_with_write_fault(&fault, index).await;
            let lies = case.check(&ran).await;
            assert_eq!(lies, Vec::<String>::new(), "{fault:?} at write {index}");
            index += 1;
            if index >= writes {
                return;
            }
        }
    }
}

/// Gives a server what it has before. One row at a time, so that ids are the same on every server.
async fn seed_server(server: &TestServer, seed: &Draft) {
    let options = ApplyOptions {
        parallelism: 1,
        ..ApplyOptions::default()
    };
    let ran = server.apply_through(&server.client, seed, options, Cancel::new()).await;
    assert_eq!(ran.progress.troubles().count(), 0);
}

fn compare(project: &Project, remote: &State) -> Draft {
    let options = PlanOptions {
        prune: Prune::Everything,
        ..PlanOptions::default()
    };
    plan(&project.desired, remote, &project.origins, Target::default(), &options).unwrap()
}

/// A server in the state before.
pub struct FaultCase<'a> {
    plans: &'a FaultPlans,
    server: TestServer,
    /// How often each write was sent that must not be sent twice.
    unrepeatable: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl<'a> FaultCase<'a> {
    /// Creates a server that has the project before.
    pub async fn new(plans: &'a FaultPlans) -> Self {
        let server = TestServer::stored().await;
        seed_server(&server, &plans.seed).await;
        Self {
            plans,
            server,
            unrepeatable: Arc::default(),
        }
    }

    /// Applies with this fault at the requests from `index`, `times` times, and returns the number of requests.
    pub async fn apply(&self, fault: &Fault, index: usize, times: usize) -> (RunResult, usize) {
        let fault = fault.clone();
        self.apply_by(move |at: usize, _: &Request| {
            if (index..index + times).contains(&at) {
                fault.clone()
            } else {
                Fault::None
            }
        })
        .await
    }

    /// Applies with this fault at the write of this index, and returns the number of writes.
    async fn apply_with_write_fault(&self, fault: &Fault, index: usize) -> (RunResult, usize) {
        let (fault, writes) = (fault.clone(), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&writes);
        let rule = move |_: usize, request: &Request| {
            if request.writes && count.fetch_add(1, Ordering::SeqCst) == index {
                fault.clone()
            } else {
                Fault::None
            }
        };
        let (ran, _) = self.apply_by(rule).await;
        (ran, writes.load(Ordering::SeqCst))
    }

    /// Applies with faults by this rule, and returns the number of requests.
    pub async fn apply_by<R>(&self, rule: R) -> (RunResult, usize)
    where
        R: Fn(usize, &Request) -> Fault + Send + Sync + 'static,
    {
        let unrepeatable = Arc::clone(&self.unrepeatable);
        let counting = move |at: usize, request: &Request| {
            if let Some(name) = unrepeatable_name(request) {
                *unrepeatable.lock().unwrap().entry(name).or_default() += 1;
            }
            rule(at, request)
        };
        let transport = FaultTransport::new(self.server.transport(), counting);
        let counter = transport.counter();
        let options = ApplyOptions {
            parallelism: 1,
            keep_going: true,
            ..ApplyOptions::default()
        };
        let client = fast_retry_client(transport);
        let draft = &self.plans.draft;
        let ran = self.server.apply_through(&client, draft, options, Cancel::new()).await;
        (ran, counter.load(Ordering::SeqCst))
    }

    /// Returns the rows of which the report does not say what the server has, as `state` and the plan `left` show it.
    fn lies(&self, ran: &RunResult, state: &State, left: &Plan) -> Vec<String> {
        let mut lies = Vec::new();
        for (address, row) in &ran.progress.rows {
            let Status::Finished { outcome, .. } = &row.status else {
                panic!("{address} has not ended");
            };
            let is_there = !left.row(address).is_some_and(|row| row.verb.changes());
            let is_touched = self.is_touched(address, left, state);
            let is_true = match outcome {
                outcome if outcome.succeeded() => is_there,
                Outcome::Failed {
                    partly_written: true, ..
                } => is_touched && !is_there,
                // One reading is all that it takes to know.
                Outcome::Unknown { message } => message.contains("reading it again failed"),
                _ => !is_touched,
            };
            if !is_true {
                lies.push(format!(
                    "{address}: {outcome:?}, but there: {is_there}, touched: {is_touched}"
                ));
            }
        }
        lies
    }

    fn is_touched(&self, address: &Address, left: &Plan, state: &State) -> bool {
        let planned = &self.plans.draft.plan;
        let changes = |plan: &Plan| plan.row(address).map(|row| row.changes.clone()).unwrap_or_default();
        // A deletion has no changes, but its resource may be archived.
        let deletes = planned.row(address).is_some_and(|row| row.verb == Verb::Delete);
        let differs = shown(&self.plans.state, address) != shown(state, address);
        changes(planned) != changes(left) || (deletes && differs)
    }

    /// Checks the report of a run, that the next clean run does all that is left, and that no rule is there twice.
    pub async fn check(&self, ran: &RunResult) -> Vec<String> {
        let project = &self.plans.project;
        let read = || self.server.read_deleting(project, self.plans.deletes.clone());
        let state = read().await;
        let left = compare(project, &state);
        let mut lies = self.lies(ran, &state, &left.plan);
        self.server.apply_well(&left).await;
        let plan = compare(project, &read().await).plan;
        lies.extend(
            changed_rows(&plan)
                .iter()
                .map(|row| format!("does not converge: {row}")),
        );
        for (slug, count) in self.plans.rules {
            let rules = self.server.client.rules(slug).await.unwrap().len();
            lies.extend((rules != *count).then(|| format!("{slug} has {rules} rules")));
        }
        let sent = self.unrepeatable.lock().unwrap();
        let repeated = sent.iter().filter(|(_, times)| **times > 1);
        lies.extend(repeated.map(|(name, times)| format!("{name} was sent {times} times")));
        lies
    }
}

fn shown(state: &State, address: &Address) -> String {
    fn text(value: Option<&impl Debug>) -> String {
        format!("{value:?}")
    }
    match address {
        Address::Agent { id } => text(state.agents.get(&**id)),
        Address::Settings { agent } => text(state.settings.get(&**agent)),
        Address::Platform { .. } => {
            let id = address.stable_id();
            let found = state.platforms.values().find(|it| Some(&it.stable_id) == id.as_ref());
            // Each server has its own clock.
            text(
                found
                    .map(|it| Platform {
                        changed: None,
                        ..Platform::clone(it)
                    })
                    .as_ref(),
            )
        }
        Address::EntityType { slug } => text(state.entity_types.get(&**slug)),
        Address::RelationshipType { slug } => text(state.relationship_types.get(&**slug)),
        Address::Entity { .. } | Address::Relationship { .. } | Address::Watcher { .. } => {
            text(state.get(address).as_ref())
        }
    }
}

/// Returns the name of a write that must not be sent twice, because nothing on the server tells the second from the first: the
/// creation of a watcher or of a version of one, and the saving of knowledge.
fn unrepeatable_name(request: &Request) -> Option<String> {
    let action = body_text(request, "action");
    let is_watcher =
        request.path.ends_with("/manage_watchers") && ["create", "create_version"].contains(&action.as_str());
    let is_knowledge = request.path.ends_with("/save_knowledge");
    (is_watcher || is_knowledge).then(|| format!("{action} {}", body_text(request, "slug")))
}
