//! A plan with something of everything, and a workbench that applies it to nothing: for tests, gallery and benches.
#![allow(dead_code)]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use lobuctl::apply::Cancel;
use lobuctl::apply::event::{Event, EventKind, Outcome, PlannedStep};
use lobuctl::plan::{Change, ChangeKind, Counts, Impact, Plan, Reading, Row, Target, Verb};
use lobuctl::resource::{Address, FieldPath, Origin, Shown};
use lobuctl::show::{Line, Role};
use lobuctl::tui::{ApplyRequest, LoadFailure, LoadRequest, LoadStep, Loaded, SecretRow, Title, Workbench};
use serde_json::json;
use tokio::sync::mpsc::UnboundedSender;

/// A row without changes.
pub fn row(address: Address, verb: Verb) -> Row {
    let depends_on = match verb {
        Verb::Create | Verb::Update => address.parent().into_iter().collect(),
        _ => Vec::new(),
    };
    Row {
        address,
        verb,
        changes: Vec::new(),
        warnings: Vec::new(),
        impact: None,
        recheck: false,
        depends_on,
        origin: None,
    }
}

/// `platform.AGENT.KIND[.NAME]`.
pub fn platform(agent: &str, kind: &str, name: Option<&str>) -> Address {
    Address::Platform {
        agent: agent.to_owned(),
        kind: kind.to_owned(),
        name: name.map(str::to_owned),
    }
}

fn at(row: Row, line: usize) -> Row {
    let file = PathBuf::from("support-desk/lobu.toml");
    Row {
        origin: Some(Origin { file, line }),
        ..row
    }
}

fn with(row: Row, changes: Vec<Change>) -> Row {
    Row { changes, ..row }
}

fn text(path: &str, before: &str, after: &str) -> Change {
    Change::between(FieldPath::parse(path), Some(before.into()), Some(after.into()))
}

fn secret(path: &str, kind: ChangeKind) -> Change {
    Change {
        kind,
        ..Change::between(FieldPath::parse(path), Some(Shown::Secret), Some(Shown::Secret))
    }
}

const SOUL_BEFORE: &str =
    "# Triage\n\nYou sort what comes in.\nBe the first to answer.\nBe concise.\nNever promise a date.\n";
const SOUL_AFTER: &str = "# Triage\n\nYou sort what comes in.\nBe the first to answer.\nBe concise and kind.\nNever promise a date.\nHand over to a person when asked.\n";

fn soul() -> Change {
    let file = PathBuf::from("support-desk/agents/triage/SOUL.md");
    Change {
        origin: Some(Origin { file, line: 1 }),
        ..text("soulMd", SOUL_BEFORE, SOUL_AFTER)
    }
}

fn triage() -> Vec<Row> {
    let domains = Change::between(
        FieldPath::parse("networkConfig.allowedDomains"),
        Some(json!(["api.github.com"]).into()),
        Some(json!(["api.github.com", "api.linear.app"]).into()),
    );
    let drifted = Change::server_only(FieldPath::parse("nixConfig.packages"), json!(["jq"]).into(), false);
    vec![
        at(
            with(
                row(Address::agent("triage"), Verb::Update),
                vec![text("name", "Triage", "Triage desk")],
            ),
            4,
        ),
        at(
            with(
                row(Address::settings("triage"), Verb::Update),
                vec![soul(), domains.reading(Reading::Set), drifted],
            ),
            9,
        ),
        Row {
            impact: Some(Impact::Restart),
            ..at(
                with(
                    row(platform("triage", "telegram", None), Verb::Update),
                    vec![
                        text("config.chatId", "12345", "67890"),
                        secret("config.botToken", ChangeKind::SecretUnchanged),
                    ],
                ),
                21,
            )
        },
        at(
            with(
                row(platform("triage", "slack", Some("eng")), Verb::Create),
                vec![
                    Change::between(FieldPath::parse("config.channel"), None, Some("#eng".into())),
                    Change::between(FieldPath::parse("config.signingSecret"), None, Some(Shown::Secret)),
                ],
            ),
            27,
        ),
    ]
}

