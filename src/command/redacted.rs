//! The screen's workbench without secrets: everything that the screen may draw passes through the redactor first.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::struck_plan::StruckPlan;
use crate::apply::Cancel;
use crate::apply::event::Event;
use crate::plan::Plan;
use crate::redact::Redactor;
use crate::resource::Address;
use crate::show::Line;
use crate::tui::{
    AdoptRequest, Adoption, ApplyRequest, ExportRequest, IgnoreRequest, LoadFailure, LoadRequest, LoadStep, LoadedPlan,
    PullFacts, RecordedFacts, Refusal, SecretComparison, StepState, WatchNews, Workbench, relay,
};

/// A workbench whose plans, events, steps and messages hold no secret that the redactor knows.
pub(super) struct RedactedBench<B> {
    bench: Arc<B>,
    redactor: Redactor,
    /// The plan that the screen has.
    struck: Arc<Mutex<StruckPlan>>,
}

impl<B> RedactedBench<B> {
    /// Creates a workbench over another one.
    pub(super) fn new(bench: Arc<B>, redactor: Redactor) -> Self {
        Self {
            bench,
            redactor,
            struck: Arc::default(),
        }
    }
}

impl<B: Workbench> Workbench for RedactedBench<B> {
    fn load(
        &self,
        request: LoadRequest,
        steps: UnboundedSender<LoadStep>,
    ) -> BoxFuture<'static, Result<LoadedPlan, LoadFailure>> {
        let (redactor, struck) = (self.redactor.clone(), Arc::clone(&self.struck));
        let (sender, receiver) = unbounded_channel();
        let load = self.bench.load(request, sender);
        async move {
            let loaded = relay(load, receiver, |step| {
                // A screen that has closed does not listen.
                let _ = steps.send(redacted_step(&redactor, step));
            })
            .await;
            match loaded {
                Ok(loaded) => Ok(redacted_plan(&redactor, &struck, loaded)),
                Err(failure) => Err(redacted_failure(&redactor, failure)),
            }
        }
        .boxed()
    }

    fn replan(&self, prune: &BTreeSet<Address>) -> Option<Plan> {
        let plan = self.bench.replan(prune);
        plan.map(|plan| strike(&self.redactor, &self.struck, plan))
    }

    fn watch(&self, news: UnboundedSender<WatchNews>) -> BoxFuture<'static, ()> {
        let (redactor, struck) = (self.redactor.clone(), Arc::clone(&self.struck));
        let (sender, receiver) = unbounded_channel();
        let work = self.bench.watch(sender);
        async move {
            relay(work, receiver, |item| {
                // A screen that has closed does not listen.
                let _ = news.send(redacted_news(&redactor, &struck, item));
            })
            .await;
        }
        .boxed()
    }

    fn take_plan(&self, number: u64) -> bool {
        self.bench.take_plan(number)
    }

    fn read_server(&self) {
        self.bench.read_server();
    }

    fn check(&self, request: &ApplyRequest) -> Option<Refusal> {
        self.bench.check(request).map(|refusal| Refusal {
            lines: redacted_lines(&self.redactor, refusal.lines),
        })
    }

    fn apply(
        &self,
        request: ApplyRequest,
        cancel: Cancel,
        events: UnboundedSender<Event>,
    ) -> BoxFuture<'static, Result<(), String>> {
        let redactor = self.redactor.clone();
        let (sender, receiver) = unbounded_channel();
        let run = self.bench.apply(request, cancel, sender);
        async move {
            let ended = relay(run, receiver, |event| {
                let _ = events.send(redactor.record(event));
            })
            .await;
            ended.map_err(|message| redactor.text(&message))
        }
        .boxed()
    }

    fn adopt(&self, request: AdoptRequest) -> BoxFuture<'static, Result<Adoption, String>> {
        let redactor = self.redactor.clone();
        let adopted = self.bench.adopt(request);
        async move {
            match adopted.await {
                Ok(adoption) => Ok(Adoption {
                    lines: redacted_lines(&redactor, adoption.lines),
                    ..adoption
                }),
                Err(message) => Err(redactor.text(&message)),
            }
        }
        .boxed()
    }

    fn write_adopted(&self, request: AdoptRequest) -> BoxFuture<'static, Result<String, String>> {
        let redactor = self.redactor.clone();
        let written = self.bench.write_adopted(request);
        async move { struck_text(&redactor, written.await) }.boxed()
    }

    fn export(&self, request: ExportRequest) -> BoxFuture<'static, Result<String, String>> {
        let redactor = self.redactor.clone();
        let written = self.bench.export(request);
        async move { struck_text(&redactor, written.await) }.boxed()
    }

    fn compare_secrets(&self, page: u64) -> BoxFuture<'static, Result<SecretComparison, String>> {
        let redactor = self.redactor.clone();
        let compared = self.bench.compare_secrets(page);
        async move {
            match compared.await {
                Ok(comparison) => Ok(SecretComparison {
                    lines: redacted_lines(&redactor, comparison.lines),
                    refusal: redacted_lines(&redactor, comparison.refusal),
                    ..comparison
                }),
                Err(message) => Err(redactor.text(&message)),
            }
        }
        .boxed()
    }

    fn push_secrets(&self, page: u64, replaces: bool) -> BoxFuture<'static, Result<String, String>> {
        let redactor = self.redactor.clone();
        let pushed = self.bench.push_secrets(page, replaces);
        async move { struck_text(&redactor, pushed.await) }.boxed()
    }

    fn ignore(&self, request: IgnoreRequest) -> BoxFuture<'static, Result<Plan, String>> {
        let (redactor, struck) = (self.redactor.clone(), Arc::clone(&self.struck));
        let ignored = self.bench.ignore(request);
        async move {
            match ignored.await {
                Ok(plan) => Ok(strike(&redactor, &struck, plan)),
                Err(message) => Err(redactor.text(&message)),
            }
        }
        .boxed()
    }
}

