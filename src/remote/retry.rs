//! Sending a request again when that may help: the one place that knows what is worth repeating, how often and when.
//!
//! Connection errors, 408, 425, 429, 502, 503 and 504 are repeated with exponential backoff and full jitter; a
//! `Retry-After` is honoured. One 401 on a token that worked a moment ago is tried once more. A request that must not
//! be carried out twice is repeated only when it surely was not carried out.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBuilder};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::retry_after;
use super::scrub::scrub;
use super::transport::{Method, Request, Response, Transport, TransportError};

/// How often, and how long in between.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// Tries in all, the first included.
    pub tries: u32,
    /// The wait before the second try lies between nothing and this; it doubles from try to try.
    pub base: Duration,
    /// No wait of ours is longer.
    pub longest: Duration,
    /// No wait that the server asks for is longer.
    pub longest_asked: Duration,
    /// What time it is, for a `Retry-After` that is a date.
    pub now: fn() -> Timestamp,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            tries: 5,
            base: Duration::from_millis(250),
            longest: Duration::from_secs(8),
            longest_asked: Duration::from_mins(1),
            now: Timestamp::now,
        }
    }
}

/// One try of a request, for those who watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// What was asked.
    pub method: Method,
    /// Of what, without host and query.
    pub path: String,
    /// The status code; nothing when no answer came.
    pub status: Option<u16>,
    /// How long it took.
    pub took: Duration,
    /// Counts from 1.
    pub attempt: u32,
    /// At most so many.
    pub of: u32,
    /// How long until the next try, and why there is one.
    pub will_retry: Option<(Duration, String)>,
}

type Observer = Arc<dyn Fn(&Attempt) + Send + Sync>;

/// A transport that tries again. Clones share what they know of the token and the connections below.
#[derive(Clone)]
pub struct Retry {
    inner: Arc<dyn Transport>,
    policy: RetryPolicy,
    observer: Option<Observer>,
    stop: CancellationToken,
    token_worked: Arc<AtomicBool>,
}

impl Retry {
    /// Tries again on top of this transport.
    pub fn new(inner: Arc<dyn Transport>) -> Self {
        Self {
            inner,
            policy: RetryPolicy::default(),
            observer: None,
            stop: CancellationToken::new(),
            token_worked: Arc::default(),
        }
    }

    /// The same with that policy.
    pub fn with_policy(mut self, policy: RetryPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// The same, telling this observer of every try.
    pub fn observed_by(mut self, observer: impl Fn(&Attempt) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// The same, starting no further try once this is cancelled.
    pub fn stopped_by(mut self, stop: CancellationToken) -> Self {
        self.stop = stop;
        self
    }

    /// Waits as long as before the attempt after the `attempt`-th of a request, at most until the run is stopped.
    pub async fn pause(&self, attempt: u32) {
        let doubled = self
            .policy
            .base
            .saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
        self.wait(doubled.min(self.policy.longest).mul_f64(random_fraction()))
            .await;
    }

    async fn run(&self, request: Request) -> Result<Response, TransportError> {
        let mut waits = ExponentialBuilder::default()
            .with_min_delay(self.policy.base)
            .with_max_delay(self.policy.longest)
            .without_max_times()
            .build();
        let mut doubt = false;
        let mut second_chance = true;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let started = Instant::now();
            let mut answer = self.inner.send(request.clone()).await;
            let took = started.elapsed();
            if let Ok(response) = &mut answer {
                scrub(response, &request.secrets);
            }
            let reason = self.reason(&request, &answer, &mut second_chance);
            let reason = reason.filter(|_| attempt < self.policy.tries && !self.stop.is_cancelled());
            let delay = reason.map(|reason| (self.delay(&answer, waits.next().unwrap_or_default()), reason));
            self.tell(&request, &answer, took, attempt, delay.clone());
            // A success is not in doubt; an attempt before it may be.
            doubt |= match &answer {
                Ok(response) => !response.succeeded() && !response.proves_refusal(),
                Err(error) => error.maybe_sent(),
            };
            match delay {
                Some((delay, _)) if self.wait(delay).await => {}
                _ => return with_doubt(answer, doubt),
            }
        }
    }

    /// Why another try may help, if it may.
    fn reason(
        &self,
        request: &Request,
        answer: &Result<Response, TransportError>,
        second_chance: &mut bool,
    ) -> Option<String> {
        match answer {
            Ok(response) if response.status == 401 => {
                let worked = self.token_worked.load(Ordering::Relaxed);
                let again = worked && std::mem::take(second_chance);
                again.then(|| "401 on a token that worked a moment ago".to_owned())
            }
            Ok(response) => {
                self.token_worked.fetch_or(response.succeeded(), Ordering::Relaxed);
                repeats(request, response.status).then(|| format!("status {}", response.status))
            }
            Err(TransportError::NoAnswer { lost, what, .. }) => {
                let safe = request.repeatable || !lost.maybe_sent();
                (safe && lost.worth_repeating()).then(|| what.clone())
            }
            Err(_) => None,
        }
    }

    fn delay(&self, answer: &Result<Response, TransportError>, ours: Duration) -> Duration {
        let asked = answer
            .as_ref()
            .ok()
            .and_then(|response| response.retry_after.as_deref());
        let asked = asked.and_then(|value| retry_after::parse(value, (self.policy.now)()));
        asked.map_or_else(
            || ours.mul_f64(random_fraction()),
            |asked| asked.min(self.policy.longest_asked),
        )
    }

    fn tell(
        &self,
        request: &Request,
        answer: &Result<Response, TransportError>,
        took: Duration,
        attempt: u32,
        will_retry: Option<(Duration, String)>,
    ) {
        let Some(observer) = &self.observer else { return };
        let path = request.path.split('?').next().unwrap_or_default();
        observer(&Attempt {
            method: request.method,
            path: path.to_owned(),
            status: answer.as_ref().ok().map(|response| response.status),
            took,
            attempt,
            of: self.policy.tries,
            will_retry,
        });
    }

    /// Waits; says whether the wait came to its end.
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
}

/// Whether a status means that another attempt may succeed.
fn repeats(request: &Request, status: u16) -> bool {
    match status {
        425 | 429 => true,
        // The server, or a proxy before it, may have given up on a request that is still carried out.
        408 | 502 | 503 | 504 => request.repeatable,
        // A read that failed inside the server changes nothing; a write that did so is settled by reading instead.
        500 => !request.writes,
        _ => false,
    }
}

/// What is known of the earlier tries belongs to the last answer.
fn with_doubt(answer: Result<Response, TransportError>, doubt: bool) -> Result<Response, TransportError> {
    match answer {
        Ok(response) => Ok(Response {
            maybe_applied: doubt,
            ..response
        }),
        Err(TransportError::NoAnswer {
            method,
            path,
            lost,
            what,
            maybe_sent,
        }) => Err(TransportError::NoAnswer {
            method,
            path,
            lost,
            what,
            maybe_sent: maybe_sent || doubt,
        }),
        Err(other) => Err(other),
    }
}

/// Between 0 and 1. The standard library's hash keys are the randomness at hand; nothing here needs better.
fn random_fraction() -> f64 {
    let random = RandomState::new().build_hasher().finish();
    (random >> 11) as f64 / (1_u64 << 53) as f64
}
