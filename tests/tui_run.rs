//! A run while it goes on and after: its pace, what a row waits for, a silent request, the timeline, and what the terminal is
//! told beside the frames.

use lobuctl::apply::Progress;
use lobuctl::apply::event::{Event, EventKind, Outcome, PlannedStep};
use lobuctl::plan::{Target, Verb};
use lobuctl::resource::Address;
use lobuctl::show::Line;
use lobuctl::show::progress::pace_text;
use lobuctl::show::timeline::timeline_lines;
use lobuctl::tui::{Effect, Message};

use crate::support::screen::canned;
use crate::support::screen::model_driver::ModelDriver;
use crate::support::screen::runs;
use crate::support::snapshot;

#[test]
fn the_pace_is_told_once_enough_has_ended() {
    assert_eq!(pace_text(4, 300, 10_000), None);
    assert_eq!(pace_text(128, 300, 1_500), None);
    assert_eq!(pace_text(300, 300, 10_000), None);
    assert_eq!(pace_text(128, 300, 3_100).unwrap(), "41/s, 5 s left");
    assert_eq!(pace_text(5, 300, 60_000).unwrap(), "5/min, 59 min 0 s left");
    assert_eq!(pace_text(usize::MAX, 3, 60_000), None);
}

fn finish(driver: &mut ModelDriver, elapsed_ms: u64, address: Address) {
    driver.send(Message::Run(Event {
        seq: 0,
        elapsed_ms,
        kind: EventKind::StepFinished {
            address,
            outcome: Outcome::Updated { restarted: None },
            took_ms: 80,
        },
    }));
}

#[test]
fn the_header_has_the_pace_where_there_is_room() {
    for (width, has_room) in [(100, true), (60, false)] {
        let mut driver = runs::halfway(width, 30);
        let rows = driver.plan.rows.iter().filter(|row| row.writes());
        let rows: Vec<Address> = rows.map(|row| row.address.clone()).collect();
        for address in rows.into_iter().take(6) {
            finish(&mut driver, 2_500, address);
        }
        driver.send(Message::Clock(3_000));
        assert_eq!(
            driver.text().contains("3.0 s, 2/s, 1 s left"),
            has_room,
            "{}",
            driver.text()
        );
    }
}

#[test]
fn a_row_says_what_it_waits_for_and_a_silent_request_when_it_gives_up() {
    let waiting = runs::halfway(100, 30).keys("/telegram<enter>");
    assert!(waiting.text().contains("for settings triage"), "{}", waiting.text());
    let turn = runs::halfway(100, 30).keys("/company<enter>");
    assert!(
        turn.text().contains("for its turn: 2 rows are in flight"),
        "{}",
        turn.text()
    );
    let mut silent = runs::halfway(140, 30).keys("/settings<enter> n");
    silent.send(Message::Clock(6_000));
    assert!(
        silent.text().contains("no answer for 5 s, gives up after 45 s"),
        "{}",
        silent.text()
    );
    // Once the event is there, the request has a name, and its time counts from when it was sent.
    let settings = Address::settings("triage");
    silent.send(Message::Run(Event {
        seq: 0,
        elapsed_ms: 6_000,
        kind: EventKind::Waiting {
            address: settings,
            method: "PATCH".to_owned(),
            path: "/api/dev/agents/triage/config".to_owned(),
            silent_ms: 2_000,
            attempt: 1,
        },
    }));
    silent.send(Message::Clock(7_000));
    for part in [
        "PATCH /api/dev/agents/triage/config: no answer for",
        "3 s, gives up after 45 s",
    ] {
        assert!(silent.text().contains(part), "{}", silent.text());
    }
}

#[test]
fn after_the_run_its_outcome_and_its_timeline_are_in_the_detail_of_the_headings() {
    let done = runs::done(100, 40);
    assert!(
        done.text().contains("slowest"),
        "the cursor is where they are: {}",
        done.text()
    );
    snapshot::check("run_done_heading", &done.text());
    // After a failure the cursor is there.
    let failed = runs::failed(100, 40);
    assert!(!failed.text().contains("slowest"), "{}", failed.text());
    snapshot::check("run_failed_heading", &failed.keys("g").text());
}

#[test]
fn the_plan_as_a_whole_is_in_the_detail_of_the_headings() {
    snapshot::check("review_heading", &ModelDriver::review(100, 40).keys("g").text());
}

/// Folds a run of rows that begin one after the other, each slower than the one before.
fn run(rows: u64) -> Progress {
    run_with(rows, |row| (30 * row + 5, 10 * row + 5))
}

