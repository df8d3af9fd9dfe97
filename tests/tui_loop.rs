//! The screen on the real loop, played with keys against a workbench without files and server.

use std::time::Duration;

use lobuctl::apply::Verdict;
use lobuctl::resource::Address;
use lobuctl::tui::{Ending, Input};

use crate::support::canned::{self, Bench, Script};
use crate::support::stage::Stage;

fn bench() -> Bench {
    Bench::new(canned::plan(), Script::default())
}

fn telegram() -> Address {
    canned::platform("triage", "telegram", None)
}

fn failing() -> Bench {
    let fails = vec![(
        telegram(),
        "422 Unprocessable Entity\nchatId must be a number".to_owned(),
    )];
    Bench::new(
        canned::plan(),
        Script {
            fails,
            ..Script::default()
        },
    )
}

fn hanging() -> Bench {
    let hangs = Some(Address::settings("triage"));
    Bench::new(
        canned::plan(),
        Script {
            hangs,
            ..Script::default()
        },
    )
}

#[tokio::test]
async fn a_whole_yes_where_y_is_enough_opens_nothing() {
    let stage = Stage::open(bench(), 100, 30);
    stage.until("7 of 7 selected").await;
    stage.keys("/tele<enter>").until("/tele").await;
    stage.keys("space").until("6 of 7 selected").await;
    stage.keys("a").until("creates 3, updates 2").await;
    stage.keys("yes<enter>").until("done").await;
    assert!(!stage.text().contains("secrets: names only"), "{}", stage.text());
    stage.keys("s").until("secrets: names only").await;
}

#[tokio::test]
async fn filter_deselect_apply_and_leave() {
    let bench = bench();
    let stage = Stage::open(bench.clone(), 100, 30);
    stage.until("7 of 7 selected").await;
    stage.keys("/tele<enter>").until("/tele").await;
    stage.keys("space").until("6 of 7 selected").await;
    // Nothing restarts any more: a key is enough.
    stage.keys("a").until("creates 3, updates 2").await;
    stage.keys("y").until("done").await;
    stage.keys("q");
    let exit = stage.left().await;
    assert_eq!(exit.ending, Ending::Applied);
    assert_eq!(exit.progress().unwrap().verdict(), Verdict::Done);
    let applied = bench.applied();
    assert_eq!(applied.len(), 1);
    assert_eq!(applied[0].len(), 6);
    assert!(!applied[0].contains(&telegram()));
}

#[tokio::test]
async fn a_restart_wants_yes_typed() {
    let bench = bench();
    let stage = Stage::open(bench.clone(), 100, 30);
    stage.until("7 of 7 selected").await;
    stage.keys("a").until("type `yes` to apply").await;
    stage
        .keys("no<enter>")
        .until("type `yes` to apply, esc goes back")
        .await;
    assert!(bench.applied().is_empty());
    stage.keys("<esc>").without("restarts 1 platform").await;
    stage.keys("a yes<enter>").until("done").await;
    assert_eq!(bench.applied().len(), 1);
    stage.keys("q");
    assert_eq!(stage.left().await.ending, Ending::Applied);
}

#[tokio::test]
async fn a_protected_target_wants_its_name_typed() {
    let script = Script {
        protected: true,
        ..Script::default()
    };
    let bench = Bench::new(canned::plan(), script);
    let stage = Stage::open(bench.clone(), 120, 30);
    stage.until("(protected)").await;
    stage.keys("a").until("type `dev` to apply").await;
    stage.keys("yes<enter>").until("type `dev` to apply, esc").await;
    assert!(bench.applied().is_empty());
    stage
        .keys("<backspace> <backspace> <backspace> dev<enter>")
        .until("done")
        .await;
    stage.keys("q").send(Input::Interrupt);
    assert_eq!(stage.left().await.ending, Ending::Applied);
}

#[tokio::test]
async fn what_failed_is_retried_and_nothing_else() {
    let bench = failing();
    let stage = Stage::open(bench.clone(), 120, 30);
    stage.until("7 of 7 selected").await;
    stage.keys("a yes<enter>").until("applied in part").await;
    let screen = stage.until("chatId must be a number").await;
    assert!(screen.contains("hint: ask for the scope"), "{screen}");
    assert!(screen.contains("skipped: platform"), "{screen}");
    stage.keys("r").until("type `yes` to apply").await;
    stage.keys("yes<enter>").until("done").await;
    stage.keys("q");
    let exit = stage.left().await;
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
    let stage = Stage::open(hanging(), 100, 30);
    stage.until("7 of 7 selected").await;
    stage.keys("a yes<enter>").until("at work").await;
    stage.keys("<c-c>").until("nothing new starts").await;
    stage.keys("<c-c>");
    let exit = stage.left().await;
    assert_eq!(exit.ending, Ending::Interrupted);
    let tally = exit.progress().unwrap().tally();
    assert_eq!((tally.applied(), tally.unknown), (1, 1), "{tally:?}");
}

#[tokio::test]
async fn a_run_that_does_not_listen_is_left_with_what_is_known() {
    let script = Script {
        deaf: true,
        ..Script::default()
    };
    let stage = Stage::open(Bench::new(canned::plan(), script), 100, 30);
    stage.until("7 of 7 selected").await;
    stage.keys("a yes<enter>").until("at work").await;
    stage.keys("<c-c> <c-c>");
    let exit = stage.left().await;
    let tally = exit.progress().unwrap().tally();
    assert_eq!((tally.unknown, tally.skipped), (1, 6), "{tally:?}");
}

