//! Every fault at every request of an apply of 20 rows: the report says what the server's own database says, row by row,
//! and the next clean run converges.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lobuctl::apply::event::Outcome;
use lobuctl::apply::{ApplyOptions, Cancel, Status, Verdict};
use lobuctl::config::Project;
use lobuctl::plan::{Draft, Plan, PlanOptions, Prune, Target, Verb, plan};
use lobuctl::remote::Request;
use lobuctl::resource::{Address, Platform, State};

use crate::support::apply::faults::{Fault, FaultTransport};
use crate::support::apply::scenario::fast_retry_client;
use crate::support::apply::test_server::{RunResult, TestServer, changed_rows};
use crate::support::apply::twenty_rows::{after, before};

/// The plans of a column. Servers that were built alike are alike, so that a plan made on one fits the others.
struct Plans {
    seed: Draft,
    project: Project,
    draft: Draft,
    state: State,
}

impl Plans {
    async fn new() -> Self {
        let server = TestServer::stored().await;
        let seed = server.plan(&before(), Prune::Nothing).await;
        server.apply_well(&seed).await;
        let project = after();
        let state = server.read(&project).await;
        let draft = compare(&project, &state);
        Self {
            seed,
            project,
            draft,
            state,
        }
    }
}

fn compare(project: &Project, remote: &State) -> Draft {
    let options = PlanOptions {
        prune: Prune::Everything,
        ..PlanOptions::default()
    };
    plan(&project.desired, remote, &project.origins, Target::default(), &options).unwrap()
}

/// A server in the state before.
struct Case<'a> {
    plans: &'a Plans,
    server: TestServer,
}

impl<'a> Case<'a> {
    async fn new(plans: &'a Plans) -> Self {
        let server = TestServer::stored().await;
        server.apply_well(&plans.seed).await;
        Self { plans, server }
    }

    /// Applies with this fault at the requests from `index`, `times` times, and returns the number of requests.
    async fn apply(&self, fault: &Fault, index: usize, times: usize) -> (RunResult, usize) {
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
    async fn apply_by<R>(&self, rule: R) -> (RunResult, usize)
    where
        R: Fn(usize, &Request) -> Fault + Send + Sync + 'static,
    {
        let transport = FaultTransport::new(self.server.transport(), rule);
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
    async fn check(&self, ran: &RunResult) -> Vec<String> {
        let project = &self.plans.project;
        let state = self.server.read(project).await;
        let left = compare(project, &state);
        let mut lies = self.lies(ran, &state, &left.plan);
        self.server.apply_well(&left).await;
        let plan = compare(project, &self.server.read(project).await).plan;
        lies.extend(
            changed_rows(&plan)
                .iter()
                .map(|row| format!("does not converge: {row}")),
        );
        for (slug, count) in [("works-at", 1), ("lives-in", 2), ("knows", 0)] {
            let rules = self.server.client.rules(slug).await.unwrap().len();
            lies.extend((rules != count).then(|| format!("{slug} has {rules} rules")));
        }
        lies
    }
}

fn shown(state: &State, address: &Address) -> String {
    fn text(value: Option<&impl Debug>) -> String {
        format!("{value:?}")
    }
    match address {
        Address::Agent { id } => text(state.agents.get(id)),
        Address::Settings { agent } => text(state.settings.get(agent)),
        Address::Platform { .. } => {
            let id = address.stable_id();
            let found = state.platforms.values().find(|it| Some(&it.stable_id) == id.as_ref());
            // Each server has its own clock.
            text(
                found
                    .map(|it| Platform {
                        changed: None,
                        ..it.clone()
                    })
                    .as_ref(),
            )
        }
        Address::EntityType { slug } => text(state.entity_types.get(slug)),
        Address::RelationshipType { slug } => text(state.relationship_types.get(slug)),
        Address::Entity { .. } | Address::Relationship { .. } | Address::Watcher { .. } => {
            text(state.get(address).as_ref())
        }
    }
}

/// Runs a column of the table with this fault at one write at a time: the reads are answered truly.
async fn writes_column(fault: Fault) {
    let plans = Plans::new().await;
    let mut index = 0;
    loop {
        let case = Case::new(&plans).await;
        let (ran, writes) = case.apply_with_write_fault(&fault, index).await;
        let lies = case.check(&ran).await;
        assert_eq!(lies, Vec::<String>::new(), "{fault:?} at write {index}");
        index += 1;
        if index >= writes {
            return;
        }
    }
}

/// Runs a column of the table: this fault at every request, so many times in a row.
async fn column(fault: Fault, times: usize) {
    let plans = Plans::new().await;
    let mut index = 0;
    loop {
        let case = Case::new(&plans).await;
        let (ran, requests) = case.apply(&fault, index, times).await;
        let lies = case.check(&ran).await;
        assert_eq!(lies, Vec::<String>::new(), "{fault:?} x {times} at {index}");
        index += 1;
        if index >= requests {
            return;
        }
    }
}

#[tokio::test]
async fn the_plan_of_the_table_has_twenty_rows_of_every_sort() {
    let plans = Plans::new().await;
    let case = Case::new(&plans).await;
    let (ran, requests) = case.apply(&Fault::None, 0, 0).await;
    let counts = plans.draft.plan.counts;
    assert_eq!((counts.create, counts.update, counts.delete), (9, 7, 4));
    assert_eq!((ran.progress.rows.len(), requests), (20, 47));
    assert_eq!(ran.progress.verdict(), Verdict::Done);
}

#[tokio::test]
async fn tells_the_truth_about_500_before_writing() {
    column(Fault::Status(500, "oops"), 1).await;
}

#[tokio::test]
async fn tells_the_truth_about_500_after_writing() {
    column(Fault::After(500), 1).await;
}

#[tokio::test]
async fn tells_the_truth_about_503_five_times_before_writing() {
    column(Fault::Status(503, "busy"), 5).await;
}

#[tokio::test]
async fn tells_the_truth_about_503_five_times_after_writing() {
    column(Fault::After(503), 5).await;
}

#[tokio::test]
async fn tells_the_truth_about_resets_before_writing() {
    column(Fault::ResetBefore, 5).await;
}

#[tokio::test]
async fn tells_the_truth_about_resets_after_writing() {
    column(Fault::DropAfter, 5).await;
}

#[tokio::test]
async fn tells_the_truth_about_html_after_writing() {
    column(Fault::Garbage, 1).await;
}

#[tokio::test]
async fn tells_the_truth_about_half_a_body_after_writing() {
    column(Fault::Truncated, 1).await;
}

#[tokio::test]
async fn tells_the_truth_about_an_empty_object_after_writing() {
    column(Fault::EmptyObject, 1).await;
}

/// Bodies that a cache, a proxy or a catch-all route may answer with 200 in place of the server.
const LIES: [&str; 6] = [
    "{}",
    "[]",
    "<html></html>",
    r#"{"status":"ok"}"#,
    r#"{"agentId":"other","name":"Other","success":false}"#,
    r#"{"schema_type":"entity_type","action":"list","entity_types":[],
        "platform":{"id":"other","platform":"telegram","status":"active"},"noop":true}"#,
];

#[tokio::test]
async fn tells_the_truth_about_a_success_that_was_never_carried_out() {
    for lie in LIES {
        writes_column(Fault::Status(200, lie)).await;
    }
}

#[tokio::test]
async fn tells_the_truth_about_a_lying_404() {
    column(Fault::Status(404, r#"{"error":"Agent not found"}"#), 1).await;
}

#[tokio::test]
async fn tells_the_truth_about_hangs() {
    column(Fault::Hang, 5).await;
}
