//! A review that follows its files and its server: what a newer plan leaves as it was, and when it has to wait.

use std::path::PathBuf;

use lobuctl::plan::{Plan, Verb};
use lobuctl::resource::{Address, Origin};
use lobuctl::show::{Line, Role};
use lobuctl::tui::screen::Screen;
use lobuctl::tui::watch::Watch;
use lobuctl::tui::{Effect, LoadFailure, Message, WatchCause, WatchNews};

use crate::support::screen::canned;
use crate::support::screen::model_driver::ModelDriver;
use crate::support::screen::runs;
use crate::support::snapshot::check;

fn watching(width: u16, height: u16) -> ModelDriver {
    ModelDriver::review(width, height).keys("W")
}

/// Returns the canned plan with one more entity type.
fn grown(slug: &str) -> Plan {
    let plan = canned::plan();
    let row = canned::row(Address::entity_type(slug), Verb::Create);
    canned::plan_of(plan.rows.iter().cloned().chain([row]).collect())
}

fn news(driver: &mut ModelDriver, number: u64, plan: Plan) {
    driver.send(Message::Watched(WatchNews::Plan {
        number,
        loaded: Box::new(canned::loaded(plan)),
        cause: WatchCause::Files,
    }));
}

fn broken() -> WatchNews {
    WatchNews::Broken(LoadFailure {
        lines: vec![Line::default().push(Role::Error, "error: lobu.toml:3: what is this")],
        origin: Some(Origin {
            file: PathBuf::from("lobu.toml").into(),
            line: 3,
        }),
    })
}

fn selected(driver: &ModelDriver) -> Vec<String> {
    let Screen::Review(review) = &driver.model.screen else {
        panic!("no review");
    };
    review.selection.selected.iter().map(ToString::to_string).collect()
}

#[test]
fn a_newer_plan_keeps_cursor_selection_filter_and_the_place_in_the_detail() {
    let mut driver = watching(100, 20).keys("/settings<enter> space <tab> j j");
    let before = (selected(&driver), driver.text());
    news(&mut driver, 1, grown("zebra"));
    let text = driver.text();
    assert!(text.contains("saved: 1 row is different"), "{text}");
    // Everything below the header, but the message.
    let body = |text: &str| text.lines().skip(2).take(14).collect::<Vec<_>>().join("\n");
    // Only the sum of the whole plan counts what is new.
    let counted = before.1.replace("memory  2 create", "memory  3 create");
    assert_ne!(counted, before.1);
    assert_eq!(body(&text), body(&counted));
    let mut expected = before.0;
    expected.push("entity-type.zebra".to_owned());
    expected.sort();
    let mut now = selected(&driver);
    now.sort();
    assert_eq!(now, expected, "what is new is selected, and nothing else has changed");
}

#[test]
fn a_row_that_was_left_out_stays_so_when_it_comes_back() {
    let mut driver = watching(100, 30);
    news(&mut driver, 1, grown("zebra"));
    let mut driver = driver.keys("/zebra<enter> space");
    news(&mut driver, 2, canned::plan());
    news(&mut driver, 3, grown("zebra"));
    assert!(!selected(&driver).contains(&"entity-type.zebra".to_owned()));
}

#[test]
fn a_plan_waits_while_a_confirmation_names_the_present_one() {
    let mut driver = watching(100, 30).keys("a");
    news(&mut driver, 1, grown("zebra"));
    // It stays: the next key may be the one that confirms.
    let driver = driver.keys("<down>");
    assert!(driver.text().contains("esc shows the new plan"), "{}", driver.text());
    assert_eq!(driver.model.board().unwrap().plan, canned::plan());
    let driver = driver.keys("<esc>");
    assert_eq!(driver.model.board().unwrap().plan, grown("zebra"));
}

#[test]
fn a_plan_that_the_workbench_does_not_use_is_not_shown() {
    let mut driver = watching(100, 30);
    driver.takes_plans = false;
    news(&mut driver, 1, grown("zebra"));
    assert_eq!(driver.model.board().unwrap().plan, canned::plan());
}

#[test]
fn broken_files_take_the_place_of_the_detail_and_nothing_is_applied() {
    let mut driver = watching(100, 20);
    driver.send(Message::Watched(broken()));
    check("watch_broken", &driver.text());
    let mut driver = driver.keys("a");
    assert!(driver.model.overlay.is_none());
    assert!(
        driver.text().contains("mend them before you apply"),
        "{}",
        driver.text()
    );
    driver = driver.keys("e");
    let edits = driver.left.iter().any(|effect| match effect {
        Effect::Edit(request) => request.origin.line == 3,
        _ => false,
    });
    assert!(edits, "`e` opens the file at the error");
    news(&mut driver, 1, canned::plan());
    assert!(driver.text().contains("no errors any more"), "{}", driver.text());
    assert!(driver.keys("a").model.overlay.is_some());
}

