//! What every face has in common: the same numbers, the same fields, and no text that hides or commands anything.

use jiff::Timestamp;
use lobuctl::apply::Progress;
use lobuctl::apply::event::{Event, EventKind, Outcome, PlannedStep};
use lobuctl::config::{Diagnostic, Severity};
use lobuctl::plan::{Change, Plan, Prune, Row, Target, Verb};
use lobuctl::report::{ansi, github, json, markdown};
use lobuctl::resource::{Address, FieldPath, is_invisible};
use lobuctl::show::change::Detail;
use lobuctl::show::outcome::run_lines;
use lobuctl::show::plan::{PlanView, plan_lines, summary_text};
use proptest::prelude::*;

use crate::support::apply::organization::organization;
use crate::support::apply::test_server::plan_states;
use crate::support::screen::canned;
use crate::support::screen::model_driver::ModelDriver;

/// Escape sequences of both kinds, a text that runs backwards, hidden letters, HTML, a mention, a fence and a command of
/// GitHub Actions.
const HOSTILE: &str = "a\u{1b}[31m\u{9b}1m\u{202e}\u{e0069}\u{200b}\u{ad}`<img src=x> @acme/security ```` ::error::b";

fn text(plan: &Plan, all: bool) -> String {
    let view = PlanView {
        all,
        detail: Detail::FULL,
    };
    ansi::to_text(&plan_lines(plan, view))
}

fn json(plan: &Plan) -> String {
    let mut out = Vec::new();
    json::write(&mut out, "plan", Timestamp::UNIX_EPOCH, plan).unwrap();
    String::from_utf8(out).unwrap()
}

/// Returns a plan with hostile text wherever a server or a file can put it.
fn hostile_plan() -> Plan {
    let change = |name: &str, before: Option<&str>, after: Option<&str>| {
        Change::between(FieldPath::root(name), before.map(Into::into), after.map(Into::into))
    };
    let long = format!("first\n{HOSTILE}\nlast");
    let row = |id: &str, verb, changes| Row {
        changes,
        warnings: vec![HOSTILE.to_owned()],
        ..canned::row(Address::agent(id), verb)
    };
    let mut plan = canned::plan_of(vec![
        row("made", Verb::Create, vec![change("soulMd", None, Some(&long))]),
        row(
            "changed",
            Verb::Update,
            vec![
                change(HOSTILE, Some("old"), Some(HOSTILE)),
                change("soulMd", Some("first\nlast"), Some(&long)),
            ],
        ),
        row("gone", Verb::Delete, vec![change("name", Some(HOSTILE), None)]),
        canned::row(Address::agent(HOSTILE), Verb::Drift),
        canned::row(Address::entity_type(HOSTILE), Verb::Noop),
    ]);
    plan.warnings.push(HOSTILE.to_owned());
    HOSTILE.clone_into(&mut plan.target.organization);
    HOSTILE.clone_into(&mut plan.target.url);
    plan
}

/// Returns everything that the screen shows of a plan, row by row, in one column and in two.
fn screen(plan: &Plan) -> String {
    let mut driver = ModelDriver::of(plan.clone(), 140, 40);
    let mut shown = driver.text();
    for keys in ["E g", "d", "a", "<esc> ?", "<esc> s"] {
        driver = driver.keys(keys);
        for _ in 0..plan.rows.len() + 3 {
            shown.push_str(&driver.text());
            driver = driver.keys("<down>");
        }
    }
    shown
}

fn assert_visible(face: &str, shown: &str) {
    let hidden = shown
        .chars()
        .find(|character| is_invisible(*character) || (character.is_control() && *character != '\n'));
    assert_eq!(hidden, None, "{face}: {shown:?}");
}

#[test]
fn hidden_text_and_escape_sequences_are_drawn_visibly_on_every_face() {
    let plan = hostile_plan();
    for (face, shown) in [
        ("text", text(&plan, true)),
        ("markdown", markdown::plan(&plan)),
        ("screen", screen(&plan)),
    ] {
        assert_visible(face, &shown);
        assert!(
            shown.contains("<U+E0069>") || shown.contains("&lt;U+E0069&gt;"),
            "{face}: {shown}"
        );
    }
    let json = json(&plan);
    assert_visible("json", &json);
    let read: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(read["target"]["organization"], HOSTILE);
}