/// Returns what was written, or why it was not, without secrets.
fn struck_text(redactor: &Redactor, written: Result<String, String>) -> Result<String, String> {
    written
        .map(|text| redactor.text(&text))
        .map_err(|message| redactor.text(&message))
}

fn strike(redactor: &Redactor, struck: &Mutex<StruckPlan>, plan: Plan) -> Plan {
    let mut struck = struck.lock().unwrap_or_else(PoisonError::into_inner);
    struck.strike(redactor, plan)
}

fn redacted_news(redactor: &Redactor, struck: &Mutex<StruckPlan>, news: WatchNews) -> WatchNews {
    match news {
        WatchNews::Plan { number, loaded, cause } => WatchNews::Plan {
            number,
            loaded: Box::new(redacted_plan(redactor, struck, *loaded)),
            cause,
        },
        WatchNews::Broken(failure) => WatchNews::Broken(redacted_failure(redactor, failure)),
        WatchNews::ServerLost(reason) => WatchNews::ServerLost(redactor.text(&reason)),
        WatchNews::Unwatched(reason) => WatchNews::Unwatched(redactor.text(&reason)),
        WatchNews::Outdated => WatchNews::Outdated,
    }
}

fn redacted_plan(redactor: &Redactor, struck: &Mutex<StruckPlan>, loaded: LoadedPlan) -> LoadedPlan {
    LoadedPlan {
        plan: strike(redactor, struck, loaded.plan),
        warnings: redacted_lines(redactor, loaded.warnings),
        pull: loaded.pull.map(|pull| redacted_pull(redactor, pull)),
        recorded: loaded.recorded.map(|recorded| RecordedFacts {
            events: recorded
                .events
                .into_iter()
                .map(|event| redactor.record(event))
                .collect(),
            ..recorded
        }),
        // Names and sources of secrets are shown; values are not among them.
        ..loaded
    }
}

fn redacted_failure(redactor: &Redactor, failure: LoadFailure) -> LoadFailure {
    LoadFailure {
        lines: redacted_lines(redactor, failure.lines),
        ..failure
    }
}

fn redacted_pull(redactor: &Redactor, pull: PullFacts) -> PullFacts {
    let files = pull.files.into_iter();
    PullFacts {
        files: files
            .map(|(file, lines)| (file, redacted_lines(redactor, lines)))
            .collect(),
    }
}

fn redacted_step(redactor: &Redactor, step: LoadStep) -> LoadStep {
    let state = match step.state {
        StepState::Running => StepState::Running,
        StepState::Done(text) => StepState::Done(redactor.text(&text)),
        StepState::Failed(text) => StepState::Failed(redactor.text(&text)),
    };
    LoadStep {
        what: redactor.text(&step.what),
        state,
    }
}

/// Redacts each span, and where a secret lies across spans the whole line, which then loses its colors.
fn redacted_lines(redactor: &Redactor, lines: Vec<Line>) -> Vec<Line> {
    let redacted = |mut line: Line| {
        for span in &mut line.spans {
            span.text = redactor.text(&span.text);
        }
        let text = line.text();
        let struck = redactor.text(&text);
        if struck == text {
            line
        } else {
            Line::at(line.indent).plain(struck)
        }
    };
    lines.into_iter().map(redacted).collect()
}
