//! The drift desk: adopting into the files, ignoring for some time, and many rows at once.

use lobuctl::plan::{Change, ChangeKind, Undeclared, Verb};
use lobuctl::resource::{Address, FieldPath, Shown};
use lobuctl::tui::{Effect, Message};
use serde_json::json;

use crate::support::screen::canned;
use crate::support::screen::model_driver::ModelDriver;
use crate::support::snapshot;

/// Returns the number of effects that this accepts.
fn count(driver: &ModelDriver, wanted: impl Fn(&Effect) -> bool) -> usize {
    driver.left.iter().filter(|effect| wanted(effect)).count()
}

/// Answers what the last adoption asked for.
fn answered(mut driver: ModelDriver) -> ModelDriver {
    let request = driver.left.iter().rev().find_map(|effect| match effect {
        Effect::Adopt(request) => Some(request.clone()),
        _ => None,
    });
    let request = request.expect("an adoption was asked for");
    let result = Ok(canned::adoption(&request));
    driver.send(Message::Adoption { request, result });
    driver
}

#[test]
fn an_adoption_shows_the_files_before_anything_is_written() {
    let mut shown = String::new();
    for (width, height) in [(80, 24), (140, 40)] {
        let driver = ModelDriver::review(width, height).keys("/stale<enter> u");
        shown += &driver.text();
        let driver = answered(driver);
        shown += &driver.text();
        assert_eq!(count(&driver, |it| matches!(it, Effect::WriteAdopted(_))), 0);
        let driver = driver.keys("y");
        assert_eq!(count(&driver, |it| matches!(it, Effect::WriteAdopted(_))), 1);
        // While files are written, nothing can be taken back or asked for twice.
        let driver = driver.keys("<esc> y y");
        assert_eq!(count(&driver, |it| matches!(it, Effect::WriteAdopted(_))), 1);
        assert!(driver.text().contains("writing the files"), "{}", driver.text());
    }
    snapshot::check("desk_adopt", &shown);
}

#[test]
fn an_adoption_that_was_left_writes_nothing() {
    let driver = ModelDriver::review(80, 24).keys("/stale<enter> u");
    // The answer comes when its page is closed.
    let driver = answered(driver.keys("<esc>")).keys("y");
    assert_eq!(count(&driver, |it| matches!(it, Effect::WriteAdopted(_))), 0);
    let driver = answered(driver.keys("u")).keys("n");
    assert_eq!(count(&driver, |it| matches!(it, Effect::WriteAdopted(_))), 0);
}

#[test]
fn the_answer_about_another_row_is_not_shown() {
    let mut driver = ModelDriver::review(80, 24).keys("/stale<enter> u <esc> <esc> /triage<enter> u");
    let stale = driver.left.iter().find_map(|effect| match effect {
        Effect::Adopt(request) => Some(request.clone()),
        _ => None,
    });
    let request = stale.unwrap();
    let result = Ok(canned::adoption(&request));
    driver.send(Message::Adoption { request, result });
    let driver = driver.keys("y");
    assert!(driver.text().contains("working out the changes"), "{}", driver.text());
    assert_eq!(count(&driver, |it| matches!(it, Effect::WriteAdopted(_))), 0);
    let text = answered(driver).text();
    assert!(
        text.contains("+ agent.triage") && !text.contains("agent.stale"),
        "{text}"
    );
}

#[test]
fn files_that_were_written_are_planned_again() {
    let mut driver = answered(ModelDriver::review(80, 24).keys("/stale<enter> u")).keys("y");
    driver.send(Message::Adopted(Ok("wrote 2 files".to_owned())));
    assert_eq!(count(&driver, |it| matches!(it, Effect::Load(_))), 1);
    let driver = driver.loaded();
    assert!(driver.text().contains("wrote 2 files"), "{}", driver.text());
}

#[test]
fn in_the_detail_one_field_is_adopted() {
    let driver = ModelDriver::review(100, 30).keys("/settings<enter> n <tab> u");
    let field = driver.left.iter().find_map(|effect| match effect {
        Effect::Adopt(request) => request.field.clone(),
        _ => None,
    });
    assert_eq!(field, Some(FieldPath::root("soulMd")), "{}", driver.text());
}

#[test]
fn drift_is_ignored_with_a_reason_and_a_day() {
    let driver = ModelDriver::review(80, 24).keys("/stale<enter> i");
    let mut shown = driver.text();
    let driver = driver.keys("<enter>");
    assert!(driver.text().contains("type the reason"), "{}", driver.text());
    let driver = driver.keys("moves<tab><backspace><enter>");
    assert!(driver.text().contains("type the last day"), "{}", driver.text());
    let driver = driver.keys("1<enter>");
    assert!(!driver.text().contains("type the last day"), "{}", driver.text());
    let asked = |effect: &Effect| matches!(effect, Effect::Ignore(_));
    assert_eq!(count(&driver, asked), 1);
    let mut driver = driver;
    let mut plan = driver.plan.clone();
    for effect in &driver.left {
        if let Effect::Ignore(request) = effect {
            assert_eq!(request.because.as_ref().unwrap().until.to_string(), "2027-02-21");
            canned::ignore(&mut plan, request);
        }
    }
    driver.send(Message::Ignored(Box::new(Ok(plan))));
    shown += &driver.text();
    snapshot::check("desk_ignore", &shown);
    // The same key ends it, without a question.
    let driver = driver.keys("i");
    assert_eq!(count(&driver, asked), 2);
}

