//! The typed client: one method for each thing that is read, and the one way in which requests are made.
//!
//! Every answer's shape is checked: any path of a Lobu server may answer 200 with something else (contract section 1).

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::answer::{self, AnswerError};
use super::body::Body;
use super::error::RemoteError;
use super::fetch::is_ours;
use super::listed::{ListedAgent, ListedEntityType, ListedRelationshipType};
use super::normalize;
use super::retry::{Attempt, Retry};
use super::transport::{Method, Request, Response, Transport, path};
use crate::resource::field_table::FieldMismatch;
use crate::resource::{Address, Platform, Resource, Secret, Settings};
use crate::wire::agent::{AgentConfig, AgentList, CONFIG_PROOF_KEYS};
use crate::wire::error::ErrorBody;
use crate::wire::platform::PlatformList;
use crate::wire::schema::{self, SchemaType, WireEntityType, WireRelationshipType, WireRule};

/// Speaks with one organisation on one server.
#[derive(Clone)]
pub struct Client {
    retry: Retry,
    organization: String,
    parallelism: usize,
    in_flight: Arc<Semaphore>,
}

/// A request before it is sent.
pub(super) struct Call {
    pub method: Method,
    pub path: String,
    pub body: Option<Body>,
    pub secrets: Vec<Secret>,
    pub kind: CallKind,
}

/// What repeating a request means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallKind {
    /// It changes nothing.
    Read,
    /// It changes something, and twice is the same as once.
    Write,
    /// It changes something each time.
    WriteOnce,
}

/// An answer that is no refusal.
pub(super) struct Reply {
    method: Method,
    path: String,
    writes: bool,
    response: Response,
}

impl Client {
    /// A client of this organisation. It and its clones have at most `parallelism` requests in flight.
    pub fn new(retry: Retry, organization: impl Into<String>, parallelism: usize) -> Self {
        let parallelism = parallelism.max(1);
        Self {
            retry,
            organization: organization.into(),
            parallelism,
            in_flight: Arc::new(Semaphore::new(parallelism)),
        }
    }

    /// The same, telling of every try of a request.
    pub fn watched(&self, observer: impl Fn(&Attempt) + Send + Sync + 'static) -> Self {
        Self {
            retry: self.retry.clone().observed_by(observer),
            ..self.clone()
        }
    }

    /// The same, starting no further try once this is cancelled.
    pub fn stopped_by(&self, stop: CancellationToken) -> Self {
        Self {
            retry: self.retry.clone().stopped_by(stop),
            ..self.clone()
        }
    }

    /// The organisation's slug.
    pub fn organization(&self) -> &str {
        &self.organization
    }

    /// How many requests may be in flight.
    pub fn parallelism(&self) -> usize {
        self.parallelism
    }

    /// The server, for messages.
    pub fn describe(&self) -> String {
        self.retry.describe()
    }

    /// Returns the agents of the organization, in the order of the list.
    pub async fn agents(&self) -> Result<Vec<ListedAgent>, RemoteError> {
        let reply = self.reply(Call::read(self.path(&["agents"]))).await?;
        let list: AgentList = reply.parse()?;
        reply.checked(list.agents.into_iter().map(normalize::listed_agent).collect())
    }

    /// `GET …/agents/:id/config`; nothing when the agent is not there.
    pub async fn settings(&self, agent: &str) -> Result<Option<Settings>, RemoteError> {
        let reply = match self.reply(Call::read(self.path(&["agents", agent, "config"]))).await {
            Err(error) if error.is_missing() => return Ok(None),
            other => other?,
        };
        let config: AgentConfig = reply.parse()?;
        if !CONFIG_PROOF_KEYS.iter().all(|key| config.contains_key(*key)) {
            return Err(reply.malformed("an agent's config"));
        }
        Ok(Some(normalize::settings(agent, config)))
    }

    /// `GET …/agents/:id/platforms`; nothing when the agent is not there.
    pub async fn platforms(&self, agent: &str) -> Result<Option<Vec<Platform>>, RemoteError> {
        let list: PlatformList = match self.get(&["agents", agent, "platforms"]).await {
            Err(error) if error.is_missing() => return Ok(None),
            other => other?,
        };
        Ok(Some(
            list.platforms
                .into_iter()
                .map(|it| normalize::platform(agent, it))
                .collect(),
        ))
    }

    /// Returns every entity type that is listed, those of other organizations too.
    pub async fn entity_types(&self) -> Result<Vec<ListedEntityType>, RemoteError> {
        let reply = self.schema_list(SchemaType::EntityType).await?;
        let types: Vec<WireEntityType> = reply.parse_key("entity_types")?;
        reply.checked(types.into_iter().map(normalize::entity_type).collect())
    }

