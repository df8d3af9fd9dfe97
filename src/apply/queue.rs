//! Which step may start next: dependency bookkeeping without any IO.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{Barrier, Schedule, ScheduledStep};
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
///
/// A step is known by its number in the schedule, which is its place in display order: addresses would be copied for each
/// step that waits for another.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// The address of each step.
    addresses: Vec<Address>,
    /// Each step that has not started.
    waiting: BTreeMap<usize, WaitingStep>,
    /// The steps that wait for nothing.
    ready: BTreeSet<usize>,
    /// The steps that wait for a step, by its number.
    dependents: BTreeMap<usize, Vec<usize>>,
    /// The steps of each barrier that have not ended.
    barriers: BTreeMap<Barrier, BTreeSet<usize>>,
    /// Steps that cannot start, with the failed step that they need.
    blocked_by: BTreeMap<usize, usize>,
}

/// A step that has not started.
#[derive(Debug)]
struct WaitingStep {
    step: ScheduledStep,
    /// The number of steps and barriers that it still waits for.
    count: usize,
}

impl Queue {
    /// Creates the queue of all steps of a schedule.
    pub(super) fn new(schedule: Schedule) -> Self {
        let addresses: Vec<Address> = schedule.steps.keys().cloned().collect();
        let mut queue = Self {
            addresses,
            ..Self::default()
        };
        for (barrier, steps) in schedule.barriers {
            let numbers: BTreeSet<usize> = steps.iter().filter_map(|address| queue.number(address)).collect();
            // Nothing has to wait for a barrier without steps.
            if !numbers.is_empty() {
                queue.barriers.insert(barrier, numbers);
            }
        }
        for (number, step) in schedule.steps.into_values().enumerate() {
            let edges = step.needs.iter().chain(&step.after);
            let edges: BTreeSet<usize> = edges.filter_map(|address| queue.number(address)).collect();
            let is_held_up = step
                .barrier
                .is_some_and(|barrier| queue.barriers.contains_key(&barrier));
            let count = edges.len() + usize::from(is_held_up);
            for edge in edges {
                queue.dependents.entry(edge).or_default().push(number);
            }
            if count == 0 {
                queue.ready.insert(number);
            }
            queue.waiting.insert(number, WaitingStep { step, count });
        }
        queue
    }

    fn number(&self, address: &Address) -> Option<usize> {
        self.addresses.binary_search(address).ok()
    }

    /// Takes the next step, in display order, that waits for nothing. Returns `None` when every step waits or has
    /// started.
    pub(super) fn take(&mut self) -> Option<Next> {
        let number = self.ready.pop_first()?;
        let WaitingStep { step, .. } = self.waiting.remove(&number)?;
        Some(match self.blocked_by.remove(&number) {
            Some(because) => Next::Skip {
                address: step.address,
                because: self.addresses[because].clone(),
            },
            None => Next::Start(Box::new(step)),
        })
    }

    /// Records that a step has ended, so that steps that waited for it may become ready.
    pub(super) fn end(&mut self, address: &Address, end: StepEnd) {
        let Some(number) = self.number(address) else { return };
        for dependent in self.dependents.remove(&number).unwrap_or_default() {
            let needs = |waiting: &WaitingStep| waiting.step.needs.contains(address);
            if end == StepEnd::Failed && self.waiting.get(&dependent).is_some_and(needs) {
                self.blocked_by.entry(dependent).or_insert(number);
            }
            self.count_down(dependent);
        }
        let last_of = |steps: &mut BTreeSet<usize>| steps.remove(&number) && steps.is_empty();
        let passed: Vec<Barrier> = self
            .barriers
            .iter_mut()
            .filter_map(|(barrier, steps)| last_of(steps).then_some(*barrier))
            .collect();
        for barrier in passed {
            self.barriers.remove(&barrier);
            let held_up = self.waiting.iter().filter(|(_, it)| it.step.barrier == Some(barrier));
            let held_up: Vec<usize> = held_up.map(|(number, _)| *number).collect();
            for number in held_up {
                self.count_down(number);
            }
        }
    }

    /// Records that a step waits for one step or barrier less.
    fn count_down(&mut self, number: usize) {
        if let Some(waiting) = self.waiting.get_mut(&number) {
            waiting.count -= 1;
            if waiting.count == 0 {
                self.ready.insert(number);
            }
        }
    }

    /// Records that an agent that the plan wanted to create exists already, because another run created it: what
    /// belongs to it has to be read before it is written.
    pub(super) fn expect_existing(&mut self, agent: &Address) {
        let Some(number) = self.number(agent) else { return };
        for dependent in self.dependents.get(&number).into_iter().flatten() {
            if let Some(WaitingStep { step, .. }) = self.waiting.get_mut(dependent) {
                step.new_agent = false;
            }
        }
    }

    /// Removes every step that has not started. Returns their addresses in display order.
    pub(super) fn drain(&mut self) -> Vec<Address> {
        self.ready.clear();
        let waiting = std::mem::take(&mut self.waiting).into_values();
        waiting.map(|waiting| waiting.step.address).collect()
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
