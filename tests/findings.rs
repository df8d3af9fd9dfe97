//! Findings as SARIF and JUnit: what code scanning and CI servers read.

use std::path::Path;

use lobuctl::report::findings::{FindingLevel, FindingList, ReportFinding};
use lobuctl::report::{junit, sarif};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Value, json};

use crate::support::line_schema::{JsonValidator, closed};
use crate::support::program::cli::CliProject;
use crate::support::snapshot;

/// The part of SARIF 2.1.0 that we write, after its sections 3.13 (log), 3.14 (run), 3.20 (invocation) and 3.27 (result).
fn sarif_schema() -> Value {
    let text = json!({ "type": "object", "required": ["text"], "properties": { "text": { "type": "string", "minLength": 1 } } });
    let level = json!({ "enum": ["none", "note", "warning", "error"] });
    let location = json!({ "type": "object", "required": ["physicalLocation"], "properties": {
        "physicalLocation": { "type": "object", "required": ["artifactLocation"], "properties": {
            "artifactLocation": { "type": "object", "required": ["uri"], "properties": {
                "uri": { "type": "string", "format": "uri-reference", "minLength": 1 },
            } },
            "region": { "type": "object", "required": ["startLine"], "properties": {
                "startLine": { "type": "integer", "minimum": 1 },
                "startColumn": { "type": "integer", "minimum": 1 },
            } },
        } },
        "logicalLocations": { "type": "array", "items": { "type": "object", "properties": {
            "fullyQualifiedName": { "type": "string" },
            "kind": { "type": "string" },
        } } },
    } });
    let result = json!({ "type": "object", "required": ["ruleId", "message", "locations"], "properties": {
        "ruleId": { "type": "string" },
        "ruleIndex": { "type": "integer", "minimum": 0 },
        "level": level,
        "message": text,
        "locations": { "type": "array", "minItems": 1, "maxItems": 1, "items": location },
    } });
    let driver = json!({ "type": "object", "required": ["name"], "properties": {
        "name": { "const": "lobuctl" },
        "semanticVersion": { "type": "string" },
        "rules": { "type": "array", "uniqueItems": true, "items": {
            "type": "object", "required": ["id"], "properties": { "id": { "type": "string" } },
        } },
    } });
    let invocation = json!({ "type": "object", "required": ["executionSuccessful"], "properties": {
        "executionSuccessful": { "type": "boolean" },
        "toolExecutionNotifications": { "type": "array", "items": {
            "type": "object", "required": ["message"], "properties": { "level": level, "message": text },
        } },
    } });
    let run = json!({ "type": "object", "required": ["tool", "results"], "properties": {
        "tool": { "type": "object", "required": ["driver"], "properties": { "driver": driver } },
        "automationDetails": { "type": "object", "properties": { "id": { "type": "string" } } },
        "columnKind": { "enum": ["utf16CodeUnits", "unicodeCodePoints"] },
        "invocations": { "type": "array", "items": invocation },
        "results": { "type": "array", "items": result },
    } });
    closed(
        json!({ "type": "object", "required": ["version", "runs"], "properties": {
        "$schema": { "type": "string", "format": "uri" },
        "version": { "const": "2.1.0" },
        "runs": { "type": "array", "minItems": 1, "maxItems": 1, "items": run },
    } }),
    )
}

/// Reads a SARIF log, and checks it. Returns its only run.
pub fn sarif_run(text: &str) -> Value {
    let log: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(JsonValidator::new(sarif_schema()).errors(&log), "", "{text}");
    let run = log["runs"][0].clone();
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
    }
    run
}

/// Reads a JUnit report. Returns the names of its tests, and of those that fail.
pub fn junit_tests(text: &str) -> (Vec<String>, Vec<String>) {
    let (mut names, mut failed) = (Vec::new(), Vec::new());
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error}: {text}")) {
            Event::Start(element) | Event::Empty(element) if element.name().as_ref() == "testcase" => {
                let name = element.try_get_attribute("name").unwrap().unwrap();
                names.push(name.value.into_owned());
            }
            Event::Start(element) if element.name().as_ref() == "failure" => {
                failed.push(names.last().unwrap().clone());
            }
            Event::Eof => return (names, failed),
            _ => {}
        }
    }
}