    /// Returns every relationship type that is listed, those of other organizations too, without their rules.
    pub async fn relationship_types(&self) -> Result<Vec<ListedRelationshipType>, RemoteError> {
        let reply = self.schema_list(SchemaType::RelationshipType).await?;
        let types: Vec<WireRelationshipType> = reply.parse_key("relationship_types")?;
        reply.checked(types.into_iter().map(normalize::relationship_type).collect())
    }

    /// The rules of a relationship type.
    pub async fn rules(&self, slug: &str) -> Result<Vec<WireRule>, RemoteError> {
        let fields = Map::from_iter([("slug".to_owned(), json!(slug))]);
        let reply = self
            .schema(SchemaType::RelationshipType, "list_rules", &fields, CallKind::Read)
            .await?;
        reply.parse_key("rules")
    }

    /// A resource as it is now; nothing when it is not there.
    pub async fn read(&self, address: &Address) -> Result<Option<Resource>, RemoteError> {
        match address {
            Address::Agent { id } => {
                let reply = match self.reply(Call::read(self.path(&["agents", id]))).await {
                    Err(error) if error.is_missing() => return Ok(None),
                    other => other?,
                };
                let agent = reply.checked(normalize::agent(reply.parse()?))?;
                Ok(Some(Resource::Agent(agent)))
            }
            Address::Settings { agent } => Ok(self.settings(agent).await?.map(Resource::Settings)),
            Address::Platform { agent, .. } => {
                let id = address.stable_id();
                let platforms = self.platforms(agent).await?.unwrap_or_default();
                Ok(platforms
                    .into_iter()
                    .find(|it| Some(&it.stable_id) == id.as_ref())
                    .map(Resource::Platform))
            }
            Address::EntityType { slug } => self.read_entity_type(slug).await,
            Address::RelationshipType { slug } => self.read_relationship_type(slug).await,
        }
    }

    async fn read_entity_type(&self, slug: &str) -> Result<Option<Resource>, RemoteError> {
        let Some(reply) = self.schema_get(SchemaType::EntityType, slug).await? else {
            return Ok(None);
        };
        let Some(body) = reply.parse_key::<Option<WireEntityType>>("entity_type")? else {
            return Ok(None);
        };
        let found = reply.checked(normalize::entity_type(body))?;
        let is_ours = is_ours(found.organization.as_deref(), &self.organization);
        Ok(is_ours.then_some(Resource::EntityType(found.entity_type)))
    }

    async fn read_relationship_type(&self, slug: &str) -> Result<Option<Resource>, RemoteError> {
        let Some(reply) = self.schema_get(SchemaType::RelationshipType, slug).await? else {
            return Ok(None);
        };
        let Some(body) = reply.parse_key::<Option<WireRelationshipType>>("relationship_type")? else {
            return Ok(None);
        };
        let found = reply.checked(normalize::relationship_type(body))?;
        if !is_ours(found.organization.as_deref(), &self.organization) {
            return Ok(None);
        }
        let mut ours = found.relationship_type;
        ours.rules = Some(normalize::rules_by_pair(self.rules(slug).await?));
        Ok(Some(Resource::RelationshipType(ours)))
    }

    async fn schema_list(&self, kind: SchemaType) -> Result<Reply, RemoteError> {
        self.schema(kind, "list", &Map::new(), CallKind::Read).await
    }

    async fn schema_get(&self, kind: SchemaType, slug: &str) -> Result<Option<Reply>, RemoteError> {
        let fields = Map::from_iter([("slug".to_owned(), json!(slug))]);
        match self.schema(kind, "get", &fields, CallKind::Read).await {
            Err(error) if error.is_missing() => Ok(None),
            other => other.map(Some),
        }
    }

    /// One action of the schema tool.
    pub(super) async fn schema(
        &self,
        kind: SchemaType,
        action: &str,
        fields: &Map<String, Value>,
        repeat: CallKind,
    ) -> Result<Reply, RemoteError> {
        let mut body = Map::new();
        body.insert("schema_type".to_owned(), json!(kind));
        body.insert("action".to_owned(), json!(action));
        body.extend(fields.clone());
        let call = Call::new(Method::Post, self.path(&[schema::TOOL]), repeat).with(&body);
        self.reply(call).await
    }

    /// `/api/:org/…`, each segment percent-encoded.
    pub(super) fn path(&self, segments: &[&str]) -> String {
        let all: Vec<&str> = ["api", self.organization.as_str()]
            .into_iter()
            .chain(segments.iter().copied())
            .collect();
        path(&all)
    }

    async fn get<T: DeserializeOwned>(&self, segments: &[&str]) -> Result<T, RemoteError> {
        self.reply(Call::read(self.path(segments))).await?.parse()
    }

