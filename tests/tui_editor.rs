//! Opening files in the editor: which file and line, with which command, and without secrets in the environment.

use std::path::Path;

use lobuctl::plan::Change;
use lobuctl::resource::Address;
use lobuctl::tui::editor::command;
use lobuctl::tui::{Effect, Message};

use crate::support::screen::canned;
use crate::support::screen::model_driver::ModelDriver;

#[test]
fn the_editor_opens_what_is_looked_at() {
    let opened = |keys: &str| match ModelDriver::review(100, 30).keys(keys).left.as_slice() {
        [Effect::Edit(request)] => format!("{}:{}", request.origin.file.display(), request.origin.line),
        other => panic!("{other:?}"),
    };
    assert_eq!(opened("n e"), "support-desk/lobu.toml:9");
    assert_eq!(opened("n <tab> e"), "support-desk/agents/triage/SOUL.md:5");
    // A field without a place of its own is where the row is.
    assert_eq!(opened("/telegram<enter> <tab> e"), "support-desk/lobu.toml:21");
}

#[test]
fn editors_get_an_absolute_path_that_no_name_can_turn_into_a_command() {
    let words = |editor: &str| {
        command(editor, Path::new("/p/+!rm -rf"), 7)
            .unwrap_or_default()
            .join("|")
    };
    assert_eq!(words("vim -u NONE"), "vim|-u|NONE|+7|--|/p/+!rm -rf");
    assert_eq!(words("nano"), "nano|+7|/p/+!rm -rf");
    assert_eq!(words("code -w"), "code|-w|--goto|/p/+!rm -rf:7");
    assert_eq!(words("hx"), "hx|/p/+!rm -rf:7");
    assert_eq!(words("myed"), "myed|/p/+!rm -rf");
    assert_eq!(words(" "), "");
}

#[test]
fn the_editor_inherits_no_secret_of_the_project() {
    let driver = ModelDriver::review(100, 30).keys("n e");
    let [Effect::Edit(request)] = driver.left.as_slice() else {
        panic!("{:?}", driver.left);
    };
    let names: Vec<&str> = canned::loaded(canned::plan())
        .secrets
        .iter()
        .map(|secret| secret.name.clone().leak() as &str)
        .collect();
    assert!(!names.is_empty());
    assert_eq!(request.hidden_variables, names);
}

#[test]
fn the_editor_opens_the_hunk_on_the_screen_and_the_place_is_kept() {
    let mut lines: Vec<String> = (1..=400).map(|number| format!("line {number}")).collect();
    let before = lines.join("\n");
    lines[100] = "another 101".to_owned();
    lines[300] = "another 301".to_owned();
    let mut plan = canned::plan();
    let row = plan
        .rows
        .iter_mut()
        .find(|row| row.address == Address::settings("triage"))
        .unwrap();
    let soul = row
        .changes
        .iter_mut()
        .find(|change| change.path.to_string() == "soulMd")
        .unwrap();
    let origin = soul.origin.clone();
    *soul = Change::between(
        soul.path.clone(),
        Some(before.as_str().into()),
        Some(lines.join("\n").as_str().into()),
    );
    soul.origin = origin;
    let opened = |driver: &ModelDriver| match driver.left.as_slice() {
        [.., Effect::Edit(request)] => format!("{}:{}", request.origin.file.display(), request.origin.line),
        other => panic!("{other:?}"),
    };
    let driver = ModelDriver::of(plan, 100, 20).keys("n <tab> e");
    assert_eq!(opened(&driver), "support-desk/agents/triage/SOUL.md:101");
    let driver = driver.keys("<pgdn> e");
    assert_eq!(opened(&driver), "support-desk/agents/triage/SOUL.md:301");
    let before = driver.text();
    let mut driver = driver;
    driver.left.clear();
    driver.send(Message::Edited(Ok(())));
    driver.send(Message::Loaded(Box::new(Ok(canned::loaded(driver.plan.clone())))));
    let text = driver.text();
    let place = |text: &str| text.lines().find(|line| line.contains("another")).map(str::to_owned);
    assert_eq!(place(&text), place(&before), "{text}");
    assert!(text.contains("back"), "the detail has the keys\n{text}");
}

#[test]
fn files_are_read_again_after_an_editor_that_crashed_too() {
    let mut driver = ModelDriver::review(100, 30).keys("n e");
    driver.left.clear();
    driver.send(Message::Edited(Err("`vi` ended with exit status: 1".to_owned())));
    assert!(
        matches!(driver.left.as_slice(), [Effect::Load(_)]),
        "what it has saved is not in the plan: {:?}",
        driver.left
    );
    let driver = driver.loaded();
    assert!(
        driver.text().contains("`vi` ended with exit status: 1"),
        "{}",
        driver.text()
    );
}
