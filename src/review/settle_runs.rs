//! Finds out what became of runs that were killed: what their journals leave open is read on the server, and added to them.

use super::options::ReviewOptions;
use crate::journal::{AbandonedRun, JournalFolder, JournalLine, RecordedWrite, RunId, SettledRow, WriteVerdict};
use crate::plan::Target;
use crate::remote::Client;
use crate::resource::Address;

/// A run that was killed, and what became of the writes that nobody saw end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledRun {
    /// The id of the run.
    pub id: RunId,
    /// Whether the run did not come to its end. Otherwise it reported the rows as unknown.
    pub was_killed: bool,
    /// Each row that was unknown, and what a reading says; `None` where it could not be read.
    pub rows: Vec<(Address, Option<WriteVerdict>)>,
}

/// Settles every run on this target that was killed. Without local state there is none.
pub(super) async fn settle_runs(client: &Client, target: &Target, options: &ReviewOptions) -> Vec<SettledRun> {
    let Some(state_dir) = &options.state_dir else {
        return Vec::new();
    };
    let abandoned = JournalFolder::below(state_dir).abandoned(target);
    let mut settled = Vec::new();
    for run in abandoned {
        settled.push(settle(client, run, options).await);
    }
    settled
}

async fn settle(client: &Client, abandoned: AbandonedRun, options: &ReviewOptions) -> SettledRun {
    let AbandonedRun { run, mut file } = abandoned;
    let now_ms = || options.apply.clock.now_ms();
    let mut rows = Vec::new();
    for write in run.unknown() {
        let verdict = read(client, write).await;
        rows.push((write.address.clone(), verdict));
        let Some(verdict) = verdict else { continue };
        // A journal that cannot be added to is read again by the next run.
        let _ = file.append(&JournalLine::Settled(SettledRow {
            at_ms: now_ms(),
            address: write.address.clone(),
            outcome: verdict.outcome(write),
            later: true,
        }));
    }
    if rows.iter().all(|(_, verdict)| verdict.is_some()) {
        let _ = file.append(&JournalLine::Ended {
            at_ms: now_ms(),
            later: true,
            unknown: Some(0),
        });
    }
    SettledRun {
        id: run.head.id.clone(),
        was_killed: !run.ended,
        rows,
    }
}

/// Reads the resource of a write. `None` where that fails.
async fn read(client: &Client, write: &RecordedWrite) -> Option<WriteVerdict> {
    // An agent that is not in the list is hidden, and none of ours (contract section 4).
    if let Address::Agent { id } = &write.address {
        let listed = client.agents().await.ok()?;
        if listed.iter().all(|listed| *listed.agent.id != **id) {
            return Some(WriteVerdict::of(write, None));
        }
    }
    let client = client.of_one_resource();
    let now = match client.read(&write.address).await.ok()? {
        Some(found) => Some(client.with_content(found).await.ok()?),
        None => None,
    };
    Some(WriteVerdict::of(write, now.as_ref()))
}