fn others() -> Vec<Row> {
    let recheck = Row {
        recheck: true,
        ..with(
            row(platform("billing", "whatsapp", None), Verb::Noop),
            vec![secret("config.accessToken", ChangeKind::SecretNotComparable)],
        )
    };
    vec![
        row(Address::agent("archive"), Verb::Noop),
        row(Address::settings("archive"), Verb::Noop),
        row(Address::agent("billing"), Verb::Noop),
        row(Address::settings("billing"), Verb::Noop),
        at(recheck, 40),
        row(Address::agent("stale"), Verb::Drift),
        row(Address::settings("stale"), Verb::Drift),
        at(row(Address::entity_type("company"), Verb::Create), 52),
        row(Address::entity_type("person"), Verb::Noop),
        Row {
            depends_on: vec![Address::entity_type("company")],
            ..at(row(Address::relationship_type("works-at"), Verb::Create), 60)
        },
    ]
}

/// A plan with something of everything.
pub fn plan() -> Plan {
    plan_of(triage().into_iter().chain(others()).collect())
}

/// A plan of these rows.
pub fn plan_of(mut rows: Vec<Row>) -> Plan {
    rows.sort_by(|one, other| one.address.cmp(&other.address));
    Plan {
        target: Target {
            organization: "dev".to_owned(),
            url: "https://app.lobu.ai".to_owned(),
        },
        counts: Counts::of(&rows),
        warnings: vec!["`works-at` names the entity type `office`, which nobody knows".to_owned()],
        rows,
        id: "3f2a9c".to_owned(),
    }
}

/// A plan of this many rows, one in ten an agent.
pub fn big_plan(rows: usize) -> Plan {
    let rows = (0..rows).map(|index| {
        let agent = format!("agent-{:05}", index / 10);
        let verb = if index % 7 == 0 { Verb::Update } else { Verb::Noop };
        match index % 10 {
            0 => row(Address::agent(agent), verb),
            1 => row(Address::settings(agent), verb),
            number => row(platform(&agent, "telegram", Some(&format!("room-{number}"))), verb),
        }
    });
    plan_of(rows.collect())
}

/// A plan with one text of this many bytes, changed here and there.
pub fn long_text_plan(bytes: usize) -> Plan {
    let line = |index: usize| format!("{index:>6} Answer what was asked, say what you do not know, and stop.\n");
    let before: String = (0..bytes / line(0).len()).map(line).collect();
    let changed = |(index, line): (usize, &str)| match index % 50 {
        7 => line.replace("stop", "breathe") + "\n",
        _ => format!("{line}\n"),
    };
    let after: String = before.lines().enumerate().map(changed).collect();
    let settings = with(
        row(Address::settings("triage"), Verb::Update),
        vec![text("soulMd", &before, &after)],
    );
    plan_of(vec![row(Address::agent("triage"), Verb::Noop), settings])
}

/// What loading this plan says.
pub fn loaded(plan: Plan) -> Loaded {
    let secrets = vec![
        secret_row("SLACK_SIGNING_SECRET", None, &["lobu.toml:29"], true),
        secret_row(
            "TELEGRAM_TOKEN",
            Some(".env.local"),
            &["lobu.toml:23", "lobu.toml:44"],
            true,
        ),
        secret_row("LINEAR_KEY", Some("process"), &["agents/triage/mcp.json:3"], false),
    ];
    Loaded {
        plan,
        secrets,
        warnings: vec![Line::at(2).push(Role::Warning, "`[models]` is not synced by this release")],
        title: Title {
            config: "support-desk/lobu.toml".to_owned(),
            organization: "dev".to_owned(),
            host: "app.lobu.ai".to_owned(),
        },
        protected: false,
        took_ms: 420,
    }
}

fn secret_row(name: &str, source: Option<&str>, places: &[&str], sent: bool) -> SecretRow {
    SecretRow {
        name: name.to_owned(),
        source: source.map(str::to_owned),
        places: places.iter().map(|place| (*place).to_owned()).collect(),
        sent,
    }
}