#[test]
fn annotations_hold_one_command_whatever_a_problem_says() {
    let mut diagnostic = Diagnostic::new(Severity::Error, "test", format!("{HOSTILE}\n::warning::next"));
    diagnostic.file = Some(format!("{HOSTILE},line=9\n.toml").into());
    diagnostic.help.push(HOSTILE.to_owned());
    let shown = github::annotations(&[diagnostic]);
    assert_visible("annotations", &shown);
    assert!(shown.contains("<U+E0069>"), "{shown}");
    assert_eq!(shown.lines().count(), 1, "{shown}");
    let (properties, _) = shown.strip_prefix("::error ").unwrap().split_once("::").unwrap();
    assert_eq!(properties.matches("file=").count(), 1, "{properties}");
    assert!(!properties.contains(','), "{properties}");
}

/// Removes what GitHub takes literally: fences, and code spans within a line.
fn without_code(markdown: &str) -> String {
    let mut fence: Option<usize> = None;
    let mut rest = String::new();
    let ticks = |text: &str| text.chars().take_while(|character| *character == '`').count();
    for line in markdown.lines() {
        match fence {
            Some(length) if ticks(line) >= length && line.trim_matches('`').is_empty() => fence = None,
            Some(_) => {}
            None if ticks(line) >= 3 => fence = Some(ticks(line)),
            None => {
                rest.push_str(&without_spans(line));
                rest.push('\n');
            }
        }
    }
    assert_eq!(fence, None, "a fence is not closed:\n{markdown}");
    rest
}

fn without_spans(line: &str) -> String {
    let mut rest = String::new();
    let mut tail = line;
    while let Some(start) = tail.find('`') {
        let open = &tail[start..];
        let length = open.chars().take_while(|character| *character == '`').count();
        let inside = &open[length..];
        let closes = |at: &usize| {
            let run = inside[*at..].chars().take_while(|character| *character == '`').count();
            run == length && !inside[..*at].ends_with('`')
        };
        let close = inside.match_indices('`').map(|(at, _)| at).find(closes);
        rest.push_str(&tail[..start]);
        if let Some(close) = close {
            tail = &inside[close + length..];
        } else {
            rest.push_str(&open[..length]);
            tail = inside;
        }
    }
    rest + tail
}

#[test]
fn markdown_gives_github_no_html_and_no_mention() {
    let read_by_github = without_code(&markdown::plan(&hostile_plan()));
    assert!(!read_by_github.contains("<img"), "{read_by_github}");
    // GitHub finds no mention in `<code>`, which only the titles of rows use.
    let outside = read_by_github.lines().filter(|line| !line.contains("<summary><code>"));
    let mentions: Vec<&str> = outside.filter(|line| line.contains("@acme")).collect();
    assert!(mentions.is_empty(), "{mentions:?}");
}

