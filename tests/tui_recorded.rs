//! A recorded run, replayed on the screen at three sizes: `lobuctl demo --yes --format json`.

use lobuctl::apply::event::{Event, EventKind};
use lobuctl::apply::{Progress, Verdict};
use lobuctl::plan::{Impact, Plan, Row};
use lobuctl::tui::keymap::TABLE;
use lobuctl::tui::model::KeyContext;
use lobuctl::tui::{Message, RecordedFacts, TuiOptions};

use crate::support::screen::canned;
use crate::support::screen::model_driver::ModelDriver;
use crate::support::snapshot;

const RECORDING: &str = include_str!("fixtures/demo-run.ndjson");

fn events() -> Vec<Event> {
    let events = RECORDING.lines().map(|line| serde_json::from_str(line).unwrap());
    events.collect()
}

/// The rows that the run intends to write.
fn plan(events: &[Event]) -> Plan {
    let EventKind::RunStarted { steps, .. } = &events[0].kind else {
        panic!("{:?}", events[0]);
    };
    let row = |step: &lobuctl::apply::event::PlannedStep| Row {
        impact: step.restarts.then_some(Impact::Restart),
        recheck: !step.verb.changes(),
        ..canned::row(step.address.clone(), step.verb)
    };
    canned::plan_of(steps.iter().map(row).collect())
}

fn replayed(count: usize, width: u16, height: u16) -> ModelDriver {
    let events = events();
    let mut driver = ModelDriver::of(plan(&events), width, height).keys("a yes<enter>");
    for event in events.iter().take(count) {
        driver.send(Message::Clock(event.elapsed_ms));
        driver.send(Message::Run(event.clone()));
    }
    if count >= events.len() {
        driver.send(Message::RunEnded(Ok(())));
    }
    driver
}

#[test]
fn a_recorded_run_halfway_and_at_its_end() {
    let count = events().len();
    let shots = [(60, 15), (80, 24), (140, 40)].map(|(width, height)| {
        let [half, end] = [count / 2, count].map(|count| replayed(count, width, height).text());
        format!("── {width}x{height} ──\n{half}\n\n{end}")
    });
    snapshot::check("tui_recorded", &shots.join("\n\n"));
}

#[test]
fn the_screen_counts_as_the_fold_does() {
    let events = events();
    let progress = Progress::of(&events);
    assert_eq!(progress.verdict(), Verdict::Done);
    let tally = progress.tally();
    let text = replayed(events.len(), 140, 40).text();
    assert!(text.contains(&format!("{} applied", tally.applied())), "{text}");
    assert!(text.contains(&format!("{} unchanged", tally.unchanged)), "{text}");
}

/// A plan, and the events of its run, as they are read from a record.
fn read_only(plan: Plan, events: Vec<Event>) -> ModelDriver {
    let mut driver = ModelDriver::start(100, 24, &TuiOptions::default());
    let mut loaded = canned::loaded(plan);
    let reason = "read-only: a run that is over".to_owned();
    loaded.recorded = Some(RecordedFacts { reason, events });
    driver.send(Message::Loaded(Box::new(Ok(loaded))));
    driver
}

#[test]
fn a_run_that_is_read_from_a_record_counts_as_the_live_one() {
    let events = events();
    let driver = read_only(plan(&events), events.clone());
    let tally = Progress::of(&events).tally();
    let text = driver.text();
    assert!(text.contains(&format!("{} applied", tally.applied())), "{text}");
    snapshot::check("tui_recorded_read_only", &text);
}

#[test]
fn keys_that_would_change_something_say_why_they_do_not() {
    let events = events();
    for (context, events) in [(KeyContext::Review, Vec::new()), (KeyContext::Done, events.clone())] {
        let bindings = TABLE.iter().filter(|binding| binding.contexts.contains(&context));
        let refused: Vec<_> = bindings.filter(|binding| binding.action.needs_sources()).collect();
        assert!(refused.len() > 2, "{context:?}");
        for key in refused.iter().flat_map(|binding| binding.keys) {
            let mut driver = read_only(plan(&self::events()), events.clone());
            driver.send(Message::Key(*key));
            let notice = driver.model.notice.as_ref().map(lobuctl::show::Line::text);
            assert_eq!(notice.as_deref(), Some("read-only: a run that is over"), "{key}");
            assert_eq!(driver.model.context(), context, "{key}");
            assert!(driver.left.is_empty() && driver.exit.is_none(), "{key}");
        }
    }
}

#[test]
fn no_prefix_of_a_run_breaks_the_screen() {
    for count in 0..=events().len() {
        replayed(count, 80, 24).keys("l w <tab>").buffer();
    }
}
