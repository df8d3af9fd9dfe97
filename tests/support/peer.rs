//! A server in process with a client that plans and applies projects on it.
#![allow(dead_code)]

use std::sync::Arc;

use lobuctl::apply::event::Event;
use lobuctl::apply::{ApplyOptions, Cancel, Progress, Verdict, apply};
use lobuctl::config::{Loaded, Project};
use lobuctl::plan::{Draft, Plan, PlanOptions, Problem, Prune, Row, Selection, Target, Verb, plan, schedule};
use lobuctl::remote::{Client, Retry, RouterTransport, Scope, Transport, fetch};
use lobuctl::resource::{Secret, State};
use lobuctl::server::{PlatformMode, Server, ServerOptions};

use super::project::report;
use super::server::open;

/// A server in memory, and a client with its admin token.
pub struct Peer {
    /// The server itself.
    pub server: Server,
    /// The admin token of `dev`.
    pub token: String,
    /// Speaks with it.
    pub client: Client,
}

/// A run, folded and in full.
pub struct Ran {
    /// The fold.
    pub progress: Progress,
    /// Every event.
    pub events: Vec<Event>,
}

impl Peer {
    /// An empty one that starts platforms.
    pub async fn new() -> Self {
        Self::with(ServerOptions::memory()).await
    }

    /// An empty one that accepts every platform and starts none.
    pub async fn stored() -> Self {
        Self::with(ServerOptions {
            mode: PlatformMode::Stored,
            ..ServerOptions::memory()
        })
        .await
    }

    /// An empty one.
    pub async fn with(options: ServerOptions) -> Self {
        let (server, token) = open(options).await;
        let transport = RouterTransport::new(server.router(), Some(Secret::new(token.as_str())));
        let client = Client::new(Retry::new(Arc::new(transport)), "dev", 16);
        Self { server, token, client }
    }

    /// The server's routes with its token, to be wrapped.
    pub fn transport(&self) -> RouterTransport {
        RouterTransport::new(self.server.router(), Some(Secret::new(self.token.as_str())))
    }

    /// The same server through another transport.
    pub fn client_through(transport: impl Transport + 'static) -> Client {
        Client::new(Retry::new(Arc::new(transport)), "dev", 16)
    }

    /// What the server has, as far as the project asks.
    pub async fn read(&self, project: &Project) -> State {
        let scope = Scope {
            agents: true,
            memory: project.memory_enabled,
            settings_of: project.desired.agents.keys().cloned().collect(),
        };
        fetch(&self.client, &scope, &|_| {}).await.unwrap()
    }

    /// Plans.
    pub async fn plan(&self, project: &Project, prune: Prune) -> Draft {
        self.try_plan(project, prune).await.unwrap()
    }

    /// Plans, or says what the server would refuse.
    pub async fn try_plan(&self, project: &Project, prune: Prune) -> Result<Draft, Vec<Problem>> {
        let remote = self.read(project).await;
        let options = PlanOptions { prune, recheck: true };
        plan(&project.desired, &remote, &project.origins, Target::default(), &options)
    }

    /// Applies all of a plan.
    pub async fn apply(&self, draft: &Draft) -> Ran {
        self.apply_through(&self.client, draft, ApplyOptions::default(), Cancel::new())
            .await
    }

    /// Applies all of a plan through a client of the caller's.
    pub async fn apply_through(&self, client: &Client, draft: &Draft, options: ApplyOptions, cancel: Cancel) -> Ran {
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let all = schedule(draft, &Selection::everything(&draft.plan));
        apply(all, Target::default(), client, options, cancel, sender).await;
        let mut events = Vec::new();
        while let Ok(event) = receiver.try_recv() {
            events.push(event);
        }
        Ran {
            progress: Progress::of(&events),
            events,
        }
    }

    /// Applies, and checks that everything worked.
    pub async fn apply_well(&self, draft: &Draft) -> Ran {
        let ran = self.apply(draft).await;
        let troubles: Vec<_> = ran.progress.troubles().collect();
        assert_eq!(ran.progress.verdict(), Verdict::Done, "{troubles:#?}");
        ran
    }
}

/// The project, which has to have no errors.
pub fn usable(loaded: Loaded) -> Project {
    let text = report(&loaded);
    loaded.project.unwrap_or_else(|| panic!("{text}"))
}

/// The rows that change something, as `~ settings triage (soulMd)`.
pub fn changing(plan: &Plan) -> Vec<String> {
    let line = |row: &Row| {
        format!(
            "{} {} {} ({})",
            row.verb.marker(),
            row.address.kind(),
            row.address.id(),
            row.changed_fields().join(", ")
        )
    };
    plan.rows.iter().filter(|row| row.verb.changes()).map(line).collect()
}

/// The drifted fields, as `settings triage soulMd`, and the drifted rows.
pub fn drifting(plan: &Plan) -> Vec<String> {
    let mut drifted = Vec::new();
    for row in &plan.rows {
        if row.verb == Verb::Drift {
            drifted.push(format!("{} {}", row.address.kind(), row.address.id()));
        }
        for change in row
            .changes
            .iter()
            .filter(|change| change.kind == lobuctl::plan::ChangeKind::Drift)
        {
            drifted.push(format!("{} {} {}", row.address.kind(), row.address.id(), change.path));
        }
    }
    drifted
}
