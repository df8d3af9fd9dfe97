//! The key table: every key is explained, every screen has a way out, and keys that cannot act say why.

use std::collections::BTreeSet;

use lobuctl::tui::action::{Action, DialogAction, Process};
use lobuctl::tui::key::Key;
use lobuctl::tui::keymap::{TABLE, footer, help};
use lobuctl::tui::model::KeyContext;
use lobuctl::tui::{ExitReason, TuiOptions};

use crate::support::screen::canned;
use crate::support::screen::model_driver::ModelDriver;

#[test]
fn no_two_bindings_of_a_screen_share_a_key() {
    for context in KeyContext::ALL {
        let mut seen = Vec::new();
        for key in help(context).flat_map(|binding| binding.keys) {
            assert!(!seen.contains(key), "{key} is bound twice in {context:?}");
            seen.push(*key);
        }
    }
}

#[test]
fn every_screen_has_a_way_out_and_says_so() {
    for context in KeyContext::ALL {
        let leaves = |action: Action| {
            matches!(
                action,
                Action::Process(Process::Quit) | Action::Dialog(DialogAction::Close)
            )
        };
        let mut ways = help(context).filter(|binding| leaves(binding.action));
        assert!(
            ways.any(|binding| binding.rank > 0),
            "{context:?} does not say how to leave"
        );
    }
}

#[test]
fn every_binding_explains_itself() {
    for binding in TABLE {
        assert!(!binding.help.is_empty() && !binding.keys.is_empty());
        assert_eq!(binding.rank > 0, !binding.label.is_empty(), "{}", binding.help);
        assert!(!binding.contexts.is_empty());
    }
}

#[test]
fn an_action_and_its_name_belong_together() {
    for binding in TABLE {
        for other in TABLE {
            assert_eq!(
                binding.name == other.name,
                binding.action == other.action,
                "{} and {}",
                binding.help,
                other.help
            );
        }
    }
}

#[test]
fn chosen_keys_take_the_place_of_those_of_the_table() {
    let mut options = TuiOptions::default();
    options.keys.choose("copy-address", Key::script("x <c-y>"));
    options.keys.choose("filter", Key::script("f"));
    options.keys.choose("interrupt", Key::script("e"));
    let driver = ModelDriver::start(100, 30, &options).loaded();
    let driver = driver.keys("x y <c-y> /tele");
    assert_eq!(driver.copied, ["agent.triage", "agent.triage"]);
    let text = driver.keys("ftele").text();
    // Where text is typed, a letter stays a letter.
    assert!(text.contains("│ /tele "), "{text}");
    let text = ModelDriver::start(100, 30, &options).loaded().text();
    assert!(text.contains("f filter"), "{text}");
}

#[test]
fn the_footer_names_only_what_does_something_now() {
    let labels = |driver: &ModelDriver| -> BTreeSet<&str> {
        footer(&driver.model).iter().map(|(_, binding)| binding.label).collect()
    };
    let review = ModelDriver::review(100, 30);
    assert!(!labels(&review).contains("delete"));
    assert!(!labels(&review).contains("back"));
    let drift = ModelDriver::review(100, 30).keys("/stale<enter>");
    assert!(labels(&drift).contains("delete") && labels(&drift).contains("back"));
    let empty = ModelDriver::of(canned::plan_of(Vec::new()), 100, 30);
    assert_eq!(labels(&empty), BTreeSet::from(["help", "quit", "re-plan", "secrets"]));
}

#[test]
fn scripts_read_as_they_are_pressed() {
    let keys: Vec<String> = Key::script("/te<enter> space <c-c> yes<esc> <lt>")
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        keys,
        ["/", "t", "e", "enter", "space", "^C", "y", "e", "s", "esc", "lt"]
    );
}

#[test]
fn the_address_and_the_text_can_be_copied() {
    let driver = ModelDriver::review(100, 30).keys("y n Y");
    assert_eq!(driver.copied[0], "agent.triage");
    assert!(
        driver.copied[1].contains("+ Be concise and kind."),
        "{}",
        driver.copied[1]
    );
    assert!(!driver.copied[1].contains("67890"));
}

#[test]
fn warnings_are_walked_around_the_end() {
    let driver = ModelDriver::review(100, 30).keys("w");
    assert!(driver.text().contains("~ platform triage/triage-telegram"));
    assert!(driver.keys("w").text().contains("~ platform triage/triage-telegram"));
}

#[test]
fn quitting_says_that_nothing_was_applied() {
    let driver = ModelDriver::review(80, 24).keys("q");
    assert_eq!(driver.exit.unwrap().ending, ExitReason::Left);
}

#[test]
fn keys_that_cannot_act_say_so() {
    let text = ModelDriver::review(100, 30).keys("D").text();
    assert!(text.contains("only what the server has"), "{text}");
    let empty = ModelDriver::of(canned::plan_of(Vec::new()), 100, 30).keys("a").text();
    assert!(empty.contains("nothing to apply"), "{empty}");
}
