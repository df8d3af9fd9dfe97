//! Inside the detail: searching, hunks, context lines and line numbers.

use lobuctl::plan::{Change, ChangeKind, Presentation, Verb};
use lobuctl::resource::{Address, FieldPath};
use lobuctl::tui::Message;
use serde_json::json;

use crate::support::screen::canned;
use crate::support::screen::model_driver::ModelDriver;
use crate::support::snapshot;

/// Returns the detail of a text with changes in its lines 8, 58 and 108.
fn long_text(width: u16, height: u16) -> ModelDriver {
    ModelDriver::of(canned::long_text_plan(10_000), width, height).keys("n <tab>")
}

fn file_line(driver: &ModelDriver) -> Option<usize> {
    driver.model.board().unwrap().detail.file_line_in_view("soulMd")
}

#[test]
fn a_search_goes_from_hit_to_hit_and_around_the_end() {
    let driver = long_text(100, 24).keys("/breathe");
    assert!(driver.text().contains("1 of 3; enter keeps it"), "{}", driver.text());
    let driver = driver.keys("<enter> n n");
    assert!(driver.text().contains("/breathe 3 of 3"), "{}", driver.text());
    assert_eq!(file_line(&driver), Some(108));
    let driver = driver.keys("n N");
    assert!(driver.text().contains("/breathe 3 of 3"), "{}", driver.text());
    let driver = driver.keys("<esc>");
    assert!(!driver.text().contains("/breathe"), "{}", driver.text());
    // Without a search, the key is about rows again.
    let driver = driver.keys("/nowhere<enter> n");
    assert!(driver.text().contains("not found"), "{}", driver.text());
}

#[test]
fn hunks_are_walked_and_the_editor_opens_the_one_gone_to() {
    let driver = long_text(100, 40).keys("]");
    assert_eq!(file_line(&driver), Some(8));
    let driver = driver.keys("] ]");
    assert_eq!(file_line(&driver), Some(108));
    let driver = driver.keys("]");
    assert!(driver.text().contains("no further hunk"), "{}", driver.text());
    assert_eq!(file_line(&driver.keys("[")), Some(58));
}

#[test]
fn more_and_fewer_lines_are_shown_around_changes_and_the_place_stays() {
    let strips = |driver: &ModelDriver| driver.model.board().unwrap().detail.strips().len();
    // Wide enough for every line.
    let driver = long_text(200, 24).keys("] ]");
    let usual = strips(&driver);
    let driver = driver.keys("{");
    assert_eq!(usual - strips(&driver), 3 * 4);
    let driver = driver.keys("{");
    assert_eq!(usual - strips(&driver), 3 * 6 + 2);
    let driver = driver.keys("} } } } }");
    assert!(strips(&driver) > 140 && driver.text().contains("all lines are shown"));
    assert_eq!(file_line(&driver), Some(58));
}

#[test]
fn line_numbers_can_be_hidden() {
    let gutter = |driver: &ModelDriver| driver.model.board().unwrap().detail.gutter();
    let driver = long_text(100, 24);
    assert_eq!(gutter(&driver), 4);
    assert_eq!(gutter(&driver.keys("#")), 0);
}

#[test]
fn tables_in_a_list_are_compared_by_path() {
    let columns = Change::between(
        FieldPath::parse("columns"),
        Some(json!([{"name": "tier", "type": "text"}, {"name": "since"}]).into()),
        Some(json!([{"name": "tier", "type": "number"}, {"name": "since"}, {"name": "until"}]).into()),
    );
    let mut row = canned::row(Address::entity_type("company"), Verb::Update);
    row.changes = vec![columns.presented_as(Presentation::List)];
    let text = ModelDriver::of(canned::plan_of(vec![row]), 100, 24).text();
    assert!(text.contains("columns[0].type: \"text\" -> \"number\""), "{text}");
    assert!(text.contains("columns[2]: + {\"name\":\"until\"}"), "{text}");
    assert!(!text.contains("since"), "{text}");
}

#[test]
fn a_deletion_shows_what_it_removes_and_a_creation_what_it_sends() {
    let mut gone = canned::row(Address::entity_type("old"), Verb::Delete);
    gone.changes = vec![Change {
        kind: ChangeKind::Removed,
        ..Change::between(FieldPath::parse("description"), Some("a company".into()), None)
    }];
    let text = ModelDriver::of(canned::plan_of(vec![gone]), 100, 24).text();
    assert!(text.contains("description: - \"a company\""), "{text}");
    let text = ModelDriver::review(100, 30).keys("/eng<enter>").text();
    assert!(text.contains("config.channel: + \"#eng\""), "{text}");
}

#[test]
fn a_search_while_rows_are_compared_aside_finds_them_afterwards() {
    let driver = ModelDriver::of(canned::long_text_plan(100_000), 100, 24);
    let mut driver = driver.keys("n <tab> /breathe<enter> d");
    driver.send(Message::Resize { width: 90, height: 24 });
    assert!(driver.model.board().unwrap().detail.hits().len() > 20);
}

#[test]
fn the_detail_at_three_sizes() {
    let sizes = [(50, 12), (80, 24), (120, 40)];
    let shots = sizes.map(|(width, height)| {
        let hunk = long_text(width, height).keys("] ]").text();
        let search = long_text(width, height).keys("/breathe").text();
        format!("── {width}x{height} ──\n{hunk}\n\n{search}")
    });
    snapshot::check("tui_detail", &shots.join("\n\n"));
}
