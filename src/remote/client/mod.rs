//! The typed client: one method for each thing that is read or written, and the one way in which requests are sent.
//!
//! The shape of every response is checked: any path of a Lobu server may answer 200 with something else (contract
//! section 1).

mod entity;
mod entity_page;
mod provider_key;
mod query;
mod read;
mod read_watcher;
mod reply;
mod vault;
mod write_agent;
mod write_entity;
mod write_platform;
mod write_schema;
mod write_watcher;

pub use provider_key::ProviderKeyRoutes;
pub use write_agent::CreatedAgent;
pub use write_platform::PutPlatform;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::answer;
use super::entity_ids::EntityIds;
use super::error::RemoteError;
use super::expectation::{Expectation, ExpectationCell};
use super::limiter::Limiter;
use super::method::Method;
use super::retry::{Attempt, Retry, SlowAttempt};
use super::transport::{Request, Transport, path};
use crate::redact::Redactor;
use crate::wire::schema::{self, SchemaAction, SchemaType};
use reply::Reply;

/// Reads and writes one organization on one server. Clones share the limit of concurrent requests.
#[derive(Clone)]
pub struct Client {
    retry: Retry,
    organization: String,
    limiter: Arc<Limiter>,
    redactor: Redactor,
    /// Whether the server has sent a revision of anything.
    names_revisions: Arc<AtomicBool>,
    /// What the writes of this client expect, if it is a client of one resource.
    expectation: Option<Arc<ExpectationCell>>,
    /// The ids of entities that were read or created.
    entity_ids: EntityIds,
}

impl Client {
    /// Creates a client of an organization. It and its clones send at most `parallelism` requests at a
    /// time, at least 1; fewer while the server's answers say so.
    pub fn new(retry: Retry, organization: impl Into<String>, parallelism: usize) -> Self {
        let limiter = Arc::new(Limiter::new(parallelism));
        let redactor = Redactor::default();
        retry.add_secrets(&redactor);
        Self {
            redactor,
            retry: retry.limited_by(Arc::clone(&limiter)),
            organization: organization.into(),
            limiter,
            names_revisions: Arc::default(),
            expectation: None,
            entity_ids: EntityIds::default(),
        }
    }

    /// Creates a client that sends `parallelism` requests at a time whatever the server's answers say. For measuring what
    /// [`Client::new`] is worth.
    pub fn at_fixed_parallelism(retry: Retry, organization: impl Into<String>, parallelism: usize) -> Self {
        let client = Self::new(retry.clone(), organization, parallelism);
        let limiter = Arc::new(Limiter::fixed(parallelism));
        Self {
            retry: retry.limited_by(Arc::clone(&limiter)),
            limiter,
            ..client
        }
    }

    /// Returns a clone that strikes the values of `redactor` out of its errors. The token and the secrets of platforms
    /// that are written are added to it, so that everything else that uses it knows them too.
    pub fn redacting(&self, redactor: Redactor) -> Self {
        self.retry.add_secrets(&redactor);
        Self {
            redactor,
            ..self.clone()
        }
    }

    /// Returns a clone that calls `observer` after each attempt of a request.
    pub fn watched(&self, observer: impl Fn(&Attempt) + Send + Sync + 'static) -> Self {
        Self {
            retry: self.retry.clone().observed_by(observer),
            ..self.clone()
        }
    }

    /// Returns a clone that calls `observer` once for each attempt that takes long, while it goes on.
    pub fn watched_when_slow(&self, observer: impl Fn(&SlowAttempt) + Send + Sync + 'static) -> Self {
        Self {
            retry: self.retry.clone().slow_observed_by(observer),
            ..self.clone()
        }
    }

    /// Returns a clone that starts no further attempt once `stop` is cancelled.
    pub fn stopped_by(&self, stop: CancellationToken) -> Self {
        Self {
            retry: self.retry.clone().stopped_by(stop),
            ..self.clone()
        }
    }

    /// Returns a clone that reads and writes one resource. Where the server names revisions, each write is refused with 412
    /// unless the resource is still what [`Client::read`] has read, or what the write before made of it.
    pub fn of_one_resource(&self) -> Self {
        Self {
            expectation: Some(Arc::default()),
            ..self.clone()
        }
    }

    /// Returns a clone whose readings leave alone what the next write of this client expects.
    pub fn beside(&self) -> Self {
        Self {
            expectation: None,
            ..self.clone()
        }
    }

    /// Returns the organization's slug.
    pub fn organization(&self) -> &str {
        &self.organization
    }

