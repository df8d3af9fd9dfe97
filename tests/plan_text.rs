//! The plan as text and as Markdown, as people see it: one snapshot for each thing that a plan can say.

use std::time::{Duration, Instant};

use lobuctl::plan::{Change, ChangeKind, Impact, Plan, Presentation, Row, Undeclared, Verb};
use lobuctl::report::ansi::{to_text, write_lines};
use lobuctl::report::markdown;
use lobuctl::resource::{Address, FieldPath, Shown};
use lobuctl::show::change::Detail;
use lobuctl::show::plan::{PlanView, plan_lines};
use lobuctl::show::text_diff::{ContextLines, diff};
use serde_json::{Value, json};

use crate::support::screen::canned::{big_plan, long_text_plan, plan, plan_of, platform, row};
use crate::support::snapshot::check;

fn lines(plan: &Plan, all: bool) -> Vec<lobuctl::show::Line> {
    let detail = Detail::PLAN;
    plan_lines(plan, PlanView { all, detail })
}

fn text(plan: &Plan) -> String {
    to_text(&lines(plan, false))
}

/// A plan of these rows without warnings of its own.
fn quiet(rows: Vec<Row>) -> Plan {
    Plan {
        undeclared_entities: 0,
        warnings: Vec::new(),
        ..plan_of(rows)
    }
}

fn between(path: &str, before: Value, after: Value) -> Change {
    let side = |value: Value| Some(value).filter(|value| !value.is_null()).map(Shown::from);
    Change::between(FieldPath::parse(path), side(before), side(after))
}

fn update(address: Address, changes: Vec<Change>) -> Row {
    Row {
        changes,
        ..row(address, Verb::Update)
    }
}

fn secret(path: &str, kind: ChangeKind, before: bool, after: bool) -> Change {
    let side = |there: bool| there.then_some(Shown::Secret);
    Change {
        kind,
        ..Change::between(FieldPath::parse(path), side(before), side(after))
    }
}

#[test]
fn something_of_everything() {
    check("plan_everything", &text(&plan()));
    check("plan_everything_all", &to_text(&lines(&plan(), true)));
    check("plan_everything_markdown", &markdown::plan(&plan()));
}

#[test]
fn colors_are_the_only_difference() {
    let mut colored = Vec::new();
    write_lines(&mut colored, &lines(&plan(), false), true).unwrap();
    let colored = String::from_utf8(colored).unwrap();
    let mut bare = String::new();
    let mut rest = colored.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        bare.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    bare.push_str(rest);
    assert_eq!(bare, text(&plan()));
}

#[test]
fn creations() {
    let domains = between("networkConfig.allowedDomains", Value::Null, json!(["a.example"]));
    let rows = vec![
        Row {
            changes: vec![between("name", Value::Null, json!("Desk"))],
            ..row(Address::agent("desk"), Verb::Create)
        },
        Row {
            changes: vec![domains.presented_as(Presentation::Set)],
            ..row(Address::settings("desk"), Verb::Create)
        },
        row(platform("desk", "slack", Some("eng")), Verb::Create),
        row(Address::entity_type("company"), Verb::Create),
    ];
    check("plan_create", &text(&quiet(rows)));
}

#[test]
fn updates() {
    let rows = vec![
        update(
            Address::agent("desk"),
            vec![
                between("name", json!("Desk"), json!("Front desk")),
                between("description", Value::Null, json!("answers first")),
            ],
        ),
        update(Address::settings("desk"), settings_changes()),
        update(
            Address::entity_type("company"),
            vec![
                between("metadata_schema.properties.size.minimum", json!(1), json!(2)),
                between("metadata_schema.properties.tier.type", Value::Null, json!("string")),
                between("icon", json!("house"), Value::Null),
                between("event_kinds", json!({}), json!([])),
            ],
        ),
        Row {
            impact: Some(Impact::Replace),
            ..update(
                Address::relationship_type("knows"),
                vec![
                    between("is_symmetric", json!(false), json!(true)),
                    between("rules.person->person", Value::Null, json!(true)),
                    between("rules.person->company", json!(true), Value::Null),
                ],
            )
        },
    ];
    check("plan_update", &text(&quiet(rows)));
}

fn settings_changes() -> Vec<Change> {
    vec![
        between("soulMd", json!("Be concise."), json!("Be concise and kind.")),
        between("userMd", Value::Null, json!("Customers.\nAll of them.")),
        between("identityMd", json!("You are the desk."), Value::Null),
        between(
            "installedProviders",
            json!(["anthropic", "openai"]),
            json!(["openai", "anthropic"]),
        )
        .presented_as(Presentation::List),
        between(
            "networkConfig.allowedDomains",
            json!(["a.example", "b.example"]),
            json!(["b.example", "c.example"]),
        )
        .presented_as(Presentation::Set),
        between("networkConfig.deniedDomains", json!(["a.example"]), json!([])).presented_as(Presentation::Set),
        between(
            "networkConfig.judgedDomains",
            json!([{ "domain": "d.example" }]),
            json!([{ "domain": "d.example", "judge": "strict" }]),
        )
        .presented_as(Presentation::Set),
        between("guardrails", Value::Null, json!([])).presented_as(Presentation::Set),
        between("mcpServers.local.args", json!(["--one"]), json!(["--one", "--two"])).presented_as(Presentation::List),
        between("toolsConfig.strictMode", json!(true), json!(false)),
        between(
            "egressConfig.judgeModel",
            json!("tab\there"),
            json!("bell\u{7}and \u{1b}[31mred"),
        ),
    ]
}

