//! What the screen's workbench knows: the plan that it has, a newer one, and what became of the files.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::pushing::ShownPush;
use crate::failure::Failure;
use crate::journal::RunId;
use crate::pull::Wanted;
use crate::review::{LiveBasis, PlanReview, PullReview, PullSource};
use crate::tui::{AdoptRequest, ApplyRequest};

/// The result of the last load: a review, or the failure. Neither before the first load has ended.
#[derive(Default)]
pub(super) struct BenchState {
    pub(super) review: Option<PlanReview>,
    pub(super) failure: Option<Failure>,
    /// The adoption that was worked out last.
    pub(super) adoption: Option<PullReview>,
    /// What the adoption was worked out for.
    pub(super) adopting: Option<AdoptRequest>,
    /// The comparison of secrets that the screen shows.
    pub(super) push: Option<ShownPush>,
    /// Whether secrets were pushed.
    pub(super) pushed: Pushed,
    /// Whether anything was written into the files.
    pub(super) wrote: bool,
    /// Why the last adoption was not written, or not as a whole.
    pub(super) unwritten: Option<Failure>,
    /// The runs that were begun, in order; `None` for one without a journal.
    pub(super) runs: Vec<Option<RunId>>,
    /// A newer plan that the screen does not show yet, with its number.
    pub(super) pending: Option<(u64, PlanReview)>,
    /// The number of plans that were kept for the screen.
    pub(super) count: u64,
    /// The number of loads that have ended.
    pub(super) generation: u64,
}

/// Whether secrets were pushed from the screen.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pushed {
    /// None were.
    #[default]
    Nothing,
    /// It is not known of any of them.
    Perhaps,
    /// Some were.
    Stored,
}

impl BenchState {
    /// Returns what is known across plans: what became of the files.
    pub(super) fn kept(&mut self) -> Self {
        Self {
            wrote: self.wrote,
            pushed: self.pushed,
            unwritten: self.unwritten.take(),
            runs: std::mem::take(&mut self.runs),
            count: self.count,
            generation: self.generation + 1,
            ..Self::default()
        }
    }

    /// Returns what was written beside any run, as it is said at the end; `None` where nothing was.
    pub(super) fn written(&self) -> Option<&'static str> {
        match (self.wrote, self.pushed) {
            (true, Pushed::Stored) => Some("only files and secrets were written"),
            (true, Pushed::Perhaps) => Some("only files were written, and secrets may have been pushed"),
            (true, Pushed::Nothing) => Some("only files were written"),
            (false, Pushed::Stored) => Some("only secrets were pushed"),
            (false, Pushed::Perhaps) => Some("only secrets may have been pushed"),
            (false, Pushed::Nothing) => None,
        }
    }

    pub(super) fn known(&self) -> Result<&PlanReview, Failure> {
        self.review.as_ref().ok_or_else(no_plan)
    }

    /// Returns what an adoption of these rows is worked out from.
    pub(super) fn desk_source(&self, request: &AdoptRequest) -> Result<PullSource, Failure> {
        let wanted = Wanted {
            rows: request.rows.clone(),
            field: request.field.clone(),
            ignored_too: true,
        };
        self.known()?.pull_source(&wanted)
    }

    pub(super) fn known_mut(&mut self) -> Result<&mut PlanReview, Failure> {
        self.review.as_mut().ok_or_else(no_plan)
    }

    /// Returns the review with exactly these rows selected and marked for deletion.
    pub(super) fn review_of(&mut self, request: &ApplyRequest) -> Result<&PlanReview, Failure> {
        let review = self.known_mut()?;
        // The screen keeps marks and selection; what it asks for counts, not what the review was left with.
        if *review.marked() != request.prune {
            review.mark(request.prune.clone())?;
        }
        review.select(request.selection.clone());
        Ok(review)
    }

    /// Returns what a newer plan is made from, and the load that it goes back to. `None` while there is no plan.
    pub(super) fn basis(&self) -> Option<(u64, LiveBasis)> {
        let review = self.review.as_ref()?;
        // One that waits for the screen has the newer reading of the server.
        let newest = self.pending.as_ref().map_or(review, |(_, pending)| pending);
        Some((self.generation, newest.basis().marking(review.marked())))
    }

    /// Keeps a newer plan for the screen. Returns its number, or `None` where everything was loaded anew meanwhile.
    pub(super) fn keep(&mut self, generation: u64, review: PlanReview) -> Option<u64> {
        if generation != self.generation {
            return None;
        }
        self.count += 1;
        self.pending = Some((self.count, review));
        Some(self.count)
    }

    /// Makes a kept plan the present one. Returns whether it could: it has to be the newest, with the present marks.
    pub(super) fn take(&mut self, number: u64) -> bool {
        let Some((_, pending)) = self.pending.take_if(|(kept, _)| *kept == number) else {
            return false;
        };
        if self.review.as_ref().map(PlanReview::marked) != Some(pending.marked()) {
            return false;
        }
        let replaced = self.review.replace(pending);
        // Freeing a large plan takes longer than a key may wait for its frame.
        std::thread::spawn(move || drop(replaced));
        (self.adoption, self.adopting) = (None, None);
        true
    }
}

/// Returns a failure as one line: its message, and its causes.
pub(super) fn sentence(failure: &Failure) -> String {
    let causes = failure.causes.iter().map(String::as_str);
    std::iter::once(failure.message.as_str())
        .chain(causes)
        .collect::<Vec<_>>()
        .join(": ")
}

fn no_plan() -> Failure {
    Failure::failed("there is no plan")
}

/// Locks. A panic of another task does not make what it has left unusable.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
