//! Organisations made up by chance, applied through a network that fails by chance: no outcome lies, and the next run
//! finishes what is left.

use std::collections::BTreeSet;

use lobuctl::apply::event::Outcome;
use lobuctl::apply::{ApplyOptions, Cancel, Status};
use lobuctl::plan::{Draft, Prune};
use lobuctl::remote::Request;
use proptest::prelude::*;

use crate::support::apply::faults::{Fault, FaultTransport, random_faults};
use crate::support::apply::organization::PLANTED;
use crate::support::apply::random_memory::organization_with_memory;
use crate::support::apply::scenario::fast_retry_client;
use crate::support::apply::test_server::{RunResult, TestServer, changed_rows};

/// Checks that applied rows no longer change, and that skipped rows still do.
fn assert_true(ran: &RunResult, after: &Draft) {
    for (address, row) in &ran.progress.rows {
        let Status::Finished { outcome, .. } = &row.status else {
            panic!("{address} has not ended");
        };
        let open = after.plan.row(address).is_some_and(|row| row.verb.changes());
        assert!(!(outcome.succeeded() && open), "{address} {outcome:?}, and is not");
        let said = serde_json::to_string(outcome).unwrap();
        assert!(!said.contains(PLANTED), "{said}");
        let unsent = matches!(outcome, Outcome::Skipped { .. });
        let gone = after.plan.row(address).is_none();
        let planned = row.verb.changes() && !gone;
        // Deleting an agent deletes its platforms too, so a skipped platform may be gone.
        assert!(!(unsent && planned) || open, "{address} {outcome:?}, and is there");
    }
}

async fn assert_no_rule_twice(server: &TestServer) {
    for slug in ["knows", "owns", "places"] {
        let Ok(rules) = server.client.rules(slug).await else {
            continue;
        };
        let pairs: BTreeSet<(&str, &str)> = rules
            .iter()
            .map(|rule| {
                (
                    rule.source_entity_type_slug.as_str(),
                    rule.target_entity_type_slug.as_str(),
                )
            })
            .collect();
        assert_eq!(pairs.len(), rules.len(), "{slug}: {rules:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, max_shrink_iters: 80, ..ProptestConfig::default() })]

    #[test]
    fn any_faults_in_any_organization_are_reported_truly_and_heal(
        before in organization_with_memory(), desired in organization_with_memory(), seed: u64, percent in 2_u64..40, prune: bool, keep_going: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let prune = if prune { Prune::Everything } else { Prune::Nothing };
        runtime.block_on(async {
            let server = TestServer::stored().await;
            let first = server.plan_state(&before, Prune::Nothing).await;
            server.apply_well(&first).await;
            let draft = server.plan_state(&desired, prune.clone()).await;
            let client = fast_retry_client(FaultTransport::new(server.transport(), random_faults(seed, percent)));
            let options = ApplyOptions { keep_going, ..ApplyOptions::default() };
            let ran = server.apply_through(&client, &draft, options, Cancel::new()).await;
            let left = server.plan_state(&desired, prune.clone()).await;
            assert_true(&ran, &left);
            server.apply_well(&left).await;
            let again = server.plan_state(&desired, prune).await;
            assert_eq!(changed_rows(&again.plan), Vec::<String>::new());
            assert_no_rule_twice(&server).await;
        });
    }

    #[test]
    fn a_run_that_is_interrupted_anywhere_is_reported_truly_and_heals(
        before in organization_with_memory(), desired in organization_with_memory(), at in 0_usize..60, times in 1_usize..3, parallelism in 1_usize..17,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = TestServer::stored().await;
            let first = server.plan_state(&before, Prune::Nothing).await;
            server.apply_well(&first).await;
            let draft = server.plan_state(&desired, Prune::Everything).await;
            let cancel = Cancel::new();
            let handle = cancel.clone();
            let interrupts = move |count: usize, _: &Request| {
                if count == at {
                    (0..times).for_each(|_| handle.interrupt());
                }
                Fault::None
            };
            let client = fast_retry_client(FaultTransport::new(server.transport(), interrupts));
            let options = ApplyOptions { parallelism, ..ApplyOptions::default() };
            let ran = server.apply_through(&client, &draft, options, cancel).await;
            assert!(ran.progress.finished);
            // The server may still be at what was in flight, so that the next plan is stale when it is applied.
            for _ in 0..3 {
                let left = server.plan_state(&desired, Prune::Everything).await;
                server.apply(&left).await;
            }
            let again = server.plan_state(&desired, Prune::Everything).await;
            assert_eq!(changed_rows(&again.plan), Vec::<String>::new());
            assert_no_rule_twice(&server).await;
        });
    }
}
