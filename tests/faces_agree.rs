//! The same random plans on every face: the same numbers and the same rows.

use jiff::Timestamp;
use lobuctl::plan::{Plan, Prune, Row, Verb};
use lobuctl::report::findings::FindingList;
use lobuctl::report::{ansi, html, json, junit, markdown, sarif};
use lobuctl::show::change::Detail;
use lobuctl::show::plan::{PlanView, count_words, plan_lines, summary_text};
use lobuctl::show::row::row_line;
use proptest::prelude::*;
use serde_json::Value;

use crate::findings::{junit_tests, sarif_run};
use crate::support::apply::organization::organization;
use crate::support::apply::test_server::plan_states;
use crate::support::line_schema::check_line;
use crate::support::screen::model_driver::ModelDriver;

/// Returns the titles of rows, sorted: `~ agent triage (name)`.
fn titles<'a>(rows: impl Iterator<Item = &'a Row>) -> Vec<String> {
    let titles = rows.map(|row| ansi::to_text(&[row_line(row)]).trim().to_owned());
    sorted(titles)
}

fn sorted(titles: impl Iterator<Item = String>) -> Vec<String> {
    let mut titles: Vec<String> = titles.collect();
    titles.sort();
    titles
}

/// Whether a line is the title of a row, by its sign and its kind.
fn is_title(line: &str) -> bool {
    let kinds = ["agent", "settings", "platform", "entity-type", "relationship-type"];
    let mut words = line.split(' ');
    words
        .next()
        .is_some_and(|sign| ["+", "~", "=", "?", "-"].contains(&sign))
        && words.next().is_some_and(|kind| kinds.contains(&kind))
        && words.next().is_some()
}

fn in_text(plan: &Plan) -> Vec<String> {
    let view = PlanView {
        all: true,
        detail: Detail::PLAN,
    };
    let text = ansi::to_text(&plan_lines(plan, view));
    assert!(text.contains(&summary_text(&plan.counts)), "{text}");
    sorted(
        text.lines()
            .map(|line| line.trim().to_owned())
            .filter(|line| is_title(line)),
    )
}

/// Returns the text of a page, without its markup.
fn in_html(plan: &Plan) -> Vec<String> {
    let page = html::plan(plan);
    let body = page.split_once("<section>").map_or("", |(_, body)| body);
    let body = body.split("<script>").next().unwrap_or_default();
    let text = body
        .replace("</code>", "\n")
        .replace("<pre>", "\n")
        .replace("</summary>", "\n");
    let mut shown = String::new();
    let mut is_tag = false;
    for letter in text.chars() {
        match letter {
            '<' => is_tag = true,
            '>' => is_tag = false,
            _ if !is_tag => shown.push(letter),
            _ => {}
        }
    }
    let shown = shown
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&");
    sorted(
        shown
            .lines()
            .map(|line| line.trim().to_owned())
            .filter(|line| is_title(line)),
    )
}

fn in_json(plan: &Plan) -> Value {
    let mut out = Vec::new();
    json::write(&mut out, "plan", Timestamp::UNIX_EPOCH, plan).unwrap();
    serde_json::from_slice(&out).unwrap()
}

/// Returns the titles of the findings in a SARIF log and in a JUnit report, which have to be the same.
fn in_findings(plan: &Plan) -> Vec<String> {
    let list = FindingList {
        command: "plan".to_owned(),
        findings: FindingList::of_plan(plan).collect(),
        failure: None,
    };
    let run = sarif_run(&sarif::document(&list));
    let results = run["results"].as_array().unwrap().iter();
    let rows = results.filter(|it| it["locations"][0]["logicalLocations"].is_array());
    let first = |it: &Value| {
        it["message"]["text"]
            .as_str()
            .unwrap()
            .lines()
            .next()
            .unwrap()
            .to_owned()
    };
    let in_sarif = sorted(rows.map(first));
    let (names, failed) = junit_tests(&junit::document(&list));
    assert_eq!(failed, Vec::<String>::new());
    let unescaped = names
        .iter()
        .map(|name| name.replace("&quot;", "\"").replace("&gt;", ">").replace("&lt;", "<"));
    let unescaped = unescaped.map(|name| name.replace("&amp;", "&"));
    assert_eq!(sorted(unescaped.filter(|name| is_title(name))), in_sarif);
    in_sarif
}

/// Returns the number of rows with this sign in the tree of the screen.
fn on_screen(shown: &str, verb: Verb) -> usize {
    let has_sign = |line: &&str| {
        let cell = line.split('│').nth(1).unwrap_or_default();
        let row = cell.trim_start_matches([' ', '▾', '▸', '•']);
        let row = row
            .strip_prefix('[')
            .and_then(|row| row.split_once(']'))
            .map_or(row, |(_, row)| row);
        row.trim_start().starts_with(&format!("{} ", verb.marker()))
    };
    // The first two lines are the head, with its numbers.
    shown.lines().skip(3).filter(has_sign).count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_face_of_a_plan_has_the_same_rows_and_numbers(
        before in organization(),
        desired in organization(),
        prune: bool,
    ) {
        let prune = if prune { Prune::Everything } else { Prune::Nothing };
        let plan = plan_states(&desired, &before, prune).plan;
        let all = titles(plan.rows.iter());
        let notable = titles(plan.rows.iter().filter(|row| row.is_notable()));
        prop_assert_eq!(in_text(&plan), all.clone());
        prop_assert_eq!(in_html(&plan), all);
        prop_assert_eq!(in_findings(&plan), notable);
        let summary = summary_text(&plan.counts);
        prop_assert!(html::plan(&plan).contains(&summary) && markdown::plan(&plan).contains(&summary));

        let json = in_json(&plan);
        check_line(&json);
        let in_json = json["rows"].as_array().unwrap().iter().map(|row| row["address"].as_str().unwrap().to_owned());
        let addresses: Vec<String> = plan.rows.iter().map(|row| row.address.to_string()).collect();
        prop_assert_eq!(in_json.collect::<Vec<_>>(), addresses);
        prop_assert_eq!(&json["counts"], &serde_json::to_value(plan.counts).unwrap());

        let height = u16::try_from(plan.rows.len() + 40).unwrap();
        let shown = ModelDriver::of(plan.clone(), 240, height).keys("E g").text();
        for verb in [Verb::Create, Verb::Update, Verb::Delete, Verb::Drift] {
            let count = plan.rows.iter().filter(|row| row.verb == verb).count();
            prop_assert_eq!(on_screen(&shown, verb), count, "{:?}\n{}", verb, shown);
        }
        let head: String = shown.lines().take(3).flat_map(str::chars).filter(|letter| *letter != ' ').collect();
        for number in count_words(&plan.counts).iter().filter(|number| number.count > 0) {
            let number = format!("{}{}", number.sign, number.count);
            prop_assert!(head.contains(&number), "{}\n{}", number, shown);
        }
    }
}
