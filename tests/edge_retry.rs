//! Trying again: what is repeated, how often, how long in between, and what is remembered of it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lobuctl::remote::{
    Attempt, Clock, Method, NoAnswerCause, Request, Response, Retry, RetryPolicy, SlowAttempt, Transport,
    TransportError,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::support::apply::faults::{Fault, FaultTransport};

/// Answers from a script, the last line for ever.
struct Script(Mutex<Vec<Result<Response, NoAnswerCause>>>);

impl Transport for Script {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        let mut script = self.0.lock().unwrap();
        let next = if script.len() > 1 {
            script.remove(0)
        } else {
            script[0].clone()
        };
        let answer = next.map_err(|cause| TransportError::NoAnswer {
            method: request.method,
            path: request.path,
            cause,
            message: format!("{cause:?}"),
            maybe_sent: cause.maybe_sent(),
        });
        async { answer }.boxed()
    }

    fn describe(&self) -> String {
        "http://script".to_owned()
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a line of a script")]
fn status(status: u16) -> Result<Response, NoAnswerCause> {
    Ok(Response {
        status,
        ..Response::default()
    })
}

type Log = Arc<Mutex<Vec<Attempt>>>;

fn retry(script: Vec<Result<Response, NoAnswerCause>>) -> (Retry, Log) {
    let log = Log::default();
    let writer = log.clone();
    let retry = Retry::new(Arc::new(Script(Mutex::new(script))))
        .with_policy(RetryPolicy {
            base_delay: Duration::from_millis(1),
            max_retry_after: Duration::from_millis(20),
            clock: Clock {
                now: || "2026-11-24T00:00:00Z".parse().unwrap(),
                ..Clock::system()
            },
            ..RetryPolicy::default()
        })
        .observed_by(move |attempt| writer.lock().unwrap().push(attempt.clone()));
    (retry, log)
}

fn statuses(log: &Log) -> Vec<Option<u16>> {
    log.lock().unwrap().iter().map(|attempt| attempt.status).collect()
}

#[tokio::test]
async fn what_may_pass_is_tried_again_until_it_does() {
    for busy in [408, 425, 429, 502, 503, 504] {
        let (retry, log) = retry(vec![status(busy), status(busy), status(200)]);
        let response = retry.send(Request::new(Method::Put, "/x?secret=1")).await.unwrap();
        // Somebody in between gave up waiting: the server may have carried it out.
        let maybe_applied = !matches!(busy, 425 | 429);
        assert_eq!(
            (response.status, response.maybe_applied),
            (200, maybe_applied),
            "{busy}"
        );
        assert_eq!(statuses(&log), [Some(busy), Some(busy), Some(200)]);
        let log = log.lock().unwrap();
        assert_eq!(
            (log[0].attempt, log[0].max_attempts, log[0].path.as_str()),
            (1, 5, "/x")
        );
        assert_eq!(log[0].will_retry.as_ref().unwrap().1, format!("status {busy}"));
        assert!(log[2].will_retry.is_none());
    }
}

/// Answers once it is told to.
struct Paused(Arc<Notify>);

impl Transport for Paused {
    fn send(&self, _: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        async {
            self.0.notified().await;
            Ok(Response {
                status: 200,
                ..Response::default()
            })
        }
        .boxed()
    }

    fn describe(&self) -> String {
        "http://held".to_owned()
    }
}

#[tokio::test]
async fn an_attempt_without_an_answer_is_reported_while_it_goes_on() {
    let (answer, seen) = (Arc::new(Notify::new()), Arc::new(Mutex::new(Vec::new())));
    let (release, log) = (Arc::clone(&answer), Arc::clone(&seen));
    let retry = Retry::new(Arc::new(Paused(answer)))
        .with_policy(RetryPolicy {
            slow_after: Duration::from_millis(1),
            ..RetryPolicy::default()
        })
        .slow_observed_by(move |attempt| {
            log.lock().unwrap().push(attempt.clone());
            // Were it reported after its end only, there would be none.
            release.notify_one();
        });
    let response = retry.send(Request::new(Method::Put, "/x?secret=1")).await.unwrap();
    assert_eq!(response.status, 200);
    let slow = SlowAttempt {
        method: Method::Put,
        path: "/x".to_owned(),
        silent: Duration::from_millis(1),
        attempt: 1,
    };
    assert_eq!(*seen.lock().unwrap(), [slow]);
}

#[tokio::test]
async fn other_answers_are_final() {
    for last in [200, 201, 204, 400, 401, 403, 404, 409, 500, 501] {
        let (retry, log) = retry(vec![status(last), status(200)]);
        let write = Request::new(Method::Put, "/x");
        assert_eq!(retry.send(write).await.unwrap().status, last);
        assert_eq!(log.lock().unwrap().len(), 1, "{last}");
    }
}

#[tokio::test]
async fn repeats_a_read_that_failed_inside_the_server() {
    let (retry, log) = retry(vec![status(500), status(200)]);
    assert_eq!(retry.send(Request::get("/x")).await.unwrap().status, 200);
    assert_eq!(statuses(&log), [Some(500), Some(200)]);
}

#[tokio::test]
async fn five_tries_are_enough() {
    let (retry, log) = retry(vec![status(503)]);
    let response = retry.send(Request::get("/x")).await.unwrap();
    assert_eq!((response.status, response.proves_refusal()), (503, false));
    assert_eq!(log.lock().unwrap().len(), 5);
}

#[tokio::test]
async fn no_answer_at_all_says_whether_it_may_have_been_carried_out() {
    let write = Request::new(Method::Patch, "/x");
    let (refused, _) = retry(vec![Err(NoAnswerCause::Refused)]);
    assert!(!refused.send(write.clone()).await.unwrap_err().maybe_sent());
    let (mixed, log) = retry(vec![Err(NoAnswerCause::Timeout), Err(NoAnswerCause::Refused)]);
    assert!(mixed.send(write.clone()).await.unwrap_err().maybe_sent());
    assert_eq!(log.lock().unwrap().len(), 5);
    let (answered, _) = retry(vec![Err(NoAnswerCause::Broken), status(503)]);
    let response = answered.send(write.clone()).await.unwrap();
    assert!(response.maybe_applied && !response.proves_refusal());
    let (refused, _) = retry(vec![Err(NoAnswerCause::Broken), status(400)]);
    assert!(!refused.send(write.clone()).await.unwrap().proves_refusal());
    let (refused, _) = retry(vec![status(429), status(400)]);
    assert!(refused.send(write).await.unwrap().proves_refusal());
}

#[tokio::test]
async fn a_request_for_once_is_repeated_only_when_it_was_surely_not_carried_out() {
    let once = Request::new(Method::Post, "/rule").once();
    for (first, tries) in [
        (Err(NoAnswerCause::Refused), 2),
        (Err(NoAnswerCause::ConnectTimeout), 2),
        (status(429), 2),
        (status(503), 1),
        (Err(NoAnswerCause::Timeout), 1),
        (Err(NoAnswerCause::Broken), 1),
        (status(502), 1),
        (status(504), 1),
    ] {
        let name = format!("{first:?}");
        let (retry, log) = retry(vec![first, status(200)]);
        let _ = retry.send(once.clone()).await;
        assert_eq!(log.lock().unwrap().len(), tries, "{name}");
    }
}

#[tokio::test]
async fn a_certificate_does_not_get_better() {
    let (retry, log) = retry(vec![Err(NoAnswerCause::Tls)]);
    retry.send(Request::get("/x")).await.unwrap_err();
    assert_eq!(log.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn one_401_on_a_token_that_worked_is_tried_once_more() {
    let (fresh, log) = retry(vec![status(401), status(200)]);
    assert_eq!(fresh.send(Request::get("/x")).await.unwrap().status, 401);
    assert_eq!(log.lock().unwrap().len(), 1);

    let (worked, _) = retry(vec![status(200), status(401), status(200)]);
    worked.send(Request::get("/x")).await.unwrap();
    assert_eq!(worked.clone().send(Request::get("/x")).await.unwrap().status, 200);

    let (revoked, log) = retry(vec![status(200), status(401)]);
    revoked.send(Request::get("/x")).await.unwrap();
    assert_eq!(revoked.send(Request::get("/x")).await.unwrap().status, 401);
    assert_eq!(log.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn retry_after_is_honoured_and_has_a_limit() {
    for (value, at_least, at_most) in [
        ("0", 0, 5),
        ("3600", 20, 20),
        ("Tue, 24 Nov 2026 00:00:10 GMT", 20, 20),
        ("Mon, 23 Nov 2026 00:00:10 GMT", 0, 0),
        ("soon", 0, 1),
    ] {
        let asked = Response {
            status: 429,
            retry_after: Some(value.to_owned()),
            ..Response::default()
        };
        let (retry, log) = retry(vec![Ok(asked), status(200)]);
        retry.send(Request::get("/x")).await.unwrap();
        let (delay, _) = log.lock().unwrap()[0].will_retry.clone().unwrap();
        assert!(
            (at_least..=at_most).contains(&(delay.as_millis() as u64)),
            "{value}: {delay:?}"
        );
    }
}

#[tokio::test]
async fn who_asks_to_stop_does_not_wait() {
    let stop = CancellationToken::new();
    let (retry, log) = retry(vec![status(503)]);
    let patient = RetryPolicy {
        base_delay: Duration::from_hours(1),
        max_delay: Duration::from_hours(1),
        ..RetryPolicy::default()
    };
    let retry = retry.with_policy(patient).stopped_by(stop.clone());
    let started = Instant::now();
    let (answer, ()) = tokio::join!(retry.send(Request::get("/x")), async {
        tokio::task::yield_now().await;
        stop.cancel();
    });
    assert_eq!(answer.unwrap().status, 503);
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(log.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn faults_are_what_they_say() {
    let inner = || Script(Mutex::new(vec![status(200)]));
    for (fault, expected) in [
        (Fault::None, "200"),
        (Fault::Delay(Duration::from_millis(1)), "200"),
        (Fault::DropBefore, "lost, surely not sent"),
        (Fault::DropAfter, "lost, perhaps sent"),
        (Fault::HalfBody, "lost, perhaps sent"),
        (Fault::Status(500, "oops"), "500 oops"),
        (Fault::Garbage, "200 <html>"),
        (Fault::Redirect, "error"),
    ] {
        let name = format!("{fault:?}");
        let transport = FaultTransport::new(inner(), move |_, _| fault.clone());
        let told = match transport.send(Request::get("/x")).await {
            Ok(response) => {
                let body = String::from_utf8_lossy(&response.body).into_owned();
                let line = body.lines().next().map(|line| format!(" {line}"));
                format!("{}{}", response.status, line.unwrap_or_default())
            }
            Err(TransportError::NoAnswer { maybe_sent: true, .. }) => "lost, perhaps sent".to_owned(),
            Err(TransportError::NoAnswer { .. }) => "lost, surely not sent".to_owned(),
            Err(_) => "error".to_owned(),
        };
        assert_eq!(told, expected, "{name}");
        assert_eq!(transport.counter().load(std::sync::atomic::Ordering::SeqCst), 1);
    }
}
