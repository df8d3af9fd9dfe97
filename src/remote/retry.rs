//! Sends a request again when that may help. This is the one place that knows what is worth repeating, how often, and
//! after which delay.
//!
//! Connection errors, 408, 425, 429, 502, 503 and 504 are repeated with exponential backoff and full jitter; a
//! `Retry-After` is honored. One 401 on a token that worked a moment ago is repeated once. A request that must not be
//! carried out twice is repeated only when it certainly was not carried out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::clock::Clock;
use super::concurrency::{Load, RequestKind};
use super::limiter::Limiter;
use super::method::Method;
use super::random;
use super::retry_after;
use super::transport::{Request, Response, Transport};
use super::transport_error::{NoAnswerCause, TransportError};
use crate::redact::Redactor;

/// How often a request is repeated, and after which delays.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// The maximum number of attempts, at least 1.
    pub max_attempts: u32,
    /// The upper bound of the delay before the second attempt. It doubles with each attempt; the delay is random below it.
    pub base_delay: Duration,
    /// The maximum of that bound.
    pub max_delay: Duration,
    /// The maximum delay when the server asks for one with `Retry-After`.
    pub max_retry_after: Duration,
    /// The time without an answer after which an attempt is reported as slow.
    pub slow_after: Duration,
    /// The clocks, for durations and for a `Retry-After` that is a date.
    pub clock: Clock,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 5,
            base_delay: Duration::from_millis(250),
            max_delay: Duration::from_secs(8),
            max_retry_after: Duration::from_mins(1),
            slow_after: Duration::from_secs(2),
            clock: Clock::system(),
        }
    }
}

/// One attempt of a request, after it has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The method of the request.
    pub method: Method,
    /// The path of the request, without host and query.
    pub path: String,
    /// The HTTP status; `None` when no response arrived.
    pub status: Option<u16>,
    /// How long the attempt took.
    pub took: Duration,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// The maximum number of attempts.
    pub max_attempts: u32,
    /// The delay before the next attempt, and the reason for it; `None` when there is none.
    pub will_retry: Option<(Duration, String)>,
}

/// An attempt of a request that has had no answer for [`RetryPolicy::slow_after`], and may still get one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlowAttempt {
    /// The method of the request.
    pub method: Method,
    /// The path of the request, without host and query.
    pub path: String,
    /// The time without an answer.
    pub silent: Duration,
    /// The number of the attempt, from 1.
    pub attempt: u32,
}

type Observer = Arc<dyn Fn(&Attempt) + Send + Sync>;
type SlowObserver = Arc<dyn Fn(&SlowAttempt) + Send + Sync>;

/// A transport that repeats requests. Clones share the transport below and whether the token has worked.
#[derive(Clone)]
pub struct Retry {
    inner: Arc<dyn Transport>,
    policy: RetryPolicy,
    observer: Option<Observer>,
    slow_observer: Option<SlowObserver>,
    stop: CancellationToken,
    limiter: Option<Arc<Limiter>>,
    token_worked: Arc<AtomicBool>,
}

/// What the attempts of one request have shown so far.
struct Attempts {
    /// The number of attempts, the current one included.
    count: u32,
    /// The delays between them.
    backoff: ExponentialBackoff,
    /// Whether one of them may have been carried out although its response does not say so.
    maybe_applied: bool,
    /// Whether a 401 was repeated already.
    repeated_401: bool,
}

impl Retry {
    /// Creates a transport that sends requests through `inner`.
    pub fn new(inner: Arc<dyn Transport>) -> Self {
        Self {
            inner,
            policy: RetryPolicy::default(),
            observer: None,
            slow_observer: None,
            stop: CancellationToken::new(),
            limiter: None,
            token_worked: Arc::default(),
        }
    }

