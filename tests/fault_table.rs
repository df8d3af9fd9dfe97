//! Every fault at every request of an apply of 20 rows: the report says what the server's own database says, row by row,
//! and the next clean run converges.

use lobuctl::apply::Verdict;

use crate::support::apply::fault_table::{FaultCase, FaultPlans};
use crate::support::apply::faults::Fault;
use crate::support::apply::twenty_rows::{after, before};

async fn plans() -> FaultPlans {
    let rules = &[("works-at", 1), ("lives-in", 2), ("knows", 0)];
    FaultPlans::new(&before(), after(), rules).await
}

#[tokio::test]
async fn the_plan_of_the_table_has_twenty_rows_of_every_sort() {
    let plans = plans().await;
    let case = FaultCase::new(&plans).await;
    let (ran, requests) = case.apply(&Fault::None, 0, 0).await;
    let counts = plans.draft.plan.counts;
    assert_eq!((counts.create, counts.update, counts.delete), (9, 7, 4));
    assert_eq!((ran.progress.rows.len(), requests), (20, 47));
    assert_eq!(ran.progress.verdict(), Verdict::Done);
}

#[tokio::test]
async fn tells_the_truth_about_500_before_writing() {
    plans().await.column(Fault::Status(500, "oops"), 1).await;
}

#[tokio::test]
async fn tells_the_truth_about_500_after_writing() {
    plans().await.column(Fault::After(500), 1).await;
}

#[tokio::test]
async fn tells_the_truth_about_503_five_times_before_writing() {
    plans().await.column(Fault::Status(503, "busy"), 5).await;
}

#[tokio::test]
async fn tells_the_truth_about_503_five_times_after_writing() {
    plans().await.column(Fault::After(503), 5).await;
}

#[tokio::test]
async fn tells_the_truth_about_resets_before_writing() {
    plans().await.column(Fault::ResetBefore, 5).await;
}

#[tokio::test]
async fn tells_the_truth_about_resets_after_writing() {
    plans().await.column(Fault::DropAfter, 5).await;
}

#[tokio::test]
async fn tells_the_truth_about_html_after_writing() {
    plans().await.column(Fault::Garbage, 1).await;
}

#[tokio::test]
async fn tells_the_truth_about_half_a_body_after_writing() {
    plans().await.column(Fault::Truncated, 1).await;
}

#[tokio::test]
async fn tells_the_truth_about_an_empty_object_after_writing() {
    plans().await.column(Fault::EmptyObject, 1).await;
}

/// Bodies that a cache, a proxy or a catch-all route may answer with 200 in place of the server.
const LIES: [&str; 6] = [
    "{}",
    "[]",
    "<html></html>",
    r#"{"status":"ok"}"#,
    r#"{"agentId":"other","name":"Other","success":false}"#,
    r#"{"schema_type":"entity_type","action":"list","entity_types":[],
        "platform":{"id":"other","platform":"telegram","status":"active"},"noop":true}"#,
];

#[tokio::test]
async fn tells_the_truth_about_a_success_that_was_never_carried_out() {
    let plans = plans().await;
    for lie in LIES {
        plans.writes_column(Fault::Status(200, lie)).await;
    }
}

#[tokio::test]
async fn tells_the_truth_about_a_lying_404() {
    plans()
        .await
        .column(Fault::Status(404, r#"{"error":"Agent not found"}"#), 1)
        .await;
}

#[tokio::test]
async fn tells_the_truth_about_hangs() {
    plans().await.column(Fault::Hang, 5).await;
}
