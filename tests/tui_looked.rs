//! What the user has looked at: what is new is marked, found, and named before an apply.

use std::collections::BTreeSet;

use lobuctl::plan::{Row, Verb};
use lobuctl::resource::Address;
use lobuctl::tui::screen::Screen;
use lobuctl::tui::{LookedRows, Message, TuiOptions, WatchCause, WatchNews};

use crate::support::screen::canned;
use crate::support::screen::model_driver::ModelDriver;
use crate::support::snapshot::check;

/// Returns a review of the canned plan in which these rows are new, and all others were seen.
fn with_news(fresh: &[Address], width: u16, height: u16) -> ModelDriver {
    let mut driver = ModelDriver::start(width, height, &TuiOptions::default());
    let plan = canned::plan();
    let rows = plan.rows.iter().filter(|row| row.is_notable());
    let seen = rows.map(|row| row.address.clone()).filter(|row| !fresh.contains(row));
    let mut loaded = canned::loaded(plan.clone());
    loaded.looked = LookedRows {
        seen: seen.collect(),
        fresh: fresh.iter().cloned().collect(),
        ..LookedRows::default()
    };
    driver.send(Message::Loaded(Box::new(Ok(loaded))));
    driver
}

fn looked(driver: &ModelDriver) -> &LookedRows {
    &driver.model.board().unwrap().looked
}

fn cursor(driver: &ModelDriver) -> String {
    driver.model.board().unwrap().row().unwrap().address.to_string()
}

fn selected(driver: &ModelDriver) -> BTreeSet<String> {
    let Screen::Review(review) = &driver.model.screen else {
        panic!("no review");
    };
    review.selection.selected.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_new_is_marked_counted_and_found() {
    let news = [
        Address::entity_type("company"),
        Address::settings("triage"),
        Address::relationship_type("works-at"),
    ];
    let driver = with_news(&news, 120, 24);
    check("looked_news", &driver.text());
    let mut driver = driver;
    let mut found = Vec::new();
    while !looked(&driver).fresh.is_empty() && found.len() < 5 {
        driver = driver.keys("t <tab> G <tab>");
        found.push(cursor(&driver));
    }
    assert_eq!(
        found,
        ["settings.triage", "entity-type.company", "relationship-type.works-at"]
    );
    assert!(!driver.text().contains(" new"), "{}", driver.text());
    let driver = driver.keys("t");
    assert!(driver.text().contains("every row was looked at"), "{}", driver.text());
}

#[test]
fn a_row_counts_as_seen_once_its_whole_detail_was_on_the_screen() {
    let driver = ModelDriver::of(canned::long_text_plan(40_000), 100, 24).keys("n");
    let address = driver.model.board().unwrap().row().unwrap().address.clone();
    assert!(!looked(&driver).seen.contains(&address), "the end is below the screen");
    let driver = driver.keys("<tab> G");
    assert!(!looked(&driver).seen.contains(&address), "the middle was skipped");
    let mut driver = driver.keys("g");
    for _ in 0..400 {
        driver = driver.keys("<pgdn>");
    }
    assert!(looked(&driver).seen.contains(&address));
}

#[test]
fn the_confirmation_says_how_many_rows_nobody_has_looked_at() {
    let driver = with_news(&[Address::entity_type("company")], 100, 24).keys("a");
    assert!(
        driver.text().contains("nobody has looked at 1 of "),
        "{}",
        driver.text()
    );
    let all_seen = with_news(&[], 100, 24).keys("a");
    assert!(!all_seen.text().contains("looked at"), "{}", all_seen.text());
}

#[test]
fn a_row_that_changes_while_it_is_watched_is_new_again() {
    let mut driver = with_news(&[], 100, 24).keys("W g");
    let mut rows: Vec<Row> = canned::plan().rows.iter().cloned().collect();
    let row = rows
        .iter_mut()
        .find(|row| row.address == Address::entity_type("company"));
    row.unwrap().warnings.push("look again".to_owned());
    rows.push(canned::row(Address::entity_type("zebra"), Verb::Create));
    driver.send(Message::Watched(WatchNews::Plan {
        number: 1,
        loaded: Box::new(canned::loaded(canned::plan_of(rows))),
        cause: WatchCause::Files,
    }));
    let fresh: Vec<String> = looked(&driver).fresh.iter().map(ToString::to_string).collect();
    assert_eq!(fresh, ["entity-type.company", "entity-type.zebra"]);
    assert_eq!(cursor(&driver.keys("t")), "entity-type.company");
}

#[test]
fn the_selection_is_changed_in_bulk_and_taken_back() {
    let driver = ModelDriver::review(120, 30);
    let all = selected(&driver);
    // `A` and `I` work on what the filter leaves.
    let driver = driver.keys("/company<enter> A");
    let without: BTreeSet<String> = all
        .iter()
        .filter(|row| *row != "entity-type.company")
        .cloned()
        .collect();
    assert_eq!(selected(&driver), without);
    let driver = driver.keys("<esc> I");
    assert_eq!(selected(&driver), BTreeSet::from(["entity-type.company".to_owned()]));
    let driver = driver.keys("U");
    assert_eq!(selected(&driver), without);
    let driver = driver.keys("U");
    assert_eq!(selected(&driver), all);
    let driver = driver.keys("U");
    assert!(driver.text().contains("nothing to take back"), "{}", driver.text());
    let driver = driver.keys("<c-r> <c-r>");
    assert_eq!(selected(&driver), BTreeSet::from(["entity-type.company".to_owned()]));
    let driver = driver.keys("U U R");
    let calm = selected(&driver);
    assert!(
        !calm.contains("platform.triage.telegram") && !calm.contains("platform.billing.whatsapp"),
        "{calm:?}"
    );
    assert!(calm.contains("entity-type.company"));
}
