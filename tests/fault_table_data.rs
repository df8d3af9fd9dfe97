//! Every fault at every request of an apply of entities, relationships and watchers: the report says what the server's own
//! database says, row by row, and the next clean run converges. No watcher and no version of one is ever sent twice.

use lobuctl::apply::event::Outcome;
use lobuctl::apply::{Status, Verdict};
use lobuctl::remote::Request;

use crate::support::apply::fault_table::{FaultCase, FaultPlans};
use crate::support::apply::faults::Fault;
use crate::support::apply::memory_rows::{DELETED, after, before};
use crate::support::apply::request_name::body_text;

async fn plans() -> FaultPlans {
    let rules = &[("works-at", 1), ("knows", 0), ("lives-in", 1)];
    FaultPlans::deleting(&before(), after(), rules, &DELETED).await
}

#[tokio::test]
async fn the_plan_of_the_data_table_has_every_kind_of_write() {
    let plans = plans().await;
    let case = FaultCase::new(&plans).await;
    let (ran, requests) = case.apply(&Fault::None, 0, 0).await;
    let counts = plans.draft.plan.counts;
    assert_eq!((counts.create, counts.update, counts.delete), (8, 7, 4));
    assert_eq!((ran.progress.rows.len(), requests), (19, 44));
    assert_eq!(ran.progress.verdict(), Verdict::Done);
}

#[tokio::test]
async fn data_tells_the_truth_about_500_before_writing() {
    plans().await.column(Fault::Status(500, "oops"), 1).await;
}

#[tokio::test]
async fn data_tells_the_truth_about_500_after_writing() {
    plans().await.column(Fault::After(500), 1).await;
}

#[tokio::test]
async fn data_tells_the_truth_about_503_five_times_before_writing() {
    plans().await.column(Fault::Status(503, "busy"), 5).await;
}

#[tokio::test]
async fn data_tells_the_truth_about_503_five_times_after_writing() {
    plans().await.column(Fault::After(503), 5).await;
}

#[tokio::test]
async fn data_tells_the_truth_about_one_503_after_writing() {
    plans().await.column(Fault::After(503), 1).await;
}

#[tokio::test]
async fn data_tells_the_truth_about_resets_before_writing() {
    plans().await.column(Fault::ResetBefore, 5).await;
}

#[tokio::test]
async fn data_tells_the_truth_about_one_reset_after_writing() {
    plans().await.column(Fault::DropAfter, 1).await;
}

#[tokio::test]
async fn data_tells_the_truth_about_resets_after_writing() {
    plans().await.column(Fault::DropAfter, 5).await;
}

#[tokio::test]
async fn data_tells_the_truth_about_html_after_writing() {
    plans().await.column(Fault::Garbage, 1).await;
}

#[tokio::test]
async fn data_tells_the_truth_about_half_a_body_after_writing() {
    plans().await.column(Fault::Truncated, 1).await;
}

#[tokio::test]
async fn data_tells_the_truth_about_an_empty_object_after_writing() {
    plans().await.column(Fault::EmptyObject, 1).await;
}

/// Bodies that a cache, a proxy or a catch-all route may answer with 200 in place of the server.
const LIES: [&str; 4] = [
    r#"{"status":"ok"}"#,
    r#"{"error":"Validation failed"}"#,
    r#"{"action":"list","entities":[],"metadata":{"has_more":false}}"#,
    r#"{"action":"create","watcher_id":null,"entity":{"id":1,"entity_type":"person","slug":"other","fields":{}},
        "relationship":{"id":1,"from_entity_id":1,"to_entity_id":2,"relationship_type_slug":"other"},"success":false}"#,
];

#[tokio::test]
async fn data_tells_the_truth_about_a_success_that_was_never_carried_out() {
    let plans = plans().await;
    for lie in LIES {
        plans.writes_column(Fault::Status(200, lie)).await;
    }
}

#[tokio::test]
async fn data_tells_the_truth_about_a_lying_404() {
    let missing = r#"{"error":"Entity with ID 1 not found"}"#;
    plans().await.column(Fault::Status(404, missing), 1).await;
}

#[tokio::test]
async fn data_tells_the_truth_about_hangs() {
    plans().await.column(Fault::Hang, 5).await;
}

#[tokio::test]
async fn a_content_that_the_server_does_not_tell_is_unknown_when_its_response_is_lost() {
    let plans = plans().await;
    let case = FaultCase::new(&plans).await;
    let rule = |_: usize, request: &Request| {
        let is_update = body_text(request, "action") == "update" && body_text(request, "content") == "About Ada.";
        match is_update {
            _ if request.path.ends_with("/query_sql") => Fault::Status(403, r#"{"error":"Owners and admins only"}"#),
            true => Fault::DropAfter,
            false => Fault::None,
        }
    };
    let (ran, _) = case.apply_by(rule).await;
    let mut rows = ran.progress.rows.iter();
    let (_, row) = rows.find(|(address, _)| address.to_string().ends_with("/ada")).unwrap();
    let Status::Finished {
        outcome: Outcome::Unknown { message },
        ..
    } = &row.status
    else {
        panic!("{:?}", row.status);
    };
    assert!(
        message.ends_with("a new reading does not tell the content"),
        "{message}"
    );
}
