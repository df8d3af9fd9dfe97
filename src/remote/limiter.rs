//! Lets as many requests through at a time as [`ConcurrencyLimit`] says.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::concurrency::{ConcurrencyLimit, Load, RequestKind};

/// The requests in flight to one server, and their number that is allowed.
pub(super) struct Limiter {
    ceiling: usize,
    semaphore: Semaphore,
    state: Mutex<LimiterState>,
}

struct LimiterState {
    law: ConcurrencyLimit,
    in_flight: usize,
    /// The number of permits that exist: free ones and those of requests in flight. Above the limit as long as requests
    /// are in flight that were sent under a higher one.
    permits: usize,
}

/// A request that may be sent now. Dropping it makes room for another one.
pub(super) struct RequestSlot<'a> {
    limiter: &'a Limiter,
    /// `None` once it was given back.
    permit: Option<SemaphorePermit<'a>>,
    window: u64,
}

impl Limiter {
    /// Creates a limiter that lets at most `ceiling` requests through at a time, at least 1.
    pub(super) fn new(ceiling: usize) -> Self {
        Self::by(ConcurrencyLimit::new(ceiling), ceiling)
    }

    /// Creates a limiter that always lets `limit` requests through at a time, at least 1.
    pub(super) fn fixed(limit: usize) -> Self {
        Self::by(ConcurrencyLimit::fixed(limit), limit)
    }

    fn by(law: ConcurrencyLimit, ceiling: usize) -> Self {
        let permits = law.limit();
        Self {
            ceiling: ceiling.max(1),
            semaphore: Semaphore::new(permits),
            state: Mutex::new(LimiterState {
                law,
                in_flight: 0,
                permits,
            }),
        }
    }

    /// Returns the maximum that the limit never exceeds.
    pub(super) fn ceiling(&self) -> usize {
        self.ceiling
    }

    /// Returns the number of requests that may be in flight now.
    pub(super) fn limit(&self) -> usize {
        self.state().law.limit()
    }

    /// Waits until a request may be sent. The first one that waits is the first one that goes.
    pub(super) async fn slot(&self) -> RequestSlot<'_> {
        // The semaphore is never closed; a request without a permit would only be one too many.
        let permit = self.semaphore.acquire().await.ok();
        let mut state = self.state();
        state.in_flight += 1;
        RequestSlot {
            limiter: self,
            permit,
            window: state.law.window(),
        }
    }

    fn state(&self) -> MutexGuard<'_, LimiterState> {
        // Nothing under the lock can panic halfway.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the number of permits that of the limit, as far as they are free.
    fn resize(&self, state: &mut LimiterState) {
        let limit = state.law.limit();
        if limit > state.permits {
            self.semaphore.add_permits(limit - state.permits);
            state.permits = limit;
        } else {
            state.permits -= self.semaphore.forget_permits(state.permits - limit);
        }
    }
}

impl RequestSlot<'_> {
    /// Reports how the request ended, and makes room for another one.
    pub(super) fn end(self, kind: RequestKind, load: Load) {
        let mut state = self.limiter.state();
        let in_flight = state.in_flight;
        state.law.observe(kind, self.window, in_flight, load);
        self.limiter.resize(&mut state);
    }
}

impl Drop for RequestSlot<'_> {
    fn drop(&mut self) {
        let mut state = self.limiter.state();
        state.in_flight -= 1;
        let Some(permit) = self.permit.take() else { return };
        if state.permits > state.law.limit() {
            state.permits -= 1;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt;

    use super::super::method::Method;
    use super::super::transport::Request;
    use super::*;

    fn kind() -> RequestKind {
        RequestKind::of(&Request::new(Method::Get, "/api/o/agents/a"))
    }

    /// Takes slots until none is free, and returns them.
    fn take_all(limiter: &Limiter) -> Vec<RequestSlot<'_>> {
        std::iter::from_fn(|| limiter.slot().now_or_never()).collect()
    }

    #[test]
    fn lets_as_many_through_as_the_limit_says() {
        let limiter = Limiter::new(32);
        let load = Load::Answered(Duration::from_millis(20));
        for expected in [8, 16, 32, 32] {
            let slots = take_all(&limiter);
            assert_eq!(slots.len(), expected);
            for slot in slots {
                slot.end(kind(), load);
            }
        }
    }

    #[test]
    fn takes_room_back_from_requests_in_flight_as_they_end() {
        let limiter = Limiter::new(32);
        let mut slots = take_all(&limiter);
        slots.pop().unwrap().end(kind(), Load::TooMuch);
        assert_eq!(limiter.limit(), 4);
        assert!(limiter.slot().now_or_never().is_none());
        // Three of the seven in flight are still too many.
        slots.truncate(4);
        assert!(limiter.slot().now_or_never().is_none());
        slots.truncate(3);
        let one = limiter.slot().now_or_never().unwrap();
        assert!(limiter.slot().now_or_never().is_none());
        drop((one, slots));
        assert_eq!(take_all(&limiter).len(), 4);
    }

    #[test]
    fn a_request_that_is_given_up_makes_room() {
        let limiter = Limiter::new(2);
        drop(take_all(&limiter));
        assert_eq!(take_all(&limiter).len(), 2);
    }

    #[test]
    fn a_limit_of_none_lets_one_through() {
        assert_eq!(take_all(&Limiter::new(0)).len(), 1);
    }
}
