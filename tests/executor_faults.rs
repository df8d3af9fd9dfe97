//! A network and a server that fail in the middle of a run: each row ends with the truth, and the next run heals.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use lobuctl::apply::event::{EventKind, Outcome};
use lobuctl::apply::{ApplyOptions, Cancel, OnStale, Status, Verdict};
use lobuctl::plan::Prune;
use lobuctl::remote::Request;
use serde_json::json;

use crate::support::apply::faults::{Fault, FaultTransport, random_faults};
use crate::support::apply::outcome::{always, endings, keep_going, once, one_by_one, troubles};
use crate::support::apply::request_name::request_name;
use crate::support::apply::scenario::{
    ApplyScenario, fast_retry_client, fast_retry_client_waiting, sample_project_with,
};
use crate::support::apply::test_server::{RunResult, expect_valid};
use crate::support::project::TempProject;
use crate::support::server::JsonClient;
use crate::support::snapshot::check;

/// Each write of a first apply, and the row that it belongs to.
const WRITES: [(&str, &str); 6] = [
    ("agent desk", "agent.desk"),
    ("settings desk", "settings.desk"),
    ("platform desk-telegram", "platform.desk.telegram"),
    ("create company", "entity-type.company"),
    ("create works-at", "relationship-type.works-at"),
    ("add_rule works-at", "relationship-type.works-at"),
];

