//! The screen on the real loop, played with keys against a workbench without files and server.

use std::time::Duration;

use lobuctl::apply::Verdict;
use lobuctl::resource::Address;
use lobuctl::tui::{ExitReason, Input};

use crate::support::deadline::{settle_async, wait_for_async};
use crate::support::screen::canned;
use crate::support::screen::loop_driver::LoopDriver;
use crate::support::screen::workbench::{CannedWorkbench, WorkbenchScript};

fn bench() -> CannedWorkbench {
    CannedWorkbench::new(canned::plan(), WorkbenchScript::default())
}

fn telegram() -> Address {
    canned::platform("triage", "telegram", None)
}

fn failing() -> CannedWorkbench {
    let fails = vec![(
        telegram(),
        "422 Unprocessable Entity\nchatId must be a number".to_owned(),
    )];
    CannedWorkbench::new(
        canned::plan(),
        WorkbenchScript {
            fails,
            ..WorkbenchScript::default()
        },
    )
}

fn hanging() -> CannedWorkbench {
    let hangs = Some(Address::settings("triage"));
    CannedWorkbench::new(
        canned::plan(),
        WorkbenchScript {
            hangs,
            ..WorkbenchScript::default()
        },
    )
}

#[tokio::test]
async fn a_whole_yes_where_y_is_enough_opens_nothing() {
    let driver = LoopDriver::open(bench(), 100, 30);
    driver.until("7 of 7 selected").await;
    driver.keys("/tele<enter>").until("/tele").await;
    driver.keys("space").until("6 of 7 selected").await;
    driver.keys("<esc> /whats<enter> space").until("5 of 7 selected").await;
    driver.keys("a").until("creates 3, updates 2").await;
    driver.keys("yes<enter>").until("done").await;
    assert!(!driver.text().contains("secrets: names only"), "{}", driver.text());
    driver.keys("s").until("secrets: names only").await;
}

#[tokio::test]
async fn filter_deselect_apply_and_leave() {
    let bench = bench();
    let driver = LoopDriver::open(bench.clone(), 100, 30);
    driver.until("7 of 7 selected").await;
    driver.keys("/tele<enter>").until("/tele").await;
    driver.keys("space").until("6 of 7 selected").await;
    driver.keys("<esc> /whats<enter> space").until("5 of 7 selected").await;
    // Nothing restarts any more, nor may anything: a key is enough.
    driver.keys("a").until("creates 3, updates 2").await;
    driver.keys("y").until("done").await;
    driver.keys("q");
    let exit = driver.left().await;
    assert_eq!(exit.ending, ExitReason::Applied);
    assert_eq!(exit.progress().unwrap().verdict(), Verdict::Done);
    let applied = bench.applied();
    assert_eq!(applied.len(), 1);
    assert_eq!(applied[0].len(), 5);
    assert!(!applied[0].contains(&telegram()));
}

#[tokio::test]
async fn a_restart_wants_yes_typed() {
    let bench = bench();
    let driver = LoopDriver::open(bench.clone(), 100, 30);
    driver.until("7 of 7 selected").await;
    driver.keys("a").until("type `yes` to apply").await;
    driver
        .keys("no<enter>")
        .until("type `yes` to apply, esc goes back")
        .await;
    assert!(bench.applied().is_empty());
    driver.keys("<esc>").without("restarts 1 platform").await;
    driver.keys("a yes<enter>").until("done").await;
    assert_eq!(bench.applied().len(), 1);
    driver.keys("q");
    assert_eq!(driver.left().await.ending, ExitReason::Applied);
}

#[tokio::test]
async fn a_protected_target_wants_its_name_typed() {
    let script = WorkbenchScript {
        protected: true,
        ..WorkbenchScript::default()
    };
    let bench = CannedWorkbench::new(canned::plan(), script);
    let driver = LoopDriver::open(bench.clone(), 120, 30);
    driver.until("(protected)").await;
    driver.keys("a").until("type `dev` to apply").await;
    driver.keys("yes<enter>").until("type `dev` to apply, esc").await;
    assert!(bench.applied().is_empty());
    driver
        .keys("<backspace> <backspace> <backspace> dev<enter>")
        .until("done")
        .await;
    driver.keys("q").send(Input::Interrupt);
    assert_eq!(driver.left().await.ending, ExitReason::Applied);
}

