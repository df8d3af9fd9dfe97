//! What is selected, what has to be confirmed, and what the confirmation says.

use std::collections::BTreeSet;

use lobuctl::plan::{Impact, Row, Verb};
use lobuctl::resource::Address;
use lobuctl::tui::{Effect, Refusal};

use crate::support::screen::canned;
use crate::support::screen::model_driver::{ModelDriver, wheel_down};
use crate::support::snapshot;

#[test]
fn a_needed_row_comes_along_and_says_so() {
    let driver = ModelDriver::review(100, 30).keys("A /company<enter> <esc> /works<enter> space");
    let text = driver.text();
    assert!(text.contains("1 selected + 1 needed"), "{text}");
    assert!(
        text.contains("entity-type company is selected because relationship-type works-at needs it"),
        "{text}"
    );
    let text = driver.keys("<esc> a").text();
    assert!(text.contains("also writes 1 row that a selected row needs:"), "{text}");
}

#[test]
fn a_parent_selects_what_is_below_it() {
    let driver = ModelDriver::review(100, 30).keys("space");
    assert!(driver.text().contains("3 of 7 selected"), "{}", driver.text());
    let driver = driver.keys("space");
    assert!(driver.text().contains("7 of 7 selected"));
}

#[test]
fn what_is_asked_to_be_deleted_is_selected() {
    let driver = ModelDriver::review(100, 30).keys("n space");
    assert!(driver.text().contains("[ ] ~ settings"));
    let driver = driver.keys("D");
    assert!(driver.text().contains("[x] ~ settings"), "{}", driver.text());
    assert!(driver.keys("a").text().contains("type `yes` to apply"));
}

#[test]
fn with_targets_a_row_keeps_its_agent_above_it() {
    let rows = canned::plan().rows;
    let platforms = rows
        .iter()
        .filter(|row| matches!(row.address, Address::Platform { .. }));
    let rows = platforms.cloned().collect();
    let driver = ModelDriver::of(canned::plan_of(rows), 100, 30).keys("g j");
    let text = driver.text();
    assert!(text.contains("triage") && text.contains("not a target"), "{text}");
    let text = driver.keys("space").text();
    assert!(text.contains("[ ] = whatsapp"), "{text}");
}

#[test]
fn nothing_is_applied_without_an_answer() {
    for keys in ["a <esc>", "a y e s", "a no<enter>", "a <enter>", "a ye<enter>", "a yes"] {
        let driver = ModelDriver::review(100, 30).keys(keys);
        assert!(driver.left.is_empty(), "{keys}: {:?}", driver.left);
    }
    let driver = ModelDriver::review(100, 30).keys("a yes<enter>");
    assert!(matches!(driver.left.as_slice(), [Effect::Apply(..)]));
}

/// 120 platforms restart, an agent is deleted, 40 rows stay out.
fn crowded(width: u16, height: u16) -> ModelDriver {
    let mut rows: Vec<Row> = canned::plan().rows.iter().cloned().collect();
    for number in 0..120 {
        let row = canned::row(
            canned::platform("triage", "telegram", Some(&format!("p{number:03}"))),
            Verb::Update,
        );
        rows.push(Row {
            impact: Some(Impact::Restart),
            depends_on: Vec::new(),
            ..row
        });
    }
    let gone = Row {
        warnings: vec!["has 2 platforms".to_owned()],
        ..canned::row(Address::agent("gone"), Verb::Delete)
    };
    rows.push(gone);
    ModelDriver::of(canned::plan_of(rows), width, height).keys("/works<enter> space <esc> a")
}

#[test]
fn the_confirmation_keeps_its_sentence_and_target_and_scrolls_to_its_end() {
    for (width, height) in [(50, 12), (80, 24), (120, 40)] {
        let driver = crowded(width, height);
        let top = driver.text();
        for kept in [
            "restarts 121",
            "platforms",
            "dev at app.lobu.ai",
            "deletes 1",
            "type `yes` to apply",
        ] {
            assert!(top.contains(kept), "{kept} at {width}x{height}\n{top}");
        }
        assert!(top.contains("- agent gone"), "{top}");
        assert!(top.contains(" more"), "{top}");
        let end = driver.keys("<end>");
        let text = end.text();
        assert!(
            text.contains("relationship-type works-at") && text.contains("dev at app.lobu.ai"),
            "{text}"
        );
        assert_eq!(end.keys("<home>").text(), top);
        let paged = (0..60).fold(crowded(width, height), |driver, _| driver.keys("<pgdn>"));
        assert_eq!(paged.text(), text);
        let mut wheeled = crowded(width, height);
        wheeled.send(wheel_down(5, 8));
        assert_ne!(wheeled.text(), top);
    }
}

#[test]
fn without_a_frame_the_marker_of_a_list_hides_no_row() {
    let mut driver = crowded(50, 12);
    let mut seen = BTreeSet::new();
    for _ in 0..200 {
        let text = driver.text();
        let marked: Vec<&str> = text.lines().filter(|line| line.trim_end().ends_with(" more")).collect();
        for line in marked {
            let count = line.trim().trim_end_matches(" more");
            assert!(count.parse::<usize>().is_ok(), "{line:?} is more than a marker\n{text}");
        }
        seen.extend(text.lines().map(|line| line.trim().to_owned()));
        driver = driver.keys("<down>");
    }
    let rows = driver.plan.rows.iter().filter(|row| row.restarts());
    for row in rows {
        let name = format!("⚠ platform {}", row.address.id());
        assert!(seen.contains(&name), "{name}");
    }
    snapshot::check("tui_confirm_crowded", &crowded(50, 12).text());
}

#[test]
fn possible_restarts_want_yes_typed() {
    let driver = ModelDriver::review(100, 30).keys("A /whats<enter> space a");
    let text = driver.text();
    assert!(
        text.contains("may restart 1 platform: its secret is sent again"),
        "{text}"
    );
    assert!(text.contains("type `yes` to apply"), "{text}");
    assert!(driver.keys("y <enter>").left.is_empty());
}

#[test]
fn a_refused_selection_cannot_be_confirmed() {
    let mut driver = ModelDriver::review(100, 30);
    let line = lobuctl::show::Line::default().plain("refused by `--fail-on restart`");
    driver.refusal = Some(Refusal { lines: vec![line] });
    let driver = driver.keys("a");
    let text = driver.text();
    assert!(
        text.contains("refused by `--fail-on restart`") && text.contains("cannot be applied"),
        "{text}"
    );
    let driver = driver.keys("yes<enter> a y <enter>");
    assert!(
        driver.left.is_empty() && driver.model.overlay.is_none(),
        "{}",
        driver.text()
    );
}
