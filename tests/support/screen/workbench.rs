//! A workbench that plans a canned plan and applies it to no server.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use lobuctl::apply::Cancel;
use lobuctl::apply::event::{Event, EventKind, Outcome, PlannedStep};
use lobuctl::plan::{Counts, Plan, Row, Verb};
use lobuctl::resource::Address;
use lobuctl::tui::{
    AdoptRequest, Adoption, ApplyRequest, IgnoreRequest, LoadFailure, LoadRequest, LoadStep, LoadedPlan, Workbench,
};
use tokio::sync::mpsc::UnboundedSender;

use super::canned;

/// How the canned workbench behaves.
#[derive(Debug, Clone, Default)]
pub struct WorkbenchScript {
    /// The time that each row takes.
    pub pace: Duration,
    /// Rows that fail once, with the server's message.
    pub fails: Vec<(Address, String)>,
    /// The number of times that loading fails before it succeeds.
    pub load_failures: usize,
    /// The row that does not finish until the run is abandoned.
    pub hangs: Option<Address>,
    /// Whether the target is protected.
    pub protected: bool,
    /// Whether the first row never finishes, not even when the run is abandoned.
    pub never_responds: bool,
}

/// A workbench over a canned plan. An applied row is unchanged in the next plan.
#[derive(Clone)]
pub struct CannedWorkbench {
    state: Arc<Mutex<WorkbenchState>>,
}

struct WorkbenchState {
    plan: Plan,
    script: WorkbenchScript,
    applied: Vec<BTreeSet<Address>>,
    loads: usize,
    /// The rows that an adoption was worked out for.
    adopting: BTreeSet<Address>,
}

impl CannedWorkbench {
    pub fn new(plan: Plan, script: WorkbenchScript) -> Self {
        let state = WorkbenchState {
            plan,
            script,
            applied: Vec::new(),
            loads: 0,
            adopting: BTreeSet::new(),
        };
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Returns the selections that were applied, in order.
    pub fn applied(&self) -> Vec<BTreeSet<Address>> {
        self.state.lock().unwrap().applied.clone()
    }

    /// Returns the number of plans that were loaded.
    pub fn loads(&self) -> usize {
        self.state.lock().unwrap().loads
    }
}

impl Workbench for CannedWorkbench {
    fn load(
        &self,
        request: LoadRequest,
        steps: UnboundedSender<LoadStep>,
    ) -> BoxFuture<'static, Result<LoadedPlan, LoadFailure>> {
        let bench = self.clone();
        async move {
            let pace = bench.state.lock().unwrap().script.pace;
            for (what, said) in [
                ("read lobu.toml", "4 agents"),
                ("sign in", "dev"),
                ("read the server", "15 resources"),
            ] {
                let _ = steps.send(LoadStep::began(what));
                tokio::time::sleep(pace).await;
                let _ = steps.send(LoadStep::done(what, said));
            }
            let mut state = bench.state.lock().unwrap();
            state.loads += 1;
            if state.script.load_failures > 0 {
                state.script.load_failures -= 1;
                return Err(canned::unreachable());
            }
            let marked = request.prune.unwrap_or_default();
            let mut loaded = canned::loaded(canned::pruned(&state.plan, &marked));
            loaded.marked = marked;
            loaded.protected = state.script.protected;
            Ok(loaded)
        }
        .boxed()
    }

    fn replan(&self, prune: &BTreeSet<Address>) -> Option<Plan> {
        Some(canned::pruned(&self.state.lock().unwrap().plan, prune))
    }

    fn apply(
        &self,
        request: ApplyRequest,
        cancel: Cancel,
        events: UnboundedSender<Event>,
    ) -> BoxFuture<'static, Result<(), String>> {
        let bench = self.clone();
        async move {
            bench.state.lock().unwrap().applied.push(request.selection.clone());
            CannedRun::new(&bench, &request, events).run(&request, &cancel).await;
            Ok(())
        }
        .boxed()
    }

    fn adopt(&self, request: AdoptRequest) -> BoxFuture<'static, Result<Adoption, String>> {
        self.state.lock().unwrap().adopting.clone_from(&request.rows);
        let adoption = canned::adoption(&request);
        async move { Ok(adoption) }.boxed()
    }

    fn write_adopted(&self, _: AdoptRequest) -> BoxFuture<'static, Result<String, String>> {
        let bench = self.clone();
        async move {
            let mut state = bench.state.lock().unwrap();
            let adopted = std::mem::take(&mut state.adopting);
            for row in state.plan.rows.iter_mut().filter(|row| adopted.contains(&row.address)) {
                row.verb = Verb::Noop;
                row.changes.clear();
                row.impact = None;
            }
            state.plan.counts = Counts::of(&state.plan.rows);
            Ok("wrote 1 file".to_owned())
        }
        .boxed()
    }

    fn ignore(&self, request: IgnoreRequest) -> BoxFuture<'static, Result<Plan, String>> {
        let bench = self.clone();
        async move {
            let mut state = bench.state.lock().unwrap();
            canned::ignore(&mut state.plan, &request);
            Ok(state.plan.clone())
        }
        .boxed()
    }
}

