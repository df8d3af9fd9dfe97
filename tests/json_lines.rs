//! What `--format json` prints has a schema, and `--json-into` writes the same lines beside the text.

use std::collections::BTreeSet;
use std::fs;
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;

use jiff::Timestamp;
use lobuctl::apply::event::EventKind;
use lobuctl::report::json;
use lobuctl::report::schema::{events_schema, plan_schema};
use serde_json::Value;

use crate::support::line_schema::{JsonValidator, check_line, closed};
use crate::support::program::cli::{CliProject, alone};
use crate::support::screen::canned;

/// The types that the schema has.
fn all_types() -> BTreeSet<String> {
    let schema = events_schema();
    let types = schema["oneOf"].as_array().unwrap().iter();
    types
        .map(|line| line["properties"]["type"]["const"].as_str().unwrap().to_owned())
        .collect()
}

/// Commands that print lines and change no file.
const QUIET: [&str; 14] = [
    "runs",
    "runs show last",
    "runs diff last last",
    "doctor",
    "whoami",
    "org list",
    "drift",
    "secrets push --yes",
    "secrets list",
    "secrets diff",
    "secrets audit",
    "memory",
    "memory tools",
    "memory run list_organizations",
];

/// Events that no quiet server causes.
fn events_of_no_quiet_server() -> [EventKind; 4] {
    let address = canned::platform("triage", "telegram", None);
    [
        EventKind::Cancelling,
        EventKind::Note {
            address: address.clone(),
            message: "a restart that nobody expected".to_owned(),
        },
        EventKind::Waiting {
            address: address.clone(),
            method: "PUT".to_owned(),
            path: "/api/dev/agents/triage".to_owned(),
            silent_ms: 2_000,
            attempt: 1,
        },
        EventKind::Retrying {
            address,
            next_attempt: 2,
            max_attempts: 5,
            reason: "connection refused".to_owned(),
            delay_ms: 100,
        },
    ]
}

#[test]
fn every_type_of_line_satisfies_its_schema() {
    let cli = CliProject::new();
    let mut seen = BTreeSet::new();
    // `objects` validates each line.
    let mut see = |line: &str, code: i32| {
        let objects = cli.expect_exit(&format!("{line} --format json"), code).objects();
        seen.extend(objects.iter().map(|object| object["type"].as_str().unwrap().to_owned()));
    };
    see("plan --all --full", 0);
    see("apply --yes -vv", 0);
    cli.edit("lobu.toml", "name = \"Desk\"", "name = \"Front desk\"");
    cli.edit("lobu.toml", "allowed = [\"a.example\"]\n", "");
    see("apply --yes", 0);
    for line in QUIET {
        see(line, 0);
    }
    see("undo --dry-run", 0);
    see("pull --dry-run", 0);
    see("validate", 0);
    cli.expect_exit("context add work --url http://127.0.0.1:1", 0);
    see("context list", 0);
    see("plan --fail-on changes>0,drift", 4);
    cli.edit("lobu.toml", "name = ", "nane = ");
    see("validate", 1);
    // Those that need a sign-in, or a server that takes only keys of providers, are validated by the tests of it; those that
    // no quiet server causes are made here.
    let elsewhere = [
        "device_code",
        "login",
        "logout",
        "provider-keys-push",
        "provider-key-written",
    ];
    seen.extend(elsewhere.map(str::to_owned));
    for kind in events_of_no_quiet_server() {
        let event = lobuctl::apply::event::Event {
            seq: 0,
            elapsed_ms: 1,
            kind,
        };
        let (mut out, name) = (Vec::new(), json::event_type(&event));
        json::write(&mut out, &name, Timestamp::UNIX_EPOCH, &event).unwrap();
        check_line(&serde_json::from_slice(&out).unwrap());
        seen.insert(name);
    }
    let missing: Vec<String> = all_types().difference(&seen).cloned().collect();
    assert_eq!(missing, ["warning"], "not printed by any of these commands");
}

#[test]
fn a_plan_satisfies_the_schema_of_plans_and_nothing_else_does() {
    let cli = CliProject::new();
    let printed = alone(cli.path(), "schema --file plan").out;
    let schema: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(schema, plan_schema());
    let events: Value = serde_json::from_str(&alone(cli.path(), "schema --file events").out).unwrap();
    assert_eq!(events, events_schema());
    let strict = JsonValidator::new(closed(schema.clone()));
    let (lenient, any) = (JsonValidator::new(schema), JsonValidator::new(events));
    let plan = cli.expect_exit("plan --format json", 0).object("plan");
    assert_eq!(strict.errors(&plan), "");
    // A later release adds keys, which a reader that has this schema has to accept.
    let mut later = plan.clone();
    later["rows"][0]["since"] = "2027".into();
    assert!(!strict.accepts(&later) && lenient.accepts(&later) && any.accepts(&later));
    for (pointer, wrong) in [
        ("/id", "short"),
        ("/rows/0/verb", "made"),
        ("/type", "plans"),
        ("/ts", ""),
    ] {
        let mut broken = plan.clone();
        *broken.pointer_mut(pointer).unwrap() = wrong.into();
        assert!(!lenient.accepts(&broken) && !any.accepts(&broken), "{pointer}");
    }
}

/// Returns the types of lines in a file, each of which is validated.
fn types_in(path: &std::path::Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .map(|line| {
            check_line(&line);
            line["type"].as_str().unwrap().to_owned()
        })
        .collect()
}

#[test]
fn json_into_writes_the_lines_beside_the_text_also_of_a_command_that_fails() {
    let cli = CliProject::new();
    let file = cli.path().join("out.ndjson");
    fs::write(&file, "of yesterday").unwrap();
    let planned = cli.expect_exit("plan --json-into out.ndjson", 0);
    assert!(planned.out.starts_with("Plan: "), "{planned:?}");
    assert_eq!(types_in(&file), ["plan"]);
    #[cfg(unix)]
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    let applied = cli.expect_exit("apply --yes --json-into out.ndjson", 0);
    assert!(applied.out.contains("created agent"), "{applied:?}");
    let types = types_in(&file);
    assert_eq!(types[..2], ["plan", "run-started"]);
    assert_eq!(types.last().unwrap(), "summary");
    // The same lines as on standard output, but for times and ids.
    let kinds = |types: &[String]| -> BTreeSet<String> { types.iter().cloned().collect() };
    cli.edit("lobu.toml", "name = \"Desk\"", "name = \"Front desk\"");
    let printed = cli.expect_exit("apply --yes --format json --json-into out.ndjson", 0);
    assert_eq!(fs::read_to_string(&file).unwrap(), printed.out);
    assert!(kinds(&types).contains("step-finished"));

    for (line, code, last) in [
        ("undo --yes --json-into out.ndjson", 0, "summary"),
        ("pull --dry-run --json-into out.ndjson", 0, "pull"),
        ("apply --yes --fail-on changes>0 --json-into out.ndjson", 4, "error"),
        ("plan --url http://127.0.0.1:1 --json-into out.ndjson", 1, "error"),
    ] {
        cli.expect_exit(line, code);
        assert_eq!(types_in(&file).last().map(String::as_str), Some(last), "{line}");
    }
    let refused = cli.expect_exit("apply --yes --json-into missing/out.ndjson", 1);
    assert!(
        refused.err.contains("cannot write to missing/out.ndjson"),
        "{refused:?}"
    );
    cli.expect_exit("schema --json-into out.ndjson", 64);
}