#[test]
fn a_range_is_deleted_adopted_and_ignored_at_once() {
    let drifted = |slug: &str| canned::row(Address::entity_type(slug), Verb::Drift);
    let rows = ["alpha", "beta", "gamma", "delta"].map(drifted).into_iter();
    let driver = ModelDriver::of(canned::plan_of(rows.collect()), 100, 30).keys("g j v j j u");
    let adopted: Vec<String> = driver
        .left
        .iter()
        .filter_map(|effect| match effect {
            Effect::Adopt(request) => Some(request.rows.iter().map(ToString::to_string).collect::<Vec<_>>()),
            _ => None,
        })
        .flatten()
        .collect();
    assert_eq!(adopted, ["entity-type.alpha", "entity-type.beta", "entity-type.delta"]);
    let text = driver.keys("<esc> D").text();
    assert!(text.contains("what only the server has in 3 rows is deleted"), "{text}");
    assert!(text.contains("3 of 3 selected"), "{text}");
}

#[test]
fn many_drift_rows_are_folded_by_kind() {
    let contents = |name: &str| {
        let change = Change::server_only(FieldPath::root("name"), Shown::from(name), Undeclared::Keep);
        assert_eq!(change.kind, ChangeKind::Drift);
        vec![change]
    };
    let row = |address: Address, name: &str| {
        let mut row = canned::row(address, Verb::Drift);
        row.changes = contents(name);
        row
    };
    let agents = (0..400).map(|index| row(Address::agent(format!("agent-{index:04}")), "An agent"));
    let types = (0..800).map(|index| row(Address::entity_type(format!("type-{index:04}")), "A type"));
    let driver = ModelDriver::of(canned::plan_of(agents.chain(types).collect()), 80, 24);
    let mut shown = driver.text();
    let driver = driver.keys("/type-07<enter>");
    assert!(driver.text().contains("type-0700"), "{}", driver.text());
    let driver = driver.keys("<esc> g j j l j");
    shown += &driver.text();
    snapshot::check("desk_many", &shown);
    assert_eq!(json!(driver.plan.counts)["drift"], 1200);
}

/// Returns a review with a declared type among types that only the server has.
fn with_range(width: u16) -> ModelDriver {
    let drifted = |slug: &str| canned::row(Address::entity_type(slug), Verb::Drift);
    let declared = canned::row(Address::agent("quiet"), Verb::Update);
    let rows = ["alpha", "beta", "gamma"].map(drifted).into_iter().chain([declared]);
    ModelDriver::of(canned::plan_of(rows.collect()), width, 30)
}

#[test]
fn a_range_is_on_the_screen_without_color_and_esc_ends_it() {
    for width in [50, 80, 120] {
        let text = with_range(width).keys("G v k k").text();
        assert!(text.contains("range of 3"), "{width}: {text}");
        let marked =
            |line: &&str| line.chars().take(6).filter(|letter| *letter == '│').count() == usize::from(width > 50) + 1;
        assert_eq!(text.lines().filter(marked).count(), 3, "{width}: {text}");
        let driver = with_range(width).keys("G v k k <esc>");
        assert!(!driver.text().contains("range of"), "{width}: {}", driver.text());
        assert_eq!(driver.model.board().unwrap().range_from, None);
        // Only the row at the cursor is meant from then on.
        let text = driver.keys("D").text();
        assert!(text.contains("alpha is deleted when you apply"), "{width}: {text}");
    }
}

#[test]
fn a_range_that_ends_on_a_heading_is_deleted_and_left_alone_again() {
    let driver = with_range(100).keys("G v k k k");
    assert!(driver.model.board().unwrap().row().is_none(), "a heading");
    let driver = driver.keys("D");
    assert!(
        driver.text().contains("what only the server has in 3 rows is deleted"),
        "{}",
        driver.text()
    );
    let driver = driver.keys("i");
    assert!(driver.text().contains("and `D` has not marked"), "{}", driver.text());
    let driver = driver.keys("U");
    assert!(
        driver.text().contains("`D` on a row takes its mark"),
        "{}",
        driver.text()
    );
    let driver = driver.keys("G v k k D");
    assert!(driver.text().contains("3 rows are left alone"), "{}", driver.text());
    assert!(driver.model.board().unwrap().prune.is_empty());
}