/// Returns the number of rows that a text lists with this sign.
fn listed(text: &str, verb: Verb) -> usize {
    let kinds = ["agent", "settings", "platform", "entity-type", "relationship-type"];
    let is_row = |line: &&str| {
        let line = line.trim_start();
        let line = line.strip_prefix("- `").unwrap_or(line);
        let line = line.split_once("<summary><code>").map_or(line, |(_, title)| title);
        let mut words = line.split(' ');
        words.next() == Some(&verb.marker().to_string()) && words.next().is_some_and(|kind| kinds.contains(&kind))
    };
    text.lines().filter(is_row).count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn text_markdown_and_json_agree_on_the_numbers(
        before in organization(),
        desired in organization(),
        prune: bool,
    ) {
        let prune = if prune { Prune::Everything } else { Prune::Nothing };
        let plan = plan_states(&desired, &before, prune).plan;
        let (text, markdown) = (text(&plan, true), markdown::plan(&plan));
        let json: serde_json::Value = serde_json::from_str(&json(&plan)).unwrap();
        for (verb, key) in [
            (Verb::Create, "create"),
            (Verb::Update, "update"),
            (Verb::Delete, "delete"),
            (Verb::Drift, "drift"),
        ] {
            let count = plan.rows.iter().filter(|row| row.verb == verb).count();
            prop_assert_eq!(listed(&text, verb), count, "{}", text);
            prop_assert_eq!(listed(&markdown, verb), count, "{}", markdown);
            prop_assert_eq!(&json["counts"][key], &serde_json::json!(count));
        }
        prop_assert_eq!(listed(&text, Verb::Noop), plan.counts.noop, "{}", text);
        let summary = summary_text(&plan.counts);
        prop_assert!(text.contains(&summary) && markdown.contains(&summary));
    }

    #[test]
    fn the_full_text_names_every_field_that_comes_or_goes(
        before in organization(),
        desired in organization(),
        prune: bool,
    ) {
        let prune = if prune { Prune::Everything } else { Prune::Nothing };
        let plan = plan_states(&desired, &before, prune).plan;
        for row in &plan.rows {
            let alone = Plan { rows: vec![row.clone()].into(), ..plan.clone() };
            let (text, markdown) = (text(&alone, true), markdown::plan(&alone));
            for change in &row.changes {
                let field = change.path.top();
                prop_assert!(text.contains(field), "{} of {}:\n{}", field, row.address, text);
                prop_assert!(markdown.contains(field), "{} of {}:\n{}", field, row.address, markdown);
            }
        }
    }
}

#[test]
fn the_screen_shows_what_a_deletion_deletes_and_a_creation_creates() {
    let change = |before: Option<&str>, after: Option<&str>| {
        Change::between(FieldPath::root("name"), before.map(Into::into), after.map(Into::into))
    };
    for (verb, changes, shown) in [
        (Verb::Delete, change(Some("Old bot"), None), "name: - \"Old bot\""),
        (Verb::Create, change(None, Some("New bot")), "name: + \"New bot\""),
        (Verb::Drift, change(Some("Old bot"), None), "name: - \"Old bot\""),
    ] {
        let row = Row {
            changes: vec![changes],
            ..canned::row(Address::agent("bot"), verb)
        };
        let plan = canned::plan_of(vec![row]);
        let text = ModelDriver::of(plan.clone(), 120, 30).keys("g j").text();
        assert!(text.contains(shown), "{verb:?}\n{text}");
        let full = self::text(&plan, false);
        assert!(full.contains(shown), "{verb:?}\n{full}");
    }
}

#[test]
fn restarts_are_counted_by_what_the_plan_predicted() {
    let step = |name: &str, verb, restarts, may_restart| PlannedStep {
        address: canned::platform("triage", name, None),
        verb,
        restarts,
        may_restart,
    };
    let steps = vec![
        step("certain", Verb::Update, true, false),
        step("possible", Verb::Noop, false, true),
        step("possible-and-not", Verb::Noop, false, true),
        step("surprise", Verb::Update, false, false),
        step("missed", Verb::Update, true, false),
    ];
    let ended = |name: &str, restarted: Option<bool>| EventKind::StepFinished {
        address: canned::platform("triage", name, None),
        outcome: restarted.map_or(Outcome::Unchanged, |restarted| Outcome::Updated {
            restarted: Some(restarted),
        }),
        took_ms: 1,
    };
    let kinds = [
        EventKind::RunStarted {
            target: Target::default(),
            steps,
        },
        ended("certain", Some(true)),
        ended("possible", Some(true)),
        ended("possible-and-not", None),
        ended("surprise", Some(true)),
        ended("missed", Some(false)),
    ];
    let events = kinds.map(|kind| Event {
        seq: 0,
        elapsed_ms: 5,
        kind,
    });
    let progress = Progress::of(&events);
    let tally = progress.tally();
    let counts = (tally.restarted, tally.possible_restarts, tally.unpredicted_restarts);
    assert_eq!((counts, tally.missed_restarts), ((3, 1, 1), 1));
    assert_eq!(
        run_lines(&progress)[0].text(),
        "Applied: 0 created, 4 updated, 1 unchanged; 3 restarts (1 only possible in the plan, 1 not predicted by the \
         plan); 1 predicted restart did not happen in 5 ms"
    );
}