/// How the canned server behaves.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// Time that a row takes.
    pub pace: Duration,
    /// Rows that fail, with the server's words; once.
    pub fails: Vec<(Address, String)>,
    /// How often loading fails before it works.
    pub load_failures: usize,
    /// The run waits for this row until somebody stops it.
    pub hangs: Option<Address>,
    /// Applying wants the organisation's name.
    pub protected: bool,
    /// The first row never ends, whatever is asked.
    pub deaf: bool,
}

/// A workbench over a canned plan. What was applied is a noop in the next plan.
#[derive(Clone)]
pub struct Bench {
    state: Arc<Mutex<State>>,
}

struct State {
    plan: Plan,
    script: Script,
    applied: Vec<BTreeSet<Address>>,
    loads: usize,
}

impl Bench {
    pub fn new(plan: Plan, script: Script) -> Self {
        let state = State {
            plan,
            script,
            applied: Vec::new(),
            loads: 0,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Selections that were applied, in order.
    pub fn applied(&self) -> Vec<BTreeSet<Address>> {
        self.state.lock().unwrap().applied.clone()
    }

    /// How often it was planned.
    pub fn loads(&self) -> usize {
        self.state.lock().unwrap().loads
    }
}

/// The plan with these rows deleted, or their drifted fields cleared.
pub fn pruned(plan: &Plan, prune: &BTreeSet<Address>) -> Plan {
    let mut plan = plan.clone();
    for row in &mut plan.rows {
        let parent = row.address.parent();
        let asked = prune.contains(&row.address)
            || parent.is_some_and(|parent| prune.contains(&parent) && row.verb == Verb::Drift);
        if !asked {
            continue;
        }
        if row.verb == Verb::Drift {
            row.verb = Verb::Delete;
        }
        for change in &mut row.changes {
            if change.kind == ChangeKind::Drift {
                change.kind = ChangeKind::Removed;
            }
        }
    }
    plan.counts = Counts::of(&plan.rows);
    plan
}

impl Workbench for Bench {
    fn load(
        &self,
        request: LoadRequest,
        steps: UnboundedSender<LoadStep>,
    ) -> BoxFuture<'static, Result<Loaded, LoadFailure>> {
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
                return Err(unreachable());
            }
            let mut loaded = loaded(pruned(&state.plan, &request.prune));
            loaded.protected = state.script.protected;
            Ok(loaded)
        }
        .boxed()
    }

    fn replan(&self, prune: &BTreeSet<Address>) -> Option<Plan> {
        Some(pruned(&self.state.lock().unwrap().plan, prune))
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
            Applying::new(&bench, &request, events).run(&request, &cancel).await;
            Ok(())
        }
        .boxed()
    }
}

/// The diagnostics of a server that does not answer.
pub fn unreachable() -> LoadFailure {
    LoadFailure {
        lines: vec![
            Line::default()
                .push(Role::Error, "error: ")
                .plain("cannot reach https://app.lobu.ai"),
            Line::at(2).plain("connection refused, 5 tries in 2.1 s"),
            Line::default()
                .push(Role::Dim, "hint: ")
                .plain("`lobuctl doctor` checks the way there"),
        ],
        code: 1,
    }
}

struct Applying {
    bench: Bench,
    plan: Plan,
    script: Script,
    events: UnboundedSender<Event>,
    seq: u64,
    elapsed_ms: u64,
}

impl Applying {
    fn new(bench: &Bench, request: &ApplyRequest, events: UnboundedSender<Event>) -> Self {
        let state = bench.state.lock().unwrap();
        Self {
            bench: bench.clone(),
            plan: pruned(&state.plan, &request.prune),
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
            restarts: row.impact.is_some(),
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
        if self.script.deaf {
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

    /// What holds now is a noop from now on; what has failed works the next time.
    fn finish(&mut self, row: &Row, outcome: Outcome) {
        let mut state = self.bench.state.lock().unwrap();
        if outcome.succeeded() {
            state
                .plan
                .rows
                .retain(|known| known.address != row.address || row.verb != Verb::Delete);
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
