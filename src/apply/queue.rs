//! Which step may start next: dependency bookkeeping without any IO.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{Schedule, ScheduledStep};
use crate::resource::Address;

/// Whether a step did what others depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepEnd {
    /// Steps that need it may start.
    Succeeded,
    /// Steps that need it are skipped.
    Failed,
}

/// The steps that have not started yet.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Each step with the number of steps that it still waits for.
    waiting: BTreeMap<Address, (ScheduledStep, usize)>,
    /// The steps that wait for nothing.
    ready: BTreeSet<Address>,
    dependents: BTreeMap<Address, Vec<Address>>,
    /// Steps that cannot start, with the failed step that they need.
    blocked_by: BTreeMap<Address, Address>,
}

impl Queue {
    /// Creates the queue of all steps of a schedule.
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

    /// Takes the next step, in display order, that waits for nothing. Returns `None` when every step waits or has
    /// started.
    pub(super) fn take(&mut self) -> Option<Next> {
        let address = self.ready.pop_first()?;
        let (step, _) = self.waiting.remove(&address)?;
        Some(match self.blocked_by.remove(&address) {
            Some(because) => Next::Skip { address, because },
            None => Next::Start(Box::new(step)),
        })
    }

    /// Records that a step has ended, so that steps that waited for it may become ready.
    pub(super) fn end(&mut self, address: &Address, end: StepEnd) {
        for dependent in self.dependents.remove(address).unwrap_or_default() {
            let Some((step, count)) = self.waiting.get_mut(&dependent) else {
                continue;
            };
            *count -= 1;
            if end == StepEnd::Failed && step.needs.contains(address) {
                self.blocked_by
                    .entry(dependent.clone())
                    .or_insert_with(|| address.clone());
            }
            if *count == 0 {
                self.ready.insert(dependent);
            }
        }
    }

    /// Records that an agent that the plan wanted to create exists already, because another run created it: what
    /// belongs to it has to be read before it is written.
    pub(super) fn expect_existing(&mut self, agent: &Address) {
        for (address, (step, _)) in &mut self.waiting {
            if address.parent().as_ref() == Some(agent) {
                step.new_agent = false;
            }
        }
    }

    /// Removes every step that has not started. Returns their addresses in display order.
    pub(super) fn drain(&mut self) -> Vec<Address> {
        self.ready.clear();
        std::mem::take(&mut self.waiting).into_keys().collect()
    }
}

/// What to do with a step that waits for nothing.
#[derive(Debug)]
pub(super) enum Next {
    /// Start it.
    Start(Box<ScheduledStep>),
    /// Skip it, because a step that it needs has failed.
    Skip {
        /// The step to skip.
        address: Address,
        /// The step that failed.
        because: Address,
    },
}