    /// Returns the transport with another policy.
    pub fn with_policy(mut self, policy: RetryPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Returns the transport with a function that is called after each attempt.
    pub fn observed_by(mut self, observer: impl Fn(&Attempt) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Returns the transport with a function that is called once for each attempt that takes long, while it goes on.
    pub fn slow_observed_by(mut self, observer: impl Fn(&SlowAttempt) + Send + Sync + 'static) -> Self {
        self.slow_observer = Some(Arc::new(observer));
        self
    }

    /// Returns the transport such that it starts no further attempt once `stop` is cancelled.
    pub fn stopped_by(mut self, stop: CancellationToken) -> Self {
        self.stop = stop;
        self
    }

    /// Returns the transport such that each attempt waits until `limiter` lets it through.
    pub(super) fn limited_by(mut self, limiter: Arc<Limiter>) -> Self {
        self.limiter = Some(limiter);
        self
    }

    /// Waits as long as before the attempt after the `attempt`-th of a request, at most until the run is stopped.
    pub async fn pause(&self, attempt: u32) {
        let doubled = self
            .policy
            .base_delay
            .saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
        self.wait(doubled.min(self.policy.max_delay).mul_f64(random::fraction()))
            .await;
    }

    async fn run(&self, request: Request) -> Result<Response, TransportError> {
        let mut attempts = self.first_attempt();
        loop {
            attempts.count += 1;
            let (answer, took) = self.attempt(&request, attempts.count).await;
            let reason = self.retry_reason(&request, &answer, &mut attempts);
            let reason = reason.filter(|_| attempts.count < self.policy.max_attempts && !self.stop.is_cancelled());
            let delay = reason.map(|reason| {
                let backoff = attempts.backoff.next().unwrap_or_default();
                (self.delay(&answer, backoff), reason)
            });
            self.report(&request, &answer, took, attempts.count, delay.clone());
            // A success proves its own attempt; an attempt before it may still have been carried out as well.
            attempts.maybe_applied |= match &answer {
                Ok(response) => !response.succeeded() && !response.proves_refusal(),
                Err(error) => error.maybe_sent(),
            };
            match delay {
                Some((delay, _)) if self.wait(delay).await => {}
                _ => return with_doubt(answer, attempts.maybe_applied),
            }
        }
    }

    /// Sends a request once. Returns how long that took, the wait for other requests not included.
    async fn attempt(&self, request: &Request, number: u32) -> (Result<Response, TransportError>, Duration) {
        let slot = match &self.limiter {
            Some(limiter) => Some(limiter.slot().await),
            None => None,
        };
        let start = (self.policy.clock.monotonic)();
        let answer = self.answer(request, number).await;
        let took = (self.policy.clock.monotonic)().saturating_duration_since(start);
        if let Some(slot) = slot {
            slot.end(RequestKind::of(request), load(&answer, took));
        }
        (answer, took)
    }

    /// Sends a request, and reports it while there is no answer.
    async fn answer(&self, request: &Request, attempt: u32) -> Result<Response, TransportError> {
        let mut answer = self.inner.send(request.clone());
        let Some(observer) = &self.slow_observer else {
            return answer.await;
        };
        let silent = self.policy.slow_after;
        if let Ok(answer) = tokio::time::timeout(silent, &mut answer).await {
            return answer;
        }
        observer(&SlowAttempt {
            method: request.method,
            path: without_query(&request.path),
            silent,
            attempt,
        });
        answer.await
    }

    fn first_attempt(&self) -> Attempts {
        Attempts {
            count: 0,
            backoff: ExponentialBuilder::default()
                .with_min_delay(self.policy.base_delay)
                .with_max_delay(self.policy.max_delay)
                .without_max_times()
                .build(),
            maybe_applied: false,
            repeated_401: false,
        }
    }

    /// Returns why another attempt may succeed, if it may.
    fn retry_reason(
        &self,
        request: &Request,
        answer: &Result<Response, TransportError>,
        attempts: &mut Attempts,
    ) -> Option<String> {
        match answer {
            // A server that restarts may refuse a token that it accepted a moment ago.
            Ok(response) if response.status == 401 => {
                let worked = self.token_worked.load(Ordering::Relaxed);
                let again = worked && !std::mem::replace(&mut attempts.repeated_401, worked);
                again.then(|| "401 on a token that worked a moment ago".to_owned())
            }
            Ok(response) => {
                self.token_worked.fetch_or(response.succeeded(), Ordering::Relaxed);
                is_repeated(request, response.status).then(|| format!("status {}", response.status))
            }
            Err(TransportError::NoAnswer { cause, message, .. }) => {
                let is_safe = request.repeatable || !cause.maybe_sent();
                (is_safe && cause.is_worth_repeating()).then(|| message.clone())
            }
            Err(_) => None,
        }
    }

    /// Returns the delay before the next attempt: what the server asks for, else a random part of the backoff.
    fn delay(&self, answer: &Result<Response, TransportError>, backoff: Duration) -> Duration {
        let asked = answer
            .as_ref()
            .ok()
            .and_then(|response| response.retry_after.as_deref());
        let asked = asked.and_then(|value| retry_after::parse(value, (self.policy.clock.now)()));
        asked.map_or_else(
            || backoff.mul_f64(random::fraction()),
            |asked| asked.min(self.policy.max_retry_after),
        )
    }

    fn report(
        &self,
        request: &Request,
        answer: &Result<Response, TransportError>,
        took: Duration,
        attempt: u32,
        will_retry: Option<(Duration, String)>,
    ) {
        let Some(observer) = &self.observer else { return };
        observer(&Attempt {
            method: request.method,
            path: without_query(&request.path),
            status: answer.as_ref().ok().map(|response| response.status),
            took,
            attempt,
            max_attempts: self.policy.max_attempts,
            will_retry,
        });
    }

    /// Waits. Returns whether the delay passed before the run was stopped.
    async fn wait(&self, delay: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => false,
            () = tokio::time::sleep(delay) => true,
        }
    }
}

impl Transport for Retry {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        self.run(request).boxed()
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }

    fn add_secrets(&self, redactor: &Redactor) {
        self.inner.add_secrets(redactor);
    }
}

/// Returns what an attempt says about the load of the server.
fn load(answer: &Result<Response, TransportError>, took: Duration) -> Load {
    match answer {
        Ok(response) => Load::of_status(response.status, took),
        Err(TransportError::NoAnswer {
            cause: NoAnswerCause::Timeout,
            ..
        }) => Load::TooMuch,
        Err(_) => Load::Unknown,
    }
}

fn without_query(path: &str) -> String {
    path.split('?').next().unwrap_or_default().to_owned()
}

/// Whether a status means that another attempt may succeed.
fn is_repeated(request: &Request, status: u16) -> bool {
    match status {
        425 | 429 => true,
        // The server, or a proxy before it, may have given up on a request that is still carried out.
        408 | 502 | 503 | 504 => request.repeatable,
        // A read that failed inside the server changes nothing; a write that did so is settled by reading instead.
        500 => !request.writes,
        _ => false,
    }
}

/// Adds to the last response what is known of the attempts before it.
fn with_doubt(answer: Result<Response, TransportError>, doubt: bool) -> Result<Response, TransportError> {
    match answer {
        Ok(response) => Ok(Response {
            maybe_applied: doubt,
            ..response
        }),
        Err(TransportError::NoAnswer {
            method,
            path,
            cause,
            message,
            maybe_sent,
        }) => Err(TransportError::NoAnswer {
            method,
            path,
            cause,
            message,
            maybe_sent: maybe_sent || doubt,
        }),
        Err(other) => Err(other),
    }
}