/// Folds a run whose rows end at these times, and took so long.
fn run_with(rows: u64, times: impl Fn(u64) -> (u64, u64)) -> Progress {
    let event = |elapsed_ms, kind| Event {
        seq: 0,
        elapsed_ms,
        kind,
    };
    let address = |row: u64| Address::agent(format!("agent-{row:03}"));
    let steps = (0..rows).map(|row| PlannedStep {
        address: address(row),
        verb: Verb::Create,
        restarts: false,
        may_restart: false,
    });
    let steps = steps.collect();
    let target = Target {
        organization: "dev".to_owned(),
        url: "https://app.lobu.ai".to_owned(),
    };
    let started = event(0, EventKind::RunStarted { target, steps });
    let ended = (0..rows).map(|row| {
        let outcome = match row {
            7 => Outcome::Skipped {
                reason: "stopped".to_owned(),
            },
            9 => Outcome::Failed {
                message: "500".to_owned(),
                hint: None,
                partly_written: false,
            },
            _ => Outcome::Created,
        };
        let (ended_ms, took_ms) = times(row);
        let kind = EventKind::StepFinished {
            address: address(row),
            outcome,
            took_ms,
        };
        event(ended_ms, kind)
    });
    let events: Vec<Event> = std::iter::once(started).chain(ended).collect();
    Progress::of(&events)
}

#[test]
fn a_timeline_shows_how_much_was_in_flight_and_the_slowest_rows() {
    let text = |lines: &[Line]| lines.iter().map(Line::text).collect::<Vec<_>>().join("\n");
    let lines = timeline_lines(&run(14));
    snapshot::check("timeline", &text(&lines));
    assert!(!text(&lines).contains("agent-007"), "it was not tried");
    assert!(timeline_lines(&run(1)).is_empty());
    assert!(timeline_lines(&run(20_000)).len() < 20);
    // The record of a run may say anything.
    for times in [(u64::MAX, u64::MAX), (u64::MAX, 0), (0, u64::MAX)] {
        assert!(!timeline_lines(&run_with(3, |_| times)).is_empty());
    }
}

fn titles(driver: &ModelDriver) -> Vec<String> {
    let titles = driver.left.iter().filter_map(|effect| match effect {
        Effect::Title(title) => Some(title.clone()),
        _ => None,
    });
    titles.collect()
}

fn notices(driver: &ModelDriver) -> Vec<String> {
    let notices = driver.left.iter().filter_map(|effect| match effect {
        Effect::Announce(text) => Some(text.clone()),
        _ => None,
    });
    notices.collect()
}

#[test]
fn the_title_follows_a_run_and_only_the_end_of_a_long_one_is_announced() {
    for (took, announced) in [(9_000, 0), (11_000, 1)] {
        let mut driver = runs::halfway(100, 30);
        driver.model.look.announces = true;
        driver.send(Message::Clock(3_000));
        driver.send(Message::Clock(3_100));
        driver.send(Message::Clock(took));
        driver.send(Message::Run(Event {
            seq: 0,
            elapsed_ms: took,
            kind: EventKind::RunFinished,
        }));
        driver.send(Message::RunEnded(Ok(())));
        assert_eq!(titles(&driver), ["lobuctl 28% dev", "lobuctl not complete dev"]);
        let notices = notices(&driver);
        assert_eq!(notices.len(), announced, "{notices:?}");
        for notice in notices {
            assert_eq!(notice, "dev: not complete in 11.0 s: 0 created, 1 updated, 1 unchanged");
        }
    }
}

#[test]
fn nobody_is_told_who_does_not_want_it() {
    let mut driver = runs::halfway(100, 30);
    driver.send(Message::Clock(20_000));
    driver.send(Message::RunEnded(Ok(())));
    assert!(titles(&driver).is_empty() && notices(&driver).is_empty());
}

#[test]
fn a_row_that_may_have_been_written_is_not_called_not_applied() {
    let mut driver = runs::halfway(100, 30);
    let finish = |driver: &mut ModelDriver, address: Address, outcome: Outcome| {
        driver.send(Message::Run(Event {
            seq: 0,
            elapsed_ms: 900,
            kind: EventKind::StepFinished {
                address,
                outcome,
                took_ms: 80,
            },
        }));
    };
    let message = "the server answered 500".to_owned();
    finish(&mut driver, Address::settings("triage"), Outcome::Unknown { message });
    let rows = [
        canned::platform("triage", "slack", Some("eng")),
        canned::platform("triage", "telegram", None),
        Address::entity_type("company"),
        Address::relationship_type("works-at"),
    ];
    for address in rows {
        let reason = "settings triage is unknown".to_owned();
        finish(&mut driver, address, Outcome::Skipped { reason });
    }
    driver.send(Message::RunEnded(Ok(())));
    assert!(driver.text().contains("1 unknown, 4 not applied"), "{}", driver.text());
}