#[tokio::test]
async fn any_single_fault_of_a_write_is_reported_truly_and_heals() {
    let conflict = r#"{"error":"somebody else is at it"}"#;
    let faults = [
        Fault::DropBefore,
        Fault::DropAfter,
        Fault::After(504),
        Fault::Status(401, r#"{"error":"invalid_token"}"#),
        Fault::Status(409, conflict),
        Fault::Status(500, "oops"),
        Fault::Status(502, "bad gateway"),
        Fault::Later(429, "0"),
        Fault::Later(503, "0"),
        Fault::Status(200, conflict),
        Fault::Garbage,
        Fault::Redirect,
    ];
    let mut told = Vec::new();
    for fault in faults {
        for (write, row) in WRITES {
            let scenario = ApplyScenario::on_empty_server().await;
            let ran = scenario.apply(keep_going(), once(write, fault.clone())).await;
            let own = format!("{row} ");
            let line = endings(&ran).into_iter().find(|line| line.starts_with(&own)).unwrap();
            told.push(format!("{fault:?} of {write}: {line}"));
            scenario.assert_rerun_completes().await;
        }
    }
    check("faults_of_one_write", &told.join("\n"));
}

#[tokio::test]
async fn slow_answers_are_waited_for() {
    let scenario = ApplyScenario::on_empty_server().await;
    let ran = scenario
        .apply(ApplyOptions::default(), |_, _| Fault::Delay(Duration::from_millis(3)))
        .await;
    assert_eq!(troubles(&ran), Vec::<String>::new());
    scenario.assert_converged().await;
}

#[tokio::test]
async fn after_the_first_failure_nothing_new_starts() {
    let scenario = ApplyScenario::on_empty_server().await;
    let ran = scenario
        .apply(one_by_one(), always("settings desk", Fault::Status(500, "oops")))
        .await;
    check("first_failure_stops", &endings(&ran).join("\n"));
    assert_eq!(ran.progress.verdict(), Verdict::Partial);
    let started = ran.events.iter().filter_map(|event| match &event.kind {
        EventKind::StepStarted { address } => Some(address.to_string()),
        _ => None,
    });
    assert_eq!(started.collect::<Vec<_>>(), ["agent.desk", "settings.desk"]);
    scenario.assert_rerun_completes().await;
}

#[tokio::test]
async fn keep_going_does_all_that_does_not_depend_on_what_failed() {
    let scenario = ApplyScenario::on_empty_server().await;
    let ran = scenario
        .apply(keep_going(), always("agent desk", Fault::Status(422, "no")))
        .await;
    check("keep_going", &endings(&ran).join("\n"));
    scenario.assert_rerun_completes().await;

    let scenario = ApplyScenario::on_empty_server().await;
    // Neither the response nor the reading that would settle it arrives.
    let rule = |_: usize, request: &Request| match request_name(request).as_str() {
        "agent desk" | "read agents" => Fault::DropAfter,
        _ => Fault::None,
    };
    let ran = scenario.apply(keep_going(), rule).await;
    check("keep_going_unknown", &endings(&ran).join("\n"));
    assert_eq!(ran.progress.verdict(), Verdict::Partial);
    scenario.assert_rerun_completes().await;
}

#[tokio::test]
async fn a_failure_before_any_write_says_that_nothing_was_written() {
    let scenario = ApplyScenario::on_empty_server().await;
    let refuse = |_: usize, request: &Request| {
        if request.writes {
            Fault::Status(403, r#"{"error":"read only today"}"#)
        } else {
            Fault::None
        }
    };
    let ran = scenario.apply(keep_going(), refuse).await;
    assert_eq!(ran.progress.verdict(), Verdict::NothingWritten);
    assert_eq!(ran.progress.tally().applied(), 0);
    scenario.assert_rerun_completes().await;
}

#[tokio::test]
async fn a_read_that_fails_before_the_write_is_no_doubt() {
    let scenario = ApplyScenario::applied_then_edited().await;
    let ran = scenario
        .apply(keep_going(), always("read settings desk", Fault::DropAfter))
        .await;
    let told = troubles(&ran);
    assert!(told[0].starts_with("settings.desk failed: GET"), "{told:?}");
    scenario.assert_rerun_completes().await;
}

#[tokio::test]
async fn a_lost_answer_of_a_deletion_is_no_failure() {
    let scenario = ApplyScenario::on_empty_server().await;
    scenario.server.apply_well(&scenario.draft).await;
    let gone = expect_valid(TempProject::new(&[("lobu.toml", NOTHING), ("none/README.md", "")]).load());
    let draft = scenario.server.plan(&gone, Prune::Everything).await;
    let seen = Mutex::new(BTreeMap::<String, usize>::new());
    let rule = move |_: usize, request: &Request| {
        let mut seen = seen.lock().unwrap();
        let times = seen.entry(request_name(request)).or_default();
        *times += 1;
        if request.writes && *times == 1 {
            Fault::DropAfter
        } else {
            Fault::None
        }
    };
    let client = fast_retry_client(FaultTransport::new(scenario.server.transport(), rule));
    let ran = scenario
        .server
        .apply_through(&client, &draft, keep_going(), Cancel::new())
        .await;
    assert_eq!(troubles(&ran), Vec::<String>::new());
    let state = scenario.server.read(&gone).await;
    assert_eq!((state.agents.len(), state.relationship_types.len()), (0, 0));
}

const NOTHING: &str = "[agents]\n\n[memory]\norg = \"dev\"\nmodels = \"./none\"\n";

/// What somebody else may do between plan and apply: the row that it touches, and the request.
fn somebody_else() -> [(&'static str, &'static str, &'static str, serde_json::Value); 3] {
    let mode = json!({ "platform": "telegram", "config": { "mode": "polling" } });
    let desk = "/api/dev/agents/desk";
    let config = "/api/dev/agents/desk/config";
    let platform = "/api/dev/agents/desk/platforms/by-stable-id/desk-telegram";
    [
        ("agent.desk", "PATCH", desk, json!({ "name": "Theirs" })),
        ("settings.desk", "PATCH", config, json!({ "userMd": "theirs" })),
        ("platform.desk.telegram", "PUT", platform, mode),
    ]
}

#[tokio::test]
async fn rows_that_changed_since_the_plan_are_left_alone() {
    let mut told = Vec::new();
    for (row, method, path, body) in somebody_else() {
        let scenario = ApplyScenario::applied_then_edited().await;
        let plain = JsonClient::new(&scenario.server.inner, &scenario.server.token);
        assert!(plain.send(method, path, Some(body)).await.status.is_success(), "{row}");
        let ran = scenario.apply(keep_going(), |_, _| Fault::None).await;
        told.push(format!(
            "{row}: {:?}\n{}\n",
            ran.progress.verdict(),
            endings(&ran).join("\n")
        ));
        scenario.assert_rerun_completes().await;
    }
    check("stale", &told.join("\n"));
}

#[tokio::test]
async fn rows_that_changed_since_the_plan_are_overwritten_on_request() {
    let scenario = ApplyScenario::applied_then_edited().await;
    let plain = JsonClient::new(&scenario.server.inner, &scenario.server.token);
    for (row, method, path, body) in somebody_else() {
        assert!(plain.send(method, path, Some(body)).await.status.is_success(), "{row}");
    }
    let options = ApplyOptions {
        on_stale: OnStale::Overwrite,
        ..ApplyOptions::default()
    };
    let ran = scenario.apply(options, |_, _| Fault::None).await;
    assert_eq!(troubles(&ran), Vec::<String>::new());
    let noted = ran.progress.rows.values().filter(|row| !row.notes.is_empty()).count();
    assert_eq!(noted, ran.progress.rows.len());
    scenario.assert_converged().await;
    let state = scenario.server.read(&scenario.project).await;
    assert_eq!(state.settings["desk"].get("userMd").unwrap(), "theirs");
}

#[tokio::test]
async fn reports_what_another_client_created_or_deleted_since_the_plan() {
    let scenario = ApplyScenario::on_empty_server().await;
    let plain = JsonClient::new(&scenario.server.inner, &scenario.server.token);
    plain
        .post("/api/dev/agents", json!({ "agentId": "desk", "name": "Theirs" }))
        .await;
    let entity = json!({ "schema_type": "entity_type", "action": "create", "slug": "company", "name": "Theirs" });
    plain.schema(entity).await;
    let ran = scenario.apply(keep_going(), |_, _| Fault::None).await;
    check("created_meanwhile", &troubles(&ran).join("\n"));
    scenario.assert_rerun_completes().await;

    let scenario = ApplyScenario::applied_then_edited().await;
    let plain = JsonClient::new(&scenario.server.inner, &scenario.server.token);
    plain.delete("/api/dev/agents/desk").await;
    let ran = scenario.apply(keep_going(), |_, _| Fault::None).await;
    check("deleted_meanwhile", &troubles(&ran).join("\n"));
    scenario.assert_rerun_completes().await;
}

/// Interrupts so often when the request of this name comes by.
fn interrupting(
    name: &'static str,
    times: usize,
    cancel: &Cancel,
    fault: Fault,
) -> impl Fn(usize, &Request) -> Fault + Send + Sync + 'static {
    let cancel = cancel.clone();
    move |_, request| {
        if request_name(request) != name {
            return Fault::None;
        }
        (0..times).for_each(|_| cancel.interrupt());
        fault.clone()
    }
}

async fn interrupted(scenario: &ApplyScenario, times: usize, fault: Fault) -> (RunResult, Duration) {
    let cancel = Cancel::new();
    let rule = interrupting("settings desk", times, &cancel, fault);
    let client = fast_retry_client_waiting(
        FaultTransport::new(scenario.server.transport(), rule),
        Duration::from_hours(1),
    );
    let started = Instant::now();
    let ran = scenario
        .server
        .apply_through(&client, &scenario.draft, one_by_one(), cancel)
        .await;
    (ran, started.elapsed())
}

#[tokio::test]
async fn one_interrupt_lets_what_is_in_flight_finish() {
    let scenario = ApplyScenario::on_empty_server().await;
    let (ran, _) = interrupted(&scenario, 1, Fault::None).await;
    check("interrupted_once", &endings(&ran).join("\n"));
    let told = ran
        .events
        .iter()
        .filter(|event| event.kind == EventKind::Cancelling)
        .count();
    assert_eq!((told, ran.progress.finished), (1, true));
    scenario.assert_rerun_completes().await;
}

#[tokio::test]
async fn one_interrupt_ends_the_waiting_for_another_try() {
    let scenario = ApplyScenario::on_empty_server().await;
    let (ran, took) = interrupted(&scenario, 1, Fault::Later(503, "3600")).await;
    assert!(took < Duration::from_secs(20), "{took:?}");
    let told = troubles(&ran);
    assert!(told[0].starts_with("settings.desk failed: PATCH"), "{told:?}");
    assert_eq!(ran.progress.retries, 0);
    scenario.assert_rerun_completes().await;
}

#[tokio::test]
async fn two_interrupts_end_the_run_at_once() {
    let scenario = ApplyScenario::on_empty_server().await;
    let (ran, took) = interrupted(&scenario, 2, Fault::Delay(Duration::from_hours(1))).await;
    assert!(took < Duration::from_secs(20), "{took:?}");
    check("interrupted_twice", &endings(&ran).join("\n"));
    scenario.assert_rerun_completes().await;
}

#[tokio::test]
async fn a_new_agent_keeps_what_the_server_gave_it() {
    let scenario = ApplyScenario::on_empty_server().await;
    scenario.server.apply_well(&scenario.draft).await;
    let plain = JsonClient::new(&scenario.server.inner, &scenario.server.token);
    let config = plain.get("/api/dev/agents/desk/config").await.body;
    assert!(config["mcpServers"]["owletto"]["url"].is_string(), "{config}");
    assert_eq!(config["mcpServers"]["linear"]["url"], "https://mcp.example/mcp");
}

#[tokio::test]
async fn providers_that_stay_keep_the_day_they_were_installed() {
    let scenario = ApplyScenario::applied_then_edited().await;
    let plain = JsonClient::new(&scenario.server.inner, &scenario.server.token);
    let path = "/api/dev/agents/desk/config";
    let old = json!([{ "providerId": "anthropic", "installedAt": 1_234, "config": { "theirs": true } }]);
    plain.patch(path, json!({ "installedProviders": old })).await;
    let second =
        "key = \"$KEY\"\n\n[[agents.desk.providers]]\nid = \"openai\"\nmodel = \"gpt\"\n\n[[agents.desk.platforms]]";
    let project = sample_project_with(&[("key = \"$KEY\"\n\n[[agents.desk.platforms]]", second)]);
    let draft = scenario.server.plan(&project, Prune::Nothing).await;
    scenario.server.apply_well(&draft).await;
    let providers = plain.get(path).await.body["installedProviders"].clone();
    assert_eq!(providers[0], old[0], "{providers}");
    assert_eq!(providers[1]["providerId"], "openai", "{providers}");
    assert!(
        providers[1]["installedAt"].as_u64().is_some_and(|at| at > 1_234),
        "{providers}"
    );
}

/// What the run says is there has to be there.
async fn is_true(scenario: &ApplyScenario, ran: &RunResult, seed: u64) {
    let plan = scenario.server.plan(&scenario.project, Prune::Nothing).await.plan;
    for (address, row) in &ran.progress.rows {
        let Status::Finished { outcome, .. } = &row.status else {
            panic!("{seed}: {address} has not ended");
        };
        let open = plan.row(address).is_some_and(|row| row.verb.changes());
        assert!(
            !(outcome.succeeded() && open),
            "{seed}: {address} {outcome:?}, and is not"
        );
        let untouched = matches!(outcome, Outcome::Skipped { .. } | Outcome::Stale { .. });
        assert!(!untouched || open, "{seed}: {address} {outcome:?}, and is there");
    }
}

#[tokio::test]
async fn after_any_faults_the_next_run_converges_and_nothing_is_there_twice() {
    for seed in 0..60 {
        let scenario = if seed % 3 == 0 {
            ApplyScenario::applied_then_edited().await
        } else {
            ApplyScenario::on_empty_server().await
        };
        let percent = [5, 20, 50][seed as usize % 3];
        let options = if seed % 2 == 0 {
            keep_going()
        } else {
            ApplyOptions::default()
        };
        let ran = scenario.apply(options, random_faults(seed, percent)).await;
        is_true(&scenario, &ran, seed).await;
        scenario.assert_rerun_completes().await;
    }
}