#[test]
fn nothing_to_do() {
    let rows = vec![
        row(Address::agent("desk"), Verb::Noop),
        row(Address::settings("desk"), Verb::Noop),
        row(Address::entity_type("company"), Verb::Noop),
    ];
    check("plan_noop", &text(&quiet(rows.clone())));
    check("plan_noop_all", &to_text(&lines(&quiet(rows), true)));
    check("plan_empty", &text(&quiet(Vec::new())));
}

#[test]
fn drift_and_what_prune_makes_of_it() {
    let fields = |undeclared: Undeclared| {
        vec![
            Change::server_only(
                FieldPath::parse("nixConfig.packages"),
                Shown::from(json!(["jq"])),
                undeclared,
            )
            .presented_as(Presentation::Set),
            Change::server_only(FieldPath::parse("mcpServers.old"), Shown::Secret, undeclared),
            Change::server_only(
                FieldPath::parse("userMd"),
                Shown::from(json!("Somebody wrote this by hand.\nTwo lines of it.")),
                undeclared,
            ),
        ]
    };
    let rows = |undeclared: Undeclared| {
        let verb = |kept, gone| if undeclared.clears() { gone } else { kept };
        let takes = vec!["has 2 platforms, which a deletion takes along".to_owned()];
        vec![
            row(Address::agent("desk"), Verb::Noop),
            Row {
                changes: fields(undeclared),
                ..row(Address::settings("desk"), verb(Verb::Noop, Verb::Update))
            },
            row(platform("desk", "slack", Some("old")), verb(Verb::Drift, Verb::Delete)),
            Row {
                warnings: if undeclared.clears() { takes } else { Vec::new() },
                ..row(Address::agent("stale"), verb(Verb::Drift, Verb::Delete))
            },
            row(Address::entity_type("old"), verb(Verb::Drift, Verb::Delete)),
        ]
    };
    check("plan_drift", &text(&quiet(rows(Undeclared::Keep))));
    check("plan_prune", &text(&quiet(rows(Undeclared::Clear))));
}

#[test]
fn restarts_and_secrets() {
    use ChangeKind::{Added, Changed, Removed, SecretNotComparable, SecretUnchanged};
    let rows = vec![
        row(Address::agent("desk"), Verb::Noop),
        Row {
            impact: Some(Impact::Restart),
            warnings: vec!["the platform is in error on the server: the token was refused".to_owned()],
            ..update(
                platform("desk", "slack", None),
                vec![
                    secret("config.botToken", SecretUnchanged, true, true),
                    secret("config.signingSecret", Changed, true, true),
                    secret("config.appToken", Added, false, true),
                    between("config.channel", json!("#a"), json!("#b")),
                ],
            )
        },
        Row {
            impact: Some(Impact::Replace),
            ..update(
                platform("desk", "slack", Some("eng")),
                vec![
                    secret("config.botToken", SecretNotComparable, true, true),
                    secret("config.oldToken", Removed, true, false),
                ],
            )
        },
        Row {
            recheck: true,
            changes: vec![secret("config.botToken", SecretNotComparable, true, true)],
            ..row(platform("desk", "telegram", None), Verb::Noop)
        },
    ];
    let plan = quiet(rows);
    check("plan_secrets", &text(&plan));
    check("plan_secrets_markdown", &markdown::plan(&plan));
}

#[test]
fn long_texts_are_cut_and_counted() {
    let plan = long_text_plan(60_000);
    check("plan_long_text", &text(&quiet(plan.rows.iter().cloned().collect())));
    assert!(markdown::plan(&plan).len() < 65_536);
}

/// `word 0`, `word 1`, …, each with this end.
fn numbered(count: usize, word: &str, end: char) -> String {
    (0..count).fold(String::new(), |text, at| {
        text + word + " " + &at.to_string() + &end.to_string()
    })
}

#[test]
fn texts_that_share_nothing_are_compared_roughly_and_soon() {
    let start = Instant::now();
    let book = |word: &str| format!("same\n{}end\n", numbered(20_000, word, '\n'));
    let both = diff(&book("old"), &book("new"), ContextLines(3));
    assert_eq!((both.removed, both.added, both.lines.len()), (20_000, 20_000, 40_000));
    let one = diff(
        &numbered(50_000, "a", ' '),
        &numbered(50_000, "b", ' '),
        ContextLines(0),
    );
    assert_eq!((one.removed, one.added), (1, 1));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn three_thousand_rows() {
    let plan = big_plan(3_000);
    let told = text(&quiet(plan.rows.iter().cloned().collect()));
    let head: Vec<&str> = told.lines().take(24).collect();
    let tail: Vec<&str> = told.lines().rev().take(6).collect();
    let tail: Vec<&str> = tail.into_iter().rev().collect();
    check(
        "plan_3000",
        &format!(
            "{}\n…\n{}\n{} lines",
            head.join("\n"),
            tail.join("\n"),
            told.lines().count()
        ),
    );
    assert_eq!(told, text(&quiet(plan.rows.iter().cloned().collect())));
    let comment = markdown::plan(&plan);
    assert!(comment.chars().count() < 65_536, "{}", comment.len());
    assert!(comment.contains("\n- …\n"), "{}", &comment[comment.len() - 400..]);
}

#[test]
fn the_numbers_of_the_text_are_those_of_the_json() {
    let plan = plan();
    let value = serde_json::to_value(&plan).unwrap();
    let count = |verb: &str| {
        let rows = value["rows"].as_array().unwrap();
        rows.iter().filter(|row| row["verb"] == verb).count()
    };
    let summary = format!(
        "Summary: {} create, {} update, {} unchanged, {} drift",
        count("create"),
        count("update"),
        count("noop"),
        count("drift")
    );
    let told = text(&plan);
    assert!(told.contains(&summary), "{summary}\n{told}");
    for verb in ["create", "update", "noop", "drift", "delete"] {
        assert_eq!(value["counts"][verb], count(verb), "{verb}");
    }
}