#[test]
fn problems_of_the_files_are_findings_at_their_lines() {
    let cli = CliProject::new();
    cli.edit("lobu.toml", "name = ", "nane = ");
    cli.edit("models/person.yaml", "slug: person", "slug: Per son");
    let log = cli.expect_exit("validate --format sarif", 1);
    let run = sarif_run(&log.out);
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    let results = run["results"].as_array().unwrap();
    let located = |file: &str, line: u64| {
        let at = |it: &&Value| {
            let location = &it["locations"][0]["physicalLocation"];
            location["artifactLocation"]["uri"] == file && location["region"]["startLine"] == line
        };
        results
            .iter()
            .find(at)
            .unwrap_or_else(|| panic!("{file}:{line}: {log:?}"))
    };
    assert_eq!(located("lobu.toml", 2)["level"], "error");
    assert_eq!(located("models/person.yaml", 2)["level"], "warning");

    let report = cli.expect_exit("validate --format junit", 1);
    let (names, failed) = junit_tests(&report.out);
    assert_eq!(names.len(), results.len() + 1, "{report:?}");
    assert_eq!(names[0], "lobuctl validate");
    assert!(failed.contains(&names[0]), "{report:?}");
    assert!(
        failed.iter().any(|name| name.starts_with("lobu.toml:2: ")),
        "{report:?}"
    );
}

#[test]
fn a_valid_project_and_an_idle_plan_pass() {
    let cli = CliProject::new();
    let (names, failed) = junit_tests(&cli.expect_exit("validate --format junit", 0).out);
    assert_eq!((names, failed), (vec!["lobuctl validate".to_owned()], vec![]));
    let run = sarif_run(&cli.expect_exit("validate --format sarif", 0).out);
    assert_eq!(run["results"], json!([]));
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
}

#[test]
fn rows_of_a_plan_are_findings_and_a_guard_is_a_failure() {
    let cli = CliProject::new();
    let run = sarif_run(&cli.expect_exit("plan --format sarif", 0).out);
    let created = run["results"].as_array().unwrap().iter();
    let agent = created
        .clone()
        .find(|it| it["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "agent.desk");
    let agent = agent.unwrap();
    assert_eq!((&agent["ruleId"], &agent["level"]), (&json!("create"), &json!("note")));
    assert_eq!(agent["locations"][0]["physicalLocation"]["region"]["startLine"], 1);
    let (_, failed) = junit_tests(&cli.expect_exit("plan --format junit --fail-on changes>0", 4).out);
    assert_eq!(failed, ["lobuctl plan"]);
    let unreachable = cli.expect_exit("plan --format sarif --url http://127.0.0.1:1", 1);
    let notes = &sarif_run(&unreachable.out)["invocations"][0]["toolExecutionNotifications"];
    assert!(
        notes[0]["message"]["text"].as_str().unwrap().contains("127.0.0.1:1"),
        "{notes}"
    );
    for line in [
        "apply --yes --format sarif",
        "pull --format junit",
        "runs --format sarif",
        "runs --format markdown",
        "validate --format markdown",
        "doctor --format markdown",
        "whoami --format markdown",
        "init elsewhere --yes --format json",
        "serve rekey --format json",
        "serve token create --format json",
        "serve token list --format markdown",
    ] {
        let refused = cli.expect_exit(line, 64);
        assert!(refused.err.contains("hint: "), "{line}: {refused:?}");
    }
    assert!(!cli.path().join("elsewhere").exists());
}

/// Findings with what XML and URIs give a meaning to, and with characters that neither can hold.
fn hostile() -> FindingList {
    let finding = |level, file: &str| ReportFinding {
        rule: "un<known>".to_owned(),
        level,
        address: None,
        message: "a \"quote\", <tag> & \u{1b}[31m\u{202e}".to_owned(),
        details: "]]> two\nlines".to_owned(),
        file: Some(Path::new(file).to_owned()),
        line: Some(3),
        column: Some(7),
    };
    FindingList {
        command: "plan".to_owned(),
        findings: vec![
            finding(FindingLevel::Error, "a b/ü#?.toml"),
            finding(FindingLevel::Warning, "/srv/100%/x.toml"),
            finding(FindingLevel::Note, "lobu.toml"),
        ],
        failure: Some("it <failed>\nbecause & so on".to_owned()),
    }
}

#[test]
fn hostile_texts_stay_texts() {
    let log = sarif::document(&hostile());
    let run = sarif_run(&log);
    let uri =
        |index: usize| run["results"][index]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].clone();
    assert_eq!(uri(0), "a%20b/%C3%BC%23%3F.toml");
    assert_eq!(uri(1), "file:///srv/100%25/x.toml");
    assert!(!log.contains('\u{1b}') && !log.contains('\u{202e}'), "{log}");
    let report = junit::document(&hostile());
    let (names, failed) = junit_tests(&report);
    assert_eq!((names.len(), failed.len()), (4, 2), "{report}");
    snapshot::check("findings_junit", &report);
}