#[tokio::test]
async fn what_failed_is_retried_and_nothing_else() {
    let bench = failing();
    let driver = LoopDriver::open(bench.clone(), 120, 30);
    driver.until("7 of 7 selected").await;
    driver.keys("a yes<enter>").until("not complete").await;
    let screen = driver.until("chatId must be a number").await;
    assert!(screen.contains("hint: ask for the scope"), "{screen}");
    assert!(screen.contains("skipped: platform"), "{screen}");
    driver.keys("r").until("type `yes` to apply").await;
    driver.keys("yes<enter>").until("done").await;
    driver.keys("q");
    let exit = driver.left().await;
    assert_eq!(exit.runs.len(), 2);
    assert!(exit.wrote());
    assert_eq!(exit.progress().unwrap().verdict(), Verdict::Done);
    let applied = bench.applied();
    let left = [
        telegram(),
        Address::entity_type("company"),
        Address::relationship_type("works-at"),
    ];
    assert_eq!(applied[1], left.into_iter().collect());
}

#[tokio::test]
async fn the_first_interrupt_stops_and_the_second_leaves() {
    let driver = LoopDriver::open(hanging(), 100, 30);
    driver.until("7 of 7 selected").await;
    driver.keys("a yes<enter>").until("= 1 unchanged").await;
    driver.until("1 running").await;
    driver.keys("<c-c>").until("no new request starts").await;
    driver.keys("<c-c>");
    let exit = driver.left().await;
    assert_eq!(exit.ending, ExitReason::Interrupted);
    let tally = exit.progress().unwrap().tally();
    assert_eq!((tally.applied(), tally.unknown), (1, 1), "{tally:?}");
}

#[tokio::test]
async fn a_run_that_does_not_listen_is_left_with_what_is_known() {
    let script = WorkbenchScript {
        never_responds: true,
        ..WorkbenchScript::default()
    };
    let driver = LoopDriver::open(CannedWorkbench::new(canned::plan(), script), 100, 30);
    driver.until("7 of 7 selected").await;
    driver.keys("a yes<enter>").until("running for").await;
    driver.keys("<c-c> <c-c>");
    let exit = driver.left().await;
    let tally = exit.progress().unwrap().tally();
    assert_eq!((tally.unknown, tally.skipped), (1, 6), "{tally:?}");
}

#[tokio::test]
async fn leaving_asks_while_something_runs() {
    let driver = LoopDriver::open(hanging(), 100, 30);
    driver.until("7 of 7 selected").await;
    driver.keys("a yes<enter>").until("running for").await;
    driver.keys("q").until("leave?").await;
    driver.keys("<esc>").without("leave?").await;
    driver
        .keys("q y")
        .until("leaving when what is in flight has ended")
        .await;
    driver.keys("<c-c>");
    assert_eq!(driver.left().await.ending, ExitReason::Interrupted);
}

#[tokio::test]
async fn sigterm_waits_for_what_is_in_flight() {
    let script = WorkbenchScript {
        pace: Duration::from_millis(30),
        ..WorkbenchScript::default()
    };
    let driver = LoopDriver::open(CannedWorkbench::new(canned::plan(), script), 100, 30);
    driver.until("7 of 7 selected").await;
    driver.keys("a yes<enter>").until("running").await;
    driver.send(Input::Terminate);
    let exit = driver.left().await;
    assert_eq!(exit.ending, ExitReason::Terminated);
    let tally = exit.progress().unwrap().tally();
    assert_eq!(tally.ended(), tally.total, "{tally:?}");
    assert!(tally.skipped > 0, "{tally:?}");
}

#[tokio::test]
async fn a_broken_start_is_a_screen_and_can_be_tried_again() {
    let script = WorkbenchScript {
        load_failures: 1,
        ..WorkbenchScript::default()
    };
    let driver = LoopDriver::open(CannedWorkbench::new(canned::plan(), script), 100, 30);
    driver.until("cannot reach https://app.lobu.ai").await;
    driver.keys("r").until("7 of 7 selected").await;
    driver.keys("q");
    assert_eq!(driver.left().await.ending, ExitReason::Left);
}

