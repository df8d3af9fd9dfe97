//! Which step may start next: a pure book of what waits for what.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{Schedule, ScheduledStep};
use crate::resource::Address;

/// How a step ended, as far as others care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// What depends on it may start.
    Succeeded,
    /// What depends on it is skipped.
    Failed,
}

/// Steps that have not started yet.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: BTreeMap<Address, (ScheduledStep, usize)>,
    ready: BTreeSet<Address>,
    dependents: BTreeMap<Address, Vec<Address>>,
    doomed: BTreeMap<Address, Address>,
}

impl Queue {
    /// Everything that a schedule holds.
    pub(super) fn new(schedule: Schedule) -> Self {
        let mut queue = Self::default();
        let known: BTreeSet<Address> = schedule.steps.keys().cloned().collect();
        for (address, step) in schedule.steps {
            let edges: BTreeSet<&Address> = step.needs.union(&step.after).filter(|it| known.contains(it)).collect();
            let count = edges.len();
            for edge in edges {
                queue.dependents.entry(edge.clone()).or_default().push(address.clone());
            }
            if count == 0 {
                queue.ready.insert(address.clone());
            }
            queue.waiting.insert(address, (step, count));
        }
        queue
    }

    /// The next step in display order that waits for nothing, or the news that one cannot start.
    pub(super) fn take(&mut self) -> Option<Next> {
        let address = self.ready.pop_first()?;
        let (step, _) = self.waiting.remove(&address)?;
        Some(match self.doomed.remove(&address) {
            Some(because) => Next::Skip { address, because },
            None => Next::Start(Box::new(step)),
        })
    }

    /// Notes that a step has ended; what waited for it may become ready.
    pub(super) fn end(&mut self, address: &Address, ending: Ending) {
        for dependent in self.dependents.remove(address).unwrap_or_default() {
            let Some((step, count)) = self.waiting.get_mut(&dependent) else {
                continue;
            };
            *count -= 1;
            if ending == Ending::Failed && step.needs.contains(address) {
                self.doomed.entry(dependent.clone()).or_insert_with(|| address.clone());
            }
            if *count == 0 {
                self.ready.insert(dependent);
            }
        }
    }

    /// Corrects the plan's belief that this run creates an agent: another run was quicker.
    pub(super) fn expect_existing(&mut self, agent: &Address) {
        for (address, (step, _)) in &mut self.waiting {
            if address.parent().as_ref() == Some(agent) {
                step.new_agent = false;
            }
        }
    }

    /// Gives up on everything that has not started, in display order.
    pub(super) fn drain(&mut self) -> Vec<Address> {
        self.ready.clear();
        std::mem::take(&mut self.waiting).into_keys().collect()
    }
}

/// What to do with a step whose turn has come.
#[derive(Debug)]
pub(super) enum Next {
    /// Do it.
    Start(Box<ScheduledStep>),
    /// Something that it needs has failed.
    Skip {
        /// Which step.
        address: Address,
        /// What failed.
        because: Address,
    },
}
