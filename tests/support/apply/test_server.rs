//! A server in this process, with a client that plans and applies projects on it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lobuctl::apply::event::Event;
use lobuctl::apply::{ApplyOptions, Cancel, Progress, Verdict, apply};
use lobuctl::config::{LoadedProject, Project};
use lobuctl::plan::{Draft, Plan, PlanOptions, Problem, Prune, Row, Selection, Target, Verb, plan, schedule};
use lobuctl::remote::{
    Client, DataScope, DetailsOf, NamedData, Retry, RouterTransport, Scope, Transport, WatcherScope, fetch,
};
use lobuctl::resource::{Address, Origins, Secret, State};
use lobuctl::server::{PlatformMode, Server, ServerOptions, Storage};
use secrecy::SecretString;

use crate::support::project::report;
use crate::support::server::open;
use crate::support::server::postgres::TestDatabase;

/// A server in memory, and a client with its admin token: for tests that plan and apply.
pub struct TestServer {
    /// The server itself.
    pub inner: Server,
    /// The admin token of `dev`.
    pub token: String,
    /// A client of the organization `dev`.
    pub client: Client,
}

/// What a run produced.
pub struct RunResult {
    /// The progress after the last event.
    pub progress: Progress,
    /// Every event, in order.
    pub events: Vec<Event>,
}

impl TestServer {
    /// An empty server that starts platforms and redacts secrets.
    pub async fn live() -> Self {
        Self::with(ServerOptions::memory()).await
    }

    /// An empty server that stores platforms without starting them.
    pub async fn stored() -> Self {
        Self::with(ServerOptions {
            mode: PlatformMode::Stored,
            ..ServerOptions::memory()
        })
        .await
    }

    /// An empty server over a PostgreSQL database that stores platforms without starting them.
    pub async fn stored_on(database: &TestDatabase) -> Self {
        let storage = Storage::Postgres {
            url: database.url.clone(),
        };
        Self::with(ServerOptions {
            mode: PlatformMode::Stored,
            encryption_key: Some(SecretString::from("7a".repeat(32))),
            ..ServerOptions::new(storage)
        })
        .await
    }

    /// An empty server with these options.
    pub async fn with(options: ServerOptions) -> Self {
        let (server, token) = open(options).await;
        let transport = RouterTransport::new(server.router(), Some(Secret::new(token.as_str())));
        let client = Client::new(Retry::new(Arc::new(transport)), "dev", 16);
        Self {
            inner: server,
            token,
            client,
        }
    }

    /// Returns a transport to the server with its token, to be wrapped.
    pub fn transport(&self) -> RouterTransport {
        RouterTransport::new(self.inner.router(), Some(Secret::new(self.token.as_str())))
    }

    /// Returns a client of the same organization over another transport.
    pub fn client_through(transport: impl Transport + 'static) -> Client {
        Client::new(Retry::new(Arc::new(transport)), "dev", 16)
    }

    /// Reads what a plan of this project needs.
    pub async fn read(&self, project: &Project) -> State {
        let scope = scope_of(&project.desired, project.memory_enabled);
        fetch(&self.client, &scope, &|_| {}).await.unwrap()
    }

    /// Reads what a plan of this project needs that also deletes this data.
    pub async fn read_deleting(&self, project: &Project, addresses: BTreeSet<Address>) -> State {
        let scope = Scope {
            data: data_scope(&project.desired).map(|scope| DataScope {
                named: NamedData {
                    addresses,
                    ..NamedData::default()
                },
                ..scope
            }),
            ..scope_of(&project.desired, project.memory_enabled)
        };
        fetch(&self.client, &scope, &|_| {}).await.unwrap()
    }

    /// Plans a project that the server accepts.
    pub async fn plan(&self, project: &Project, prune: Prune) -> Draft {
        self.try_plan(project, prune).await.unwrap()
    }

    /// Plans a project, or returns the problems that stand against it.
    pub async fn try_plan(&self, project: &Project, prune: Prune) -> Result<Draft, Vec<Problem>> {
        let remote = self.read(project).await;
        let options = PlanOptions {
            prune,
            ..PlanOptions::default()
        };
        plan(&project.desired, &remote, &project.origins, Target::default(), &options)
    }