struct CannedRun {
    bench: CannedWorkbench,
    plan: Plan,
    script: WorkbenchScript,
    events: UnboundedSender<Event>,
    seq: u64,
    elapsed_ms: u64,
}

impl CannedRun {
    fn new(bench: &CannedWorkbench, request: &ApplyRequest, events: UnboundedSender<Event>) -> Self {
        let state = bench.state.lock().unwrap();
        Self {
            bench: bench.clone(),
            plan: canned::pruned(&state.plan, &request.prune),
            script: state.script.clone(),
            events,
            seq: 0,
            elapsed_ms: 0,
        }
    }

    fn send(&mut self, kind: EventKind) {
        let event = Event {
            seq: self.seq,
            elapsed_ms: self.elapsed_ms,
            kind,
        };
        self.seq += 1;
        let _ = self.events.send(event);
    }

    async fn run(mut self, request: &ApplyRequest, cancel: &Cancel) {
        let rows: Vec<Row> = self
            .plan
            .rows
            .iter()
            .filter(|row| request.selection.contains(&row.address))
            .cloned()
            .collect();
        let steps = rows.iter().map(|row| PlannedStep {
            address: row.address.clone(),
            verb: row.verb,
            restarts: row.restarts(),
            may_restart: row.may_restart(),
        });
        let steps = steps.collect();
        self.send(EventKind::RunStarted {
            target: self.plan.target.clone(),
            steps,
        });
        let mut failed = None;
        for row in &rows {
            let outcome = match (&failed, cancel.is_stopping()) {
                (Some(id), _) => Outcome::Skipped {
                    reason: format!("{id} failed"),
                },
                (None, true) => Outcome::Skipped {
                    reason: "stopped".to_owned(),
                },
                (None, false) => self.step(row, cancel).await,
            };
            if matches!(outcome, Outcome::Failed { .. }) {
                failed = Some(format!("{} {}", row.address.kind(), row.address.id()));
            }
            self.finish(row, outcome);
        }
        self.send(EventKind::RunFinished);
    }

    async fn step(&mut self, row: &Row, cancel: &Cancel) -> Outcome {
        let address = row.address.clone();
        self.send(EventKind::StepStarted {
            address: address.clone(),
        });
        tokio::time::sleep(self.script.pace).await;
        if self.script.never_responds {
            std::future::pending::<()>().await;
        }
        if self.script.hangs.as_ref() == Some(&address) {
            cancel.stopping().await;
            self.send(EventKind::Cancelling);
            cancel.abandoned().await;
            return Outcome::Unknown {
                message: "no answer came before it was abandoned".to_owned(),
            };
        }
        self.elapsed_ms += 120;
        let failure = self.script.fails.iter().find(|(fails, _)| *fails == address).cloned();
        let status = if failure.is_some() { 422 } else { 200 };
        self.send(EventKind::Request {
            path: format!("/api/dev/{}/{}", address.kind(), address.id()),
            address,
            method: "PATCH".to_owned(),
            status: Some(status),
            took_ms: 118,
            attempt: 1,
        });
        match (failure, row.verb) {
            (Some((_, message)), _) => Outcome::Failed {
                message,
                hint: Some("ask for the scope `mcp:admin`, then retry".to_owned()),
                partly_written: false,
            },
            (None, Verb::Create) => Outcome::Created,
            (None, Verb::Delete) => Outcome::Deleted,
            (None, Verb::Update) => Outcome::Updated {
                restarted: row.impact.map(|_| true),
            },
            (None, _) => Outcome::Unchanged,
        }
    }

    /// Makes an applied row unchanged in later plans, and lets a failed row succeed the next time.
    fn finish(&mut self, row: &Row, outcome: Outcome) {
        let mut state = self.bench.state.lock().unwrap();
        if outcome.succeeded() {
            let stays = |known: &&Row| known.address != row.address || row.verb != Verb::Delete;
            let rows = state.plan.rows.iter().filter(stays).cloned().collect();
            state.plan.rows = rows;
            let known = state.plan.rows.iter_mut().find(|known| known.address == row.address);
            if let Some(known) = known {
                known.verb = Verb::Noop;
                known.changes.clear();
                known.impact = None;
                known.recheck = false;
            }
        } else {
            state.script.fails.retain(|(address, _)| *address != row.address);
        }
        state.plan.counts = Counts::of(&state.plan.rows);
        drop(state);
        self.send(EventKind::StepFinished {
            address: row.address.clone(),
            outcome,
            took_ms: 120,
        });
    }
}
