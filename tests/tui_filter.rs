//! The filter's language on the screen, and rows that change in the same way.

use lobuctl::plan::{Change, Impact, Plan, Verb};
use lobuctl::resource::{Address, FieldPath};

use crate::support::screen::canned;
use crate::support::screen::model_driver::ModelDriver;
use crate::support::snapshot;

/// Returns the addresses that a filter leaves.
fn left(filter: &str) -> Vec<String> {
    let driver = ModelDriver::review(100, 30).keys(&format!("/{filter}<enter>"));
    let board = driver.model.board().unwrap();
    let rows = board.plan.rows.iter().enumerate();
    let rows = rows.filter(|(index, _)| board.outline.passes(&board.plan, *index));
    rows.map(|(_, row)| row.address.to_string()).collect()
}

#[test]
fn conditions_narrow_the_tree() {
    let telegram = "platform.triage.telegram";
    assert_eq!(left("restart"), [telegram]);
    assert_eq!(left("kind:platform space verb:update"), [telegram]);
    assert_eq!(left("field:chatId"), [telegram]);
    assert_eq!(left("field:config.* space verb:create"), ["platform.triage.slack.eng"]);
    assert_eq!(
        left("agent:tri* space -kind:platform"),
        ["agent.triage", "settings.triage"]
    );
    assert_eq!(left("is:may-restart"), ["platform.billing.whatsapp"]);
    assert_eq!(left("is:drift space -kind:settings"), ["agent.stale"]);
    assert_eq!(left("arch* space kind:agent"), ["agent.archive"]);
    assert_eq!(left("kind:entity-type space -verb:create"), ["entity-type.person"]);
}

#[test]
fn what_is_wrong_is_said_while_it_is_typed() {
    let text = ModelDriver::review(140, 30).keys("/kind:platfrm").text();
    assert!(text.contains("`kind:` is one of agent, settings"), "{text}");
    let text = ModelDriver::review(140, 30).keys("/verb:update space colour:x").text();
    assert!(
        text.contains("there is no `colour:`") && !text.contains("company"),
        "{text}"
    );
}

/// Returns a plan in which 37 of 40 platforms change in the same way.
fn equal_changes() -> Plan {
    let rows = (0..40).map(|index| {
        let to = if index % 15 == 7 {
            format!("chat-{index}")
        } else {
            "67890".to_owned()
        };
        let mut row = canned::row(
            canned::platform(&format!("agent-{index:02}"), "telegram", None),
            Verb::Update,
        );
        row.depends_on = Vec::new();
        row.impact = Some(Impact::Restart);
        row.changes = vec![Change::between(
            FieldPath::parse("config.chatId"),
            Some("12345".into()),
            Some(to.as_str().into()),
        )];
        row
    });
    let others = [
        canned::row(Address::agent("alone"), Verb::Create),
        canned::row(Address::entity_type("person"), Verb::Noop),
    ];
    canned::plan_of(rows.chain(others).collect())
}

#[test]
fn equal_changes_are_one_line_with_the_exceptions_apart() {
    let driver = ModelDriver::of(equal_changes(), 100, 24).keys("=");
    let text = driver.text();
    assert!(
        text.contains("the same change × 37") && text.contains("37 rows in groups"),
        "{text}"
    );
    assert!(text.contains("agent-07") && !text.contains("agent-08"), "{text}");
    // The group is selected and left out as one, and opened.
    let driver = driver.keys("g j space");
    assert!(driver.text().contains("4 of 41 selected"), "{}", driver.text());
    let driver = driver.keys("U <enter> j");
    assert!(driver.text().contains("41 of 41 selected"), "{}", driver.text());
    assert!(
        driver.text().contains("platform agent-00/agent-00-telegram"),
        "{}",
        driver.text()
    );
    let driver = driver.keys("=");
    assert!(!driver.text().contains("the same change"), "{}", driver.text());
    assert_eq!(
        driver.model.board().unwrap().row().unwrap().address.to_string(),
        "platform.agent-00.telegram"
    );
}

#[test]
fn groups_of_equal_changes_at_three_sizes() {
    let sizes = [(50, 12), (80, 24), (120, 40)];
    let shots = sizes.map(|(width, height)| {
        let text = ModelDriver::of(equal_changes(), width, height).keys("= g j").text();
        format!("── {width}x{height} ──\n{text}")
    });
    snapshot::check("tui_equal_changes", &shots.join("\n\n"));
}