    /// Returns the maximum number of requests that are sent at a time, at least 1.
    pub fn parallelism(&self) -> usize {
        self.limiter.ceiling()
    }

    /// Returns the number of requests that are sent at a time now, as the server's answers suggest: from 1 to
    /// [`Client::parallelism`].
    pub fn current_parallelism(&self) -> usize {
        self.limiter.limit()
    }

    /// Returns the server's address, for messages.
    pub fn describe(&self) -> String {
        self.retry.describe()
    }

    /// Whether the server names revisions, as far as its responses have shown.
    pub fn names_revisions(&self) -> bool {
        self.names_revisions.load(Ordering::Relaxed)
    }

    /// Records what the next write expects.
    pub(super) fn expect(&self, expectation: Expectation) {
        if let Some(cell) = &self.expectation {
            cell.set(expectation);
        }
    }

    fn with_expectation(&self, request: Request) -> Request {
        let expected = self.expectation.as_ref().map(|cell| cell.get()).unwrap_or_default();
        let expectation = match expected {
            Expectation::Revision(_) if request.writes => expected,
            // A server that names no revisions gets no conditions: whether it honors them is not known.
            Expectation::Missing if request.method == Method::Put && self.names_revisions() => expected,
            _ => Expectation::Anything,
        };
        Request { expectation, ..request }
    }

    /// Waits as long as before the attempt after the `attempt`-th of a request.
    pub async fn pause(&self, attempt: u32) {
        self.retry.pause(attempt).await;
    }

    /// Whether a type of this organization slug belongs to the client's organization. Lists of types hold those of every
    /// public organization too; a server with one organization leaves the slug out.
    pub(super) fn owns(&self, organization: Option<&str>) -> bool {
        organization.is_none_or(|slug| slug == self.organization)
    }

    /// Returns the path `/api/ORG/…`, each segment percent-encoded.
    pub(super) fn path(&self, segments: &[&str]) -> String {
        let all: Vec<&str> = ["api", self.organization.as_str()]
            .into_iter()
            .chain(segments.iter().copied())
            .collect();
        path(&all)
    }

    /// Returns the request for one action of the schema tool.
    fn schema_request(&self, kind: SchemaType, action: SchemaAction, fields: Map<String, Value>) -> Request {
        let mut body = Map::new();
        body.insert("schema_type".to_owned(), json!(kind));
        body.insert("action".to_owned(), json!(action));
        body.extend(fields);
        let request = Request::new(Method::Post, self.path(&[schema::TOOL])).with_json(&body);
        match action {
            SchemaAction::List | SchemaAction::Get | SchemaAction::ListRules => request.reading(),
            // Sent twice, it may add two rows of one rule (contract section 8.2).
            SchemaAction::AddRule => request.once(),
            SchemaAction::Create => request.creating(),
            _ => request,
        }
    }

    /// Returns the request for one action of the schema tool on one type.
    pub(super) fn type_request(
        &self,
        kind: SchemaType,
        action: SchemaAction,
        slug: &str,
        fields: &Map<String, Value>,
    ) -> Request {
        let mut body = Map::from_iter([("slug".to_owned(), json!(slug))]);
        body.extend(fields.clone());
        self.schema_request(kind, action, body)
    }

    /// Sends a request.
    ///
    /// # Errors
    /// No response, or one that refuses the request.
    pub(super) async fn send(&self, request: Request) -> Result<Reply, RemoteError> {
        let (method, path, writes) = (request.method, request.path.clone(), request.writes);
        let request = self.with_expectation(request);
        if writes {
            // Until the response names a revision nothing is known: a lost response leaves the next write unconditional.
            self.expect(Expectation::Anything);
        }
        let response = self.retry.send(request).await.map_err(|error| RemoteError::Transport {
            maybe_applied: writes && error.maybe_sent(),
            error,
        })?;
        if let Some(revision) = &response.revision {
            self.names_revisions.store(true, Ordering::Relaxed);
            if writes && response.succeeded() {
                self.expect(Expectation::Revision(revision.clone()));
            }
        }
        let Some(refusal) = answer::refusal(method, &path, &response, &self.redactor) else {
            return Ok(Reply {
                method,
                path,
                writes,
                response,
                redactor: self.redactor.clone(),
            });
        };
        Err(RemoteError::Refused {
            answer: refusal.error,
            message: refusal.message,
            maybe_applied: writes && !response.proves_refusal(),
        })
    }
}