#[tokio::test]
async fn leaving_a_broken_start_keeps_its_exit_code() {
    let script = WorkbenchScript {
        load_failures: 1,
        ..WorkbenchScript::default()
    };
    let driver = LoopDriver::open(CannedWorkbench::new(canned::plan(), script), 40, 10);
    driver.until("cannot reach").await;
    driver.keys("q");
    assert_eq!(driver.left().await.ending, ExitReason::LoadFailed);
}

#[tokio::test]
async fn the_editor_opens_at_the_line_and_the_plan_is_made_again() {
    let bench = bench();
    let driver = LoopDriver::open(bench.clone(), 100, 30);
    driver.until("7 of 7 selected").await;
    driver.keys("/tele<enter> space").until("6 of 7 selected").await;
    driver.keys("e");
    let planned_again = || (bench.loads() >= 2).then_some(());
    wait_for_async(planned_again, || "no second plan".to_owned()).await;
    // What was taken out stays out, and the filter stays too.
    driver.until("/tele").await;
    driver.until("6 of 7 selected").await;
    let seen = driver.seen.lock().unwrap().edited.clone();
    assert_eq!((seen.len(), seen[0].line), (1, 21));
    driver.keys("<c-c>");
    assert_eq!(driver.left().await.ending, ExitReason::Interrupted);
}

#[tokio::test]
async fn suspending_copying_and_coming_back() {
    let driver = LoopDriver::open(bench(), 100, 30);
    driver.until("7 of 7 selected").await;
    driver.keys("<c-z> y").until("copied agent.triage").await;
    driver.send(Input::Continued);
    driver.keys("?").until("┌─ keys").await;
    {
        let seen = driver.seen.lock().unwrap();
        assert_eq!((seen.suspended, seen.resumed), (1, 1));
        assert_eq!(seen.copied, ["agent.triage"]);
    }
    driver.keys("<esc> q");
    assert_eq!(driver.left().await.ending, ExitReason::Left);
}

#[tokio::test]
async fn drift_is_deleted_only_on_purpose() {
    let bench = bench();
    let driver = LoopDriver::open(bench.clone(), 100, 30);
    driver.until("7 of 7 selected").await;
    driver
        .keys("/stale<enter> space")
        .until("is only on the server and left alone; `u` adopts it")
        .await;
    assert!(driver.text().contains("7 of 7 selected"));
    driver.keys("D").until("9 of 9 selected").await;
    driver.keys("D").until("7 of 7 selected").await;
    driver.keys("D").until("9 of 9 selected").await;
    driver.keys("a").until("- agent stale").await;
    driver.keys("yes<enter>").until("done").await;
    assert!(bench.applied()[0].contains(&Address::agent("stale")));
    driver.keys("q");
    assert_eq!(driver.left().await.ending, ExitReason::Applied);
}

#[tokio::test]
async fn an_idle_screen_draws_nothing() {
    let driver = LoopDriver::open(bench(), 100, 30);
    driver.until("7 of 7 selected").await;
    // Nothing is to happen from now on, which no event announces.
    settle_async(Duration::from_millis(60)).await;
    let before = driver.seen.lock().unwrap().frames;
    settle_async(Duration::from_millis(400)).await;
    assert_eq!(driver.seen.lock().unwrap().frames, before);
    driver.keys("q");
    driver.left().await;
}

#[tokio::test]
async fn a_terminal_that_goes_away_ends_the_screen() {
    let driver = LoopDriver::open(bench(), 100, 30);
    driver.until("7 of 7 selected").await;
    driver.seen.lock().unwrap().gone = true;
    driver.keys("j");
    assert_eq!(driver.left().await.ending, ExitReason::Terminated);
}

#[tokio::test]
async fn resizing_while_it_runs() {
    let driver = LoopDriver::open(bench(), 100, 30);
    driver.until("7 of 7 selected").await;
    for (width, height) in [(40, 10), (1, 1), (300, 100), (60, 15), (80, 24)] {
        driver.resize(width, height).keys("j d");
    }
    driver.until("┌─ lobuctl").await;
    driver.keys("q");
    assert_eq!(driver.left().await.ending, ExitReason::Left);
}
