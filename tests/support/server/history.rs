//! Checks a history of operations for linearizability: whether some order of them explains every answer that clients saw.
//! The search is that of Wing and Gong, with Lowe's memory of states that were already explored.

use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What one object answers when operations happen one after the other.
pub trait SequentialModel {
    type State: Clone + Eq + Hash + Default + Debug;
    type Call: Debug + PartialEq;
    type Answer: Debug;

    /// Returns the state after the call, or `None` when the call cannot have this answer in that state. Without an answer, every
    /// answer is possible.
    fn step(state: &Self::State, call: &Self::Call, answer: Option<&Self::Answer>) -> Option<Self::State>;
}

/// One operation of one client.
#[derive(Debug)]
pub struct Operation<M: SequentialModel> {
    pub call: M::Call,
    /// `None` when no answer came, or one that does not show whether the call took effect.
    pub answer: Option<M::Answer>,
    began: u64,
    ended: u64,
}

/// Counts the moments at which operations begin and end. Clones share the count.
#[derive(Clone, Default)]
pub struct Moments(Arc<AtomicU64>);

impl Moments {
    /// Returns the next moment.
    pub fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }

    /// Records an operation that began at `began` and has ended now.
    pub fn ended<M: SequentialModel>(&self, began: u64, call: M::Call, answer: Option<M::Answer>) -> Operation<M> {
        // An operation whose answer is missing may take effect at any later time.
        let ended = if answer.is_some() { self.next() } else { u64::MAX };
        Operation {
            call,
            answer,
            began,
            ended,
        }
    }
}

/// Whether some order of these operations, at most 128, explains all their answers. This can take seconds when many answers
/// are missing, so it must not run on a thread that others wait for.
pub fn is_linearizable<M: SequentialModel>(operations: &[Operation<M>]) -> bool {
    assert!(operations.len() <= 128, "the set of operations is a mask of 128 bits");
    let mut operations: Vec<_> = operations.iter().collect();
    // What is pushed last is explored first: operations with an answer, which all have to be explained.
    operations.sort_by_key(|operation| (operation.answer.is_some(), operation.began));
    let all_answered = mask_of_answered(&operations);
    let mut seen = HashSet::new();
    let mut unexplored = vec![(0_u128, M::State::default())];
    while let Some((done, state)) = unexplored.pop() {
        // An operation without an answer need not have happened at all.
        if done & all_answered == all_answered {
            return true;
        }
        if seen.insert((done, state.clone())) {
            push_next(&operations, done, &state, &mut unexplored);
        }
    }
    false
}

/// Adds what each operation that can come next leads to.
fn push_next<M: SequentialModel>(
    operations: &[&Operation<M>],
    done: u128,
    state: &M::State,
    unexplored: &mut Vec<(u128, M::State)>,
) {
    let remaining = || operations.iter().enumerate().filter(|(at, _)| done & (1 << at) == 0);
    // An operation that began after another one had ended comes after it in every order.
    let deadline = remaining().map(|(_, operation)| operation.ended).min();
    let mut unanswered = Vec::new();
    for (at, operation) in remaining().filter(|(_, operation)| Some(operation.began) <= deadline) {
        let Some(next) = M::step(state, &operation.call, operation.answer.as_ref()) else {
            continue;
        };
        if operation.answer.is_none() {
            // Leaving it out is as good when it changes nothing, and of equal ones the first can take the place of the others.
            // Without this, the search doubles with each missing answer.
            if next == *state || unanswered.contains(&&operation.call) {
                continue;
            }
            unanswered.push(&operation.call);
        }
        unexplored.push((done | 1 << at, next));
    }
}

/// Returns a bit mask of the operations with an answer.
fn mask_of_answered<M: SequentialModel>(operations: &[&Operation<M>]) -> u128 {
    let answered = operations
        .iter()
        .enumerate()
        .filter(|(_, operation)| operation.answer.is_some());
    answered.fold(0, |mask, (at, _)| mask | 1 << at)
}