    /// Sends a request and takes its answer for what it is: a refusal is an error, in the server's words.
    pub(super) async fn reply(&self, call: Call) -> Result<Reply, RemoteError> {
        let writes = call.kind != CallKind::Read;
        let request = Request {
            body: call.body,
            writes,
            repeatable: call.kind != CallKind::WriteOnce,
            secrets: call.secrets,
            ..Request::new(call.method, call.path.clone())
        };
        // The semaphore is never closed; a request without a permit would merely be one too many.
        let permit = self.in_flight.acquire().await.ok();
        let response = self.retry.send(request).await.map_err(|error| RemoteError::Transport {
            maybe_applied: writes && error.maybe_sent(),
            error,
        })?;
        drop(permit);
        let Some(answer) = answer::refusal(call.method, &call.path, &response) else {
            return Ok(Reply {
                method: call.method,
                path: call.path,
                writes,
                response,
            });
        };
        let body: Option<ErrorBody> = serde_json::from_slice(&response.body).ok();
        let message = body.map(|body| body.sentence().to_owned()).unwrap_or_default();
        Err(RemoteError::Refused {
            answer,
            message,
            maybe_applied: writes && !response.proves_refusal(),
        })
    }

    /// Waits as long as before the attempt after the `attempt`-th of a request.
    pub async fn pause(&self, attempt: u32) {
        self.retry.pause(attempt).await;
    }
}

impl Call {
    /// A GET.
    pub(super) fn read(path: String) -> Self {
        Self::new(Method::Get, path, CallKind::Read)
    }

    /// A request without a body.
    pub(super) fn new(method: Method, path: String, kind: CallKind) -> Self {
        Self {
            method,
            path,
            body: None,
            secrets: Vec::new(),
            kind,
        }
    }

    /// The same with a body.
    pub(super) fn with(mut self, body: &impl Serialize) -> Self {
        // Bodies are maps with string keys and plain structs, which always have a JSON form.
        self.body = Body::json(body).ok();
        self
    }

    /// The same, holding values that must not come back in the server's words.
    pub(super) fn hiding(mut self, secrets: impl IntoIterator<Item = Secret>) -> Self {
        self.secrets.extend(secrets);
        self
    }
}

impl Reply {
    /// HTTP status, always 2xx.
    pub(super) fn status(&self) -> u16 {
        self.response.status
    }

    /// Whether an earlier attempt may have been carried out.
    pub(super) fn maybe_applied(&self) -> bool {
        self.response.maybe_applied
    }

    /// The body as what it should be.
    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, RemoteError> {
        answer::decode(self.method, &self.path, &self.response).map_err(|answer| RemoteError::Malformed {
            answer,
            maybe_applied: self.writes,
        })
    }

    /// One key of the body; an answer without it is not one.
    pub(super) fn parse_key<T: DeserializeOwned>(&self, key: &str) -> Result<T, RemoteError> {
        let mut body: Map<String, Value> = self.parse()?;
        let value = body.remove(key).ok_or_else(|| self.malformed(&format!("`{key}`")))?;
        serde_json::from_value(value).map_err(|_| self.malformed(&format!("`{key}` of the expected shape")))
    }

    /// Returns a part of the body whose fields have been checked.
    pub(super) fn checked<T>(&self, fields: Result<T, FieldMismatch>) -> Result<T, RemoteError> {
        fields.map_err(|mismatch| self.malformed(&mismatch.to_string()))
    }

    /// A write's `{"success": true}`.
    pub(super) fn expect_success(&self) -> Result<(), RemoteError> {
        let body: Map<String, Value> = self.parse()?;
        match body.get("success") {
            Some(Value::Bool(true)) => Ok(()),
            _ => Err(self.malformed("`success`")),
        }
    }

    /// Checks that the schema tool answered this action: its reply repeats `schema_type` and `action`.
    ///
    /// Nothing else of a reply can be relied on: a real server in local mode answers a creation with rubbish beside the
    /// echo (contract section 8.1), while a proxy or a catch-all route answers any JSON object.
    pub(super) fn expect_echo(&self, kind: SchemaType, action: &str) -> Result<(), RemoteError> {
        let body: Map<String, Value> = self.parse()?;
        let echoes = body.get("schema_type") == Some(&json!(kind)) && body.get("action") == Some(&json!(action));
        if echoes {
            return Ok(());
        }
        Err(self.malformed("the echo of `schema_type` and `action`"))
    }

    fn malformed(&self, expected: &str) -> RemoteError {
        let answer = AnswerError {
            method: self.method,
            path: self.path.clone(),
            status: self.response.status,
            what: format!("answered {} without {expected}", self.response.status),
            hint: Some("check that `--url` is a Lobu server, and its path prefix"),
        };
        RemoteError::Malformed {
            answer,
            maybe_applied: self.writes,
        }
    }
}
