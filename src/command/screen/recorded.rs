//! The screen's workbench over a record: one plan, of which nothing is read again, applied or written.

use std::collections::BTreeSet;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::civil::Date;
use tokio::sync::mpsc::UnboundedSender;

use crate::apply::Cancel;
use crate::apply::event::Event;
use crate::plan::Plan;
use crate::remote::ServerUrl;
use crate::resource::Address;
use crate::show::{Line, Role};
use crate::tui::{
    AdoptRequest, Adoption, ApplyRequest, IgnoreRequest, LoadFailure, LoadRequest, LoadStep, LoadedPlan, LookedRows,
    RecordedFacts, Refusal, Title, Workbench,
};

/// A plan that was read from a record.
pub(super) struct RecordedBench(LoadedPlan);

impl RecordedBench {
    /// Creates a workbench that has this plan and no other. `name` is the record's.
    pub(super) fn new(name: String, plan: Plan, recorded: RecordedFacts, today: Date) -> Self {
        let url = &plan.target.url;
        let title = Title {
            config: name,
            organization: plan.target.organization.clone(),
            host: ServerUrl::parse(url).map_or_else(|_| url.clone(), |(url, _)| url.host()),
            context: None,
            targets: Vec::new(),
        };
        Self(LoadedPlan {
            plan,
            marked: BTreeSet::new(),
            left_out: BTreeSet::new(),
            secrets: Vec::new(),
            warnings: Vec::new(),
            title,
            protected: false,
            took_ms: 0,
            today,
            ignore_until: today,
            looked: LookedRows::default(),
            pull: None,
            recorded: Some(recorded),
        })
    }

    /// Refuses what the keys of a record do not even ask for.
    fn refused<T: Send + 'static>(&self) -> BoxFuture<'static, Result<T, String>> {
        std::future::ready(Err(self.reason())).boxed()
    }

    fn reason(&self) -> String {
        let recorded = self.0.recorded.as_ref();
        recorded.map(|recorded| recorded.reason.clone()).unwrap_or_default()
    }
}

impl Workbench for RecordedBench {
    fn load(
        &self,
        _request: LoadRequest,
        _steps: UnboundedSender<LoadStep>,
    ) -> BoxFuture<'static, Result<LoadedPlan, LoadFailure>> {
        std::future::ready(Ok(self.0.clone())).boxed()
    }

    fn replan(&self, _prune: &BTreeSet<Address>) -> Option<Plan> {
        None
    }

    fn check(&self, _request: &ApplyRequest) -> Option<Refusal> {
        Some(Refusal {
            lines: vec![Line::at(0).push(Role::Error, self.reason())],
        })
    }

    fn apply(
        &self,
        _request: ApplyRequest,
        _cancel: Cancel,
        _events: UnboundedSender<Event>,
    ) -> BoxFuture<'static, Result<(), String>> {
        self.refused()
    }

    fn adopt(&self, _request: AdoptRequest) -> BoxFuture<'static, Result<Adoption, String>> {
        self.refused()
    }

    fn write_adopted(&self, _request: AdoptRequest) -> BoxFuture<'static, Result<String, String>> {
        self.refused()
    }

    fn ignore(&self, _request: IgnoreRequest) -> BoxFuture<'static, Result<Plan, String>> {
        self.refused()
    }
}