#[test]
fn the_title_says_how_old_the_side_of_the_server_is() {
    let mut driver = watching(100, 20);
    driver.send(Message::Clock(27_000));
    assert!(driver.text().contains("watching, server 25 s ago"), "{}", driver.text());
    driver.send(Message::Watched(WatchNews::ServerLost("connection refused".to_owned())));
    driver.send(Message::Clock(130_000));
    let text = driver.text();
    assert!(text.contains("server lost, read 2 min ago"), "{text}");
    assert!(text.contains("tried again: connection refused"), "{text}");
    driver.send(Message::Focused);
    assert!(driver.left.iter().any(|effect| matches!(effect, Effect::ReadServer)));
    driver.send(Message::Watched(WatchNews::Plan {
        number: 1,
        loaded: Box::new(canned::loaded(canned::plan())),
        cause: WatchCause::Server,
    }));
    assert!(driver.text().contains("watching, server now"), "{}", driver.text());
    let driver = driver.keys("W");
    assert!(!driver.text().contains("watching, server"), "{}", driver.text());
}

#[test]
fn a_server_that_is_lost_is_named_at_every_width() {
    for columns in (40..120).step_by(4) {
        let mut driver = watching(columns, 20);
        driver.send(Message::Watched(WatchNews::ServerLost("connection refused".to_owned())));
        // Whatever key is pressed, and the message is gone.
        let text = driver.keys("j").text();
        let title = text.lines().next().unwrap_or_default();
        assert!(title.contains("server lost"), "{columns}: {text}");
        let is_framed = title.contains("lobuctl");
        assert!(title.contains("dev at") || !is_framed, "{columns}: {text}");
    }
}

#[test]
fn what_was_folded_because_nothing_happened_opens_when_something_does() {
    let mut driver = watching(100, 20);
    let address = || Address::entity_type("quiet");
    // Without any rows there is no heading, which the next plan then brings.
    news(&mut driver, 1, canned::plan_of(Vec::new()));
    news(
        &mut driver,
        2,
        canned::plan_of(vec![canned::row(address(), Verb::Noop)]),
    );
    let folded = |driver: &ModelDriver| !driver.text().contains("quiet");
    assert!(folded(&driver), "{}", driver.text());
    news(
        &mut driver,
        3,
        canned::plan_of(vec![canned::row(address(), Verb::Update)]),
    );
    assert!(!folded(&driver), "{}", driver.text());
    // What the user folds stays folded.
    driver = driver.keys("g h");
    assert!(folded(&driver), "{}", driver.text());
    news(
        &mut driver,
        4,
        canned::plan_of(vec![
            canned::row(address(), Verb::Update),
            canned::row(Address::entity_type("zebra"), Verb::Create),
        ]),
    );
    assert!(folded(&driver), "{}", driver.text());
}

#[test]
fn a_save_during_a_run_is_told_when_the_run_has_ended_and_each_later_one_at_once() {
    let mut driver = runs::halfway(120, 30);
    driver.model.watch = Some(Watch::default());
    news(&mut driver, 1, grown("zebra"));
    assert!(!driver.text().contains("files were saved"), "{}", driver.text());
    driver.send(Message::RunEnded(Ok(())));
    assert!(
        driver
            .text()
            .contains("files were saved since this plan: `r` reads them"),
        "{}",
        driver.text()
    );
    let mut driver = driver.keys("j");
    assert!(!driver.text().contains("files were saved"));
    news(&mut driver, 2, grown("yak"));
    assert!(
        driver.text().contains("files were saved since this plan"),
        "{}",
        driver.text()
    );
    // Nothing of it is shown as the plan that was applied.
    assert_eq!(driver.model.board().unwrap().plan.rows.len(), canned::plan().rows.len());
    let driver = driver.keys("r");
    assert!(driver.left.iter().any(|effect| matches!(effect, Effect::Load(_))));
}

#[test]
fn a_save_while_the_confirmation_was_open_is_told_when_the_run_has_ended() {
    for breaks in [false, true] {
        let mut driver = watching(100, 30).keys("a");
        if breaks {
            driver.send(Message::Watched(broken()));
            driver = driver.keys("<down>");
            assert!(driver.text().contains("the files have errors"), "{}", driver.text());
        } else {
            news(&mut driver, 1, grown("zebra"));
        }
        let mut driver = driver.keys("yes<enter>");
        driver.send(Message::RunEnded(Ok(())));
        assert!(
            driver.text().contains("files were saved since this plan"),
            "{}",
            driver.text()
        );
    }
}

#[test]
fn broken_files_are_named_at_every_width() {
    for columns in (40..120).step_by(4) {
        let mut driver = watching(columns, 20);
        driver.send(Message::Watched(broken()));
        let text = driver.keys("j").text();
        let title = text.lines().next().unwrap_or_default();
        assert!(title.contains("files broken"), "{columns}: {text}");
    }
}

#[test]
fn a_message_that_does_not_fit_says_so() {
    let mut driver = watching(50, 12);
    let reason = "answered 500 Internal Server Error: the disk is full".to_owned();
    driver.send(Message::Watched(WatchNews::ServerLost(reason)));
    let text = driver.text();
    let last = text.lines().last().unwrap_or_default();
    assert!(last.contains("answered 500") && last.ends_with('…'), "{text}");
}
