//! A transport that injects faults: delays, connections dropped before or after the server, wrong responses.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lobuctl::remote::{NoAnswerCause, Request, Response, Transport, TransportError};

/// A fault that is injected into one request.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// No fault.
    None,
    /// The request is delayed.
    Delay(Duration),
    /// There is no connection, and the client knows that the server did not receive the request.
    DropBefore,
    /// The connection is lost before the server receives the request, and the client cannot know it.
    ResetBefore,
    /// The server carries out the request; the client stops waiting for the response.
    Hang,
    /// The server carries out the request; half of its JSON arrives as a whole response.
    Truncated,
    /// The server carries out the request; the body is replaced by `{}`.
    EmptyObject,
    /// The connection is lost after the server carried out the request.
    DropAfter,
    /// The server carries out the request; half of its response arrives.
    HalfBody,
    /// A proxy sends this response; the server does not receive the request.
    Status(u16, &'static str),
    /// The same with a status and a `Retry-After` header.
    Later(u16, &'static str),
    /// The server carries out the request; a proxy replaces the response by this status.
    After(u16),
    /// The server carries out the request; the body is replaced by HTML.
    Garbage,
    /// The request is redirected to another host.
    Redirect,
}

/// A transport that injects faults. The rule returns the fault of each request, counted from 0.
pub struct FaultTransport<T, R> {
    inner: T,
    rule: R,
    count: Arc<AtomicUsize>,
}

impl<T, R> FaultTransport<T, R>
where
    T: Transport,
    R: Fn(usize, &Request) -> Fault + Send + Sync,
{
    pub fn new(inner: T, rule: R) -> Self {
        Self {
            inner,
            rule,
            count: Arc::default(),
        }
    }

    /// Returns a counter of the requests that were sent.
    pub fn counter(&self) -> Arc<AtomicUsize> {
        self.count.clone()
    }

    async fn run(&self, request: Request) -> Result<Response, TransportError> {
        let fault = (self.rule)(self.count.fetch_add(1, Ordering::SeqCst), &request);
        let lost = |cause: NoAnswerCause| TransportError::NoAnswer {
            method: request.method,
            path: request.path.clone(),
            cause,
            message: "dropped on purpose".to_owned(),
            maybe_sent: cause.maybe_sent(),
        };
        match fault {
            Fault::None => self.inner.send(request).await,
            Fault::Delay(delay) => {
                tokio::time::sleep(delay).await;
                self.inner.send(request).await
            }
            Fault::DropBefore => Err(lost(NoAnswerCause::Refused)),
            Fault::ResetBefore => Err(lost(NoAnswerCause::Broken)),
            Fault::DropAfter | Fault::HalfBody => {
                let error = lost(NoAnswerCause::Broken);
                self.inner.send(request).await?;
                Err(error)
            }
            Fault::Hang => {
                let error = lost(NoAnswerCause::Timeout);
                self.inner.send(request).await?;
                Err(error)
            }
            Fault::Status(status, body) => Ok(Response {
                status,
                body: body.as_bytes().to_vec(),
                ..Response::default()
            }),
            Fault::Later(status, when) => Ok(Response {
                status,
                retry_after: Some(when.to_owned()),
                ..Response::default()
            }),
            Fault::After(_) | Fault::Garbage | Fault::Truncated | Fault::EmptyObject => {
                Ok(garbled(&fault, self.inner.send(request).await?))
            }
            Fault::Redirect => Err(TransportError::Redirect {
                method: request.method,
                path: request.path,
                status: 302,
                location: "https://elsewhere.example/".to_owned(),
            }),
        }
    }
}

/// The response that comes back in place of the server's.
fn garbled(fault: &Fault, mut response: Response) -> Response {
    match fault {
        Fault::After(status) => {
            response = Response {
                status: *status,
                ..Response::default()
            };
        }
        Fault::Garbage => response.body = b"<html>\n<title>proxy</title>".to_vec(),
        Fault::Truncated => response.body.truncate(response.body.len() / 2),
        Fault::EmptyObject => response.body = b"{}".to_vec(),
        _ => {}
    }
    response
}

impl<T, R> Transport for FaultTransport<T, R>
where
    T: Transport,
    R: Fn(usize, &Request) -> Fault + Send + Sync,
{
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        self.run(request).boxed()
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }
}

/// Returns a rule that injects random faults, the same ones for the same seed.
pub fn random_faults(seed: u64, percent: u64) -> impl Fn(usize, &Request) -> Fault + Send + Sync + 'static {
    const FAULTS: [Fault; 10] = [
        Fault::DropBefore,
        Fault::DropAfter,
        Fault::DropAfter,
        Fault::After(504),
        Fault::Status(500, "oops"),
        Fault::Status(502, "bad gateway"),
        Fault::Later(429, "0"),
        Fault::Garbage,
        Fault::Redirect,
        Fault::Status(401, r#"{"error":"invalid_token"}"#),
    ];
    let state = Arc::new(Mutex::new(seed));
    move |_, _| {
        let mut state = state.lock().unwrap();
        // SplitMix64.
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        if mixed % 100 >= percent {
            return Fault::None;
        }
        FAULTS[(mixed >> 32) as usize % FAULTS.len()].clone()
    }
}
