//! Plans made by hand: one with every kind of row and change, and large ones. For tests, the gallery and benchmarks.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::civil::date;
use lobuctl::plan::{Change, ChangeKind, Counts, Impact, Plan, Presentation, Row, Target, Undeclared, Verb};
use lobuctl::resource::{Address, FieldPath, Ignored, Origin, Shown};
use lobuctl::show::{Line, Role};
use lobuctl::tui::{AdoptRequest, Adoption, IgnoreRequest, LoadFailure, LoadedPlan, LookedRows, SecretUsage, Title};
use serde_json::json;

/// Returns a row without changes.
pub fn row(address: Address, verb: Verb) -> Row {
    let depends_on = match verb {
        Verb::Create | Verb::Update => address.parent().into_iter().collect(),
        _ => Vec::new(),
    };
    Row {
        cascade: None,
        address,
        verb,
        changes: Vec::new(),
        warnings: Vec::new(),
        impact: None,
        recheck: false,
        depends_on,
        origin: None,
        ignored: None,
        is_undo: false,
    }
}

/// Returns the address `platform.AGENT.KIND[.NAME]`.
pub fn platform(agent: &str, kind: &str, name: Option<&str>) -> Address {
    Address::Platform {
        agent: agent.into(),
        kind: kind.into(),
        name: name.map(Into::into),
    }
}

fn at(row: Row, line: usize) -> Row {
    let file = PathBuf::from("support-desk/lobu.toml").into();
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
    let file = PathBuf::from("support-desk/agents/triage/SOUL.md").into();
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
    let drifted = Change::server_only(
        FieldPath::parse("nixConfig.packages"),
        json!(["jq"]).into(),
        Undeclared::Keep,
    );
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
                vec![soul(), domains.presented_as(Presentation::Set), drifted],
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

/// Returns a plan with every kind of row and change.
pub fn plan() -> Plan {
    plan_of(triage().into_iter().chain(others()).collect())
}

/// Returns a plan of these rows.
pub fn plan_of(mut rows: Vec<Row>) -> Plan {
    rows.sort_by(|one, other| one.address.cmp(&other.address));
    Plan {
        target: Target {
            organization: "dev".to_owned(),
            url: "https://app.lobu.ai".to_owned(),
        },
        counts: Counts::of(&rows),
        undeclared_entities: 0,
        warnings: vec!["`works-at` names the entity type `office`, which nobody knows".to_owned()],
        rows: rows.into(),
        id: "3f2a9c0000000000000000000000000f".parse().unwrap(),
    }
}

/// Returns a plan of this many rows, one in ten an agent.
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

/// Returns a plan with one text of this many bytes, in which one line of 50 changes.
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

/// Returns the result of loading this plan.
pub fn loaded(plan: Plan) -> LoadedPlan {
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
    LoadedPlan {
        left_out: BTreeSet::new(),
        plan,
        marked: BTreeSet::new(),
        secrets,
        warnings: vec![Line::at(2).push(Role::Warning, "`[models]` is not synced by this release")],
        title: Title {
            config: "support-desk/lobu.toml".to_owned(),
            organization: "dev".to_owned(),
            host: "app.lobu.ai".to_owned(),
            context: Some("prod".to_owned()),
            targets: Vec::new(),
        },
        protected: false,
        took_ms: 420,
        today: date(2026, 11, 29),
        ignore_until: date(2027, 2, 27),
        looked: LookedRows::default(),
        pull: None,
        recorded: None,
    }
}

fn secret_row(name: &str, source: Option<&str>, uses: &[&str], sent: bool) -> SecretUsage {
    SecretUsage {
        name: name.to_owned(),
        source: source.map(str::to_owned),
        uses: uses.iter().map(|&location| location.to_owned()).collect(),
        sent,
    }
}

/// Returns the plan with these rows deleted, or their drifted fields cleared.
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

/// Returns the diagnostics of a server that does not answer.
pub fn unreachable() -> LoadFailure {
    LoadFailure {
        origin: None,
        lines: vec![
            Line::default()
                .push(Role::Error, "error: ")
                .plain("cannot reach https://app.lobu.ai"),
            Line::at(2).plain("connection refused, 5 tries in 2.1 s"),
            Line::default()
                .push(Role::Dim, "hint: ")
                .plain("`lobuctl doctor` checks the way there"),
        ],
    }
}

/// Returns what adopting these rows would write: a line for each of them.
pub fn adoption(request: &AdoptRequest) -> Adoption {
    let mut lines = vec![Line::at(2).push(Role::Update, "~ ").push(Role::Strong, "lobu.toml")];
    for row in &request.rows {
        let field = request
            .field
            .as_ref()
            .map(|field| format!(" {field}"))
            .unwrap_or_default();
        lines.push(Line::at(6).push(Role::AddedText, format!("+ {row}{field}")));
    }
    Adoption {
        files: 1,
        summary: "1 file to change".to_owned(),
        lines,
    }
}

/// Marks drift as ignored, or not any more.
pub fn ignore(plan: &mut Plan, request: &IgnoreRequest) {
    let ignored = request.because.as_ref().map(|because| Ignored {
        reason: because.reason.clone(),
        until: because.until,
    });
    for row in plan.rows.iter_mut().filter(|row| request.rows.contains(&row.address)) {
        if row.verb == Verb::Drift {
            row.ignored.clone_from(&ignored);
        }
        let changes = row.changes.iter_mut().filter(|change| change.kind == ChangeKind::Drift);
        let wanted = |path: &FieldPath| request.field.as_ref().is_none_or(|field| path.starts_with(field));
        for change in changes.filter(|change| wanted(&change.path)) {
            change.ignored.clone_from(&ignored);
        }
    }
    plan.counts = Counts::of(&plan.rows);
}