#[tokio::test]
async fn leaving_asks_while_something_runs() {
    let stage = Stage::open(hanging(), 100, 30);
    stage.until("7 of 7 selected").await;
    stage.keys("a yes<enter>").until("at work").await;
    stage.keys("q").until("leave?").await;
    stage.keys("<esc>").without("leave?").await;
    stage
        .keys("q y")
        .until("leaving when what is in flight has ended")
        .await;
    stage.keys("<c-c>");
    assert_eq!(stage.left().await.ending, Ending::Interrupted);
}

#[tokio::test]
async fn sigterm_waits_for_what_is_in_flight() {
    let script = Script {
        pace: Duration::from_millis(30),
        ..Script::default()
    };
    let stage = Stage::open(Bench::new(canned::plan(), script), 100, 30);
    stage.until("7 of 7 selected").await;
    stage.keys("a yes<enter>").until("running").await;
    stage.send(Input::Terminate);
    let exit = stage.left().await;
    assert_eq!(exit.ending, Ending::Terminated);
    let tally = exit.progress().unwrap().tally();
    assert_eq!(tally.ended(), tally.total, "{tally:?}");
    assert!(tally.skipped > 0, "{tally:?}");
}

#[tokio::test]
async fn a_broken_start_is_a_screen_and_can_be_tried_again() {
    let script = Script {
        load_failures: 1,
        ..Script::default()
    };
    let stage = Stage::open(Bench::new(canned::plan(), script), 100, 30);
    stage.until("cannot reach https://app.lobu.ai").await;
    stage.keys("r").until("7 of 7 selected").await;
    stage.keys("q");
    assert_eq!(stage.left().await.ending, Ending::Left);
}

#[tokio::test]
async fn leaving_a_broken_start_keeps_its_exit_code() {
    let script = Script {
        load_failures: 1,
        ..Script::default()
    };
    let stage = Stage::open(Bench::new(canned::plan(), script), 40, 10);
    stage.until("cannot reach").await;
    stage.keys("q");
    assert_eq!(stage.left().await.ending, Ending::LoadFailed { code: 1 });
}

#[tokio::test]
async fn the_editor_opens_at_the_line_and_the_plan_is_made_again() {
    let bench = bench();
    let stage = Stage::open(bench.clone(), 100, 30);
    stage.until("7 of 7 selected").await;
    stage.keys("/tele<enter> space").until("6 of 7 selected").await;
    stage.keys("e");
    while bench.loads() < 2 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    // What was taken out stays out, and the filter stays too.
    stage.until("/tele").await;
    stage.until("6 of 7 selected").await;
    let seen = stage.seen.lock().unwrap().edited.clone();
    assert_eq!((seen.len(), seen[0].line), (1, 21));
    stage.keys("<c-c>");
    assert_eq!(stage.left().await.ending, Ending::Interrupted);
}

#[tokio::test]
async fn suspending_copying_and_coming_back() {
    let stage = Stage::open(bench(), 100, 30);
    stage.until("7 of 7 selected").await;
    stage.keys("<c-z> y").until("copied agent.triage").await;
    stage.send(Input::Continued);
    stage.keys("?").until("┌─ keys").await;
    {
        let seen = stage.seen.lock().unwrap();
        assert_eq!((seen.suspended, seen.resumed), (1, 1));
        assert_eq!(seen.copied, ["agent.triage"]);
    }
    stage.keys("q q");
    assert_eq!(stage.left().await.ending, Ending::Left);
}

#[tokio::test]
async fn drift_is_deleted_only_on_purpose() {
    let bench = bench();
    let stage = Stage::open(bench.clone(), 100, 30);
    stage.until("7 of 7 selected").await;
    stage
        .keys("/stale<enter> space")
        .until("`D` selects it for deletion")
        .await;
    assert!(stage.text().contains("7 of 7 selected"));
    stage.keys("D").until("9 of 9 selected").await;
    stage.keys("D").until("7 of 7 selected").await;
    stage.keys("D").until("9 of 9 selected").await;
    stage.keys("a").until("deletes agent stale").await;
    stage.keys("yes<enter>").until("done").await;
    assert!(bench.applied()[0].contains(&Address::agent("stale")));
    stage.keys("q");
    assert_eq!(stage.left().await.ending, Ending::Applied);
}

#[tokio::test]
async fn an_idle_screen_draws_nothing() {
    let stage = Stage::open(bench(), 100, 30);
    stage.until("7 of 7 selected").await;
    tokio::time::sleep(Duration::from_millis(60)).await;
    let before = stage.seen.lock().unwrap().frames;
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(stage.seen.lock().unwrap().frames, before);
    stage.keys("q");
    stage.left().await;
}

#[tokio::test]
async fn a_terminal_that_goes_away_ends_the_screen() {
    let stage = Stage::open(bench(), 100, 30);
    stage.until("7 of 7 selected").await;
    stage.seen.lock().unwrap().gone = true;
    stage.keys("j");
    assert_eq!(stage.left().await.ending, Ending::Terminated);
}

#[tokio::test]
async fn resizing_while_it_runs() {
    let stage = Stage::open(bench(), 100, 30);
    stage.until("7 of 7 selected").await;
    for (width, height) in [(40, 10), (1, 1), (300, 100), (60, 15), (80, 24)] {
        stage.resize(width, height).keys("j d");
    }
    stage.until("┌─ lobuctl").await;
    stage.keys("q");
    assert_eq!(stage.left().await.ending, Ending::Left);
}