    /// Plans a state, without a project around it.
    pub async fn plan_state(&self, desired: &State, prune: Prune) -> Draft {
        let scope = scope_of(desired, true);
        let remote = fetch(&self.client, &scope, &|_| {}).await.unwrap();
        plan_states(desired, &remote, prune)
    }

    /// Applies every row of a plan.
    pub async fn apply(&self, draft: &Draft) -> RunResult {
        self.apply_through(&self.client, draft, ApplyOptions::default(), Cancel::new())
            .await
    }

    /// Applies every row of a plan through this client.
    pub async fn apply_through(
        &self,
        client: &Client,
        draft: &Draft,
        options: ApplyOptions,
        cancel: Cancel,
    ) -> RunResult {
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let all = schedule(draft, &Selection::everything(&draft.plan));
        apply(all, Target::default(), client, options, cancel, sender).await;
        let mut events = Vec::new();
        while let Ok(event) = receiver.try_recv() {
            events.push(event);
        }
        RunResult {
            progress: Progress::of(&events),
            events,
        }
    }

    /// Applies every row of a plan, and checks that each one succeeded.
    pub async fn apply_well(&self, draft: &Draft) -> RunResult {
        let ran = self.apply(draft).await;
        let troubles: Vec<_> = ran.progress.troubles().collect();
        assert_eq!(ran.progress.verdict(), Verdict::Done, "{troubles:#?}");
        ran
    }
}

/// Returns what a plan of a state needs.
fn scope_of(desired: &State, memory: bool) -> Scope {
    Scope {
        agents: true,
        memory,
        watchers: watcher_scope(desired),
        data: data_scope(desired),
        details_of: DetailsOf::All,
        stable_ids: BTreeSet::new(),
        rules_of: DetailsOf::All,
    }
}

/// Returns what of the data a plan of a state needs. Without any, nothing of it is read.
fn data_scope(desired: &State) -> Option<DataScope> {
    let entities = desired.entities.iter();
    let scope = DataScope {
        entities: entities
            .map(|(path, entity)| (path.clone(), entity.entity_type.clone()))
            .collect(),
        relationships: desired.relationships.keys().cloned().collect(),
        needs_content: true,
        named: NamedData::default(),
    };
    (!scope.entities.is_empty() || !scope.relationships.is_empty()).then_some(scope)
}

/// Returns what of the watchers a plan of a state needs. Without any, nothing of them is read.
fn watcher_scope(desired: &State) -> Option<WatcherScope> {
    let watchers = desired.watchers.iter();
    let declared: BTreeMap<_, _> = watchers
        .map(|(slug, watcher)| (slug.clone(), watcher.entities.first().cloned()))
        .collect();
    (!declared.is_empty()).then_some(WatcherScope {
        declared,
        scripts_of: DetailsOf::All,
    })
}

/// Plans one state against another, without a server.
pub fn plan_states(desired: &State, remote: &State, prune: Prune) -> Draft {
    let remote = &with_rule_ids(remote.clone());
    let options = PlanOptions {
        prune,
        ..PlanOptions::default()
    };
    plan(desired, remote, &Origins::default(), Target::default(), &options).unwrap()
}

/// Gives an id to every rule without one, as a server does: no rule can be removed without an id, so that a plan would
/// list rules in an unchanged row.
fn with_rule_ids(mut state: State) -> State {
    let rules = state.relationship_types.values_mut().filter_map(|it| it.rules.as_mut());
    for (number, ids) in rules.flat_map(|rules| rules.values_mut()).enumerate() {
        if ids.is_empty() {
            ids.push(number.into());
        }
    }
    state
}

/// Returns the project; fails with the diagnostics if it has errors.
pub fn expect_valid(loaded: LoadedProject) -> Project {
    let text = report(&loaded);
    loaded.project.unwrap_or_else(|| panic!("{text}"))
}

/// Returns the rows that change something, as `~ settings triage (soulMd)`.
pub fn changed_rows(plan: &Plan) -> Vec<String> {
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

/// Returns the drifted rows and fields, as `agent triage` and `settings triage soulMd`.
pub fn drifted_fields(plan: &Plan) -> Vec<String> {
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
