//! Organisations made up by chance, applied through a network that fails by chance: no outcome lies, and the next run
//! finishes what is left.

use std::collections::BTreeSet;

use lobuctl::apply::event::Outcome;
use lobuctl::apply::{ApplyOptions, Cancel, Status};
use lobuctl::plan::{Draft, PlanOptions, Prune, Target, plan};
use lobuctl::remote::{Request, Scope, fetch};
use lobuctl::resource::{Origins, State};
use proptest::prelude::*;

use crate::support::faults::{Fault, FaultTransport, by_chance};
use crate::support::office::quick;
use crate::support::organisation::{PLANTED, organisation};
use crate::support::peer::{Peer, Ran, changing};

async fn compare(peer: &Peer, desired: &State, prune: Prune) -> Draft {
    let scope = Scope {
        agents: true,
        memory: true,
        settings_of: desired.agents.keys().cloned().collect(),
    };
    let remote = fetch(&peer.client, &scope, &|_| {}).await.unwrap();
    let options = PlanOptions { prune, recheck: true };
    plan(desired, &remote, &Origins::default(), Target::default(), &options).unwrap()
}

/// What is said to hold has to hold; what is said not to have been tried has to be open still.
fn assert_true(ran: &Ran, after: &Draft) {
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
        // A deletion of the agent takes what hangs below it along.
        assert!(!(unsent && planned) || open, "{address} {outcome:?}, and is there");
    }
}

async fn assert_no_rule_twice(peer: &Peer) {
    for slug in ["knows", "owns", "places"] {
        let Ok(rules) = peer.client.rules(slug).await else {
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
    fn any_faults_in_any_organisation_are_told_truly_and_heal(
        before in organisation(), desired in organisation(), seed: u64, percent in 2_u64..40, prune: bool, keep_going: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let prune = if prune { Prune::Everything } else { Prune::Nothing };
        runtime.block_on(async {
            let peer = Peer::stored().await;
            let first = compare(&peer, &before, Prune::Nothing).await;
            peer.apply_well(&first).await;
            let draft = compare(&peer, &desired, prune.clone()).await;
            let client = quick(FaultTransport::new(peer.transport(), by_chance(seed, percent)));
            let options = ApplyOptions { keep_going, ..ApplyOptions::default() };
            let ran = peer.apply_through(&client, &draft, options, Cancel::new()).await;
            let left = compare(&peer, &desired, prune.clone()).await;
            assert_true(&ran, &left);
            peer.apply_well(&left).await;
            let again = compare(&peer, &desired, prune).await;
            assert_eq!(changing(&again.plan), Vec::<String>::new());
            assert_no_rule_twice(&peer).await;
        });
    }

    #[test]
    fn a_run_that_is_interrupted_anywhere_is_told_truly_and_heals(
        before in organisation(), desired in organisation(), at in 0_usize..60, times in 1_usize..3, parallelism in 1_usize..17,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let peer = Peer::stored().await;
            let first = compare(&peer, &before, Prune::Nothing).await;
            peer.apply_well(&first).await;
            let draft = compare(&peer, &desired, Prune::Everything).await;
            let cancel = Cancel::new();
            let handle = cancel.clone();
            let interrupts = move |count: usize, _: &Request| {
                if count == at {
                    (0..times).for_each(|_| handle.interrupt());
                }
                Fault::None
            };
            let client = quick(FaultTransport::new(peer.transport(), interrupts));
            let options = ApplyOptions { parallelism, ..ApplyOptions::default() };
            let ran = peer.apply_through(&client, &draft, options, cancel).await;
            assert!(ran.progress.finished);
            // The server may still be at what was in flight, so that the next plan is stale when it is applied.
            for _ in 0..3 {
                let left = compare(&peer, &desired, Prune::Everything).await;
                peer.apply(&left).await;
            }
            let again = compare(&peer, &desired, Prune::Everything).await;
            assert_eq!(changing(&again.plan), Vec::<String>::new());
            assert_no_rule_twice(&peer).await;
        });
    }
}
