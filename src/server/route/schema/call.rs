//! A call of the tool `manage_entity_schema`: its arguments and its caller.

use axum::http::StatusCode;
use serde_json::{Map, Value};

use super::result::SchemaResult;
use crate::server::app::Shared;
use crate::server::auth::{Caller, Organization, unauthorized};
use crate::server::body::text_field;
use crate::server::db::Tx;
use crate::server::idempotency::IdempotentRequest;
use crate::server::precondition::Precondition;
use crate::server::reply::{ApiError, ApiResult};

/// A call of `manage_entity_schema`.
pub(super) struct SchemaCall {
    pub(super) app: Shared,
    pub(super) organization: Organization,
    /// The member who may write; `None` when the action only reads.
    pub(super) writer: Option<Caller>,
    /// Whether the caller is a member, and not a visitor of a public organization.
    pub(super) by_member: bool,
    pub(super) action: String,
    pub(super) arguments: Map<String, Value>,
    pub(super) precondition: Precondition,
    /// `Some` for a create with an `Idempotency-Key`.
    pub(super) idempotent: Option<IdempotentRequest>,
}

impl SchemaCall {
    /// Returns the slug, which every action but `list` requires.
    pub(super) fn slug(&self) -> ApiResult<&str> {
        self.required("slug")
    }

    /// Returns a text argument. 400 when it is missing or empty.
    pub(super) fn required(&self, name: &str) -> ApiResult<&str> {
        let text = text_field(&self.arguments, name)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| ApiError::bad_request(format!("{name} is required for {} action", self.action)))
    }

    /// Returns a text argument. Null counts as absent.
    pub(super) fn text(&self, name: &str) -> ApiResult<Option<&str>> {
        text_field(&self.arguments, name)
    }

    /// Whether the argument is present. Null counts as present.
    pub(super) fn has(&self, name: &str) -> bool {
        self.arguments.contains_key(name)
    }

    /// Returns a JSON argument as the text to store. Null counts as absent.
    pub(super) fn json(&self, name: &str) -> Option<String> {
        self.arguments
            .get(name)
            .filter(|value| !value.is_null())
            .map(Value::to_string)
    }

    /// Returns the member on whose behalf the call writes. 401 in a call that may only read.
    pub(super) fn writer(&self) -> ApiResult<&Caller> {
        let writer = self.writer.as_ref();
        writer.ok_or_else(|| unauthorized(&self.app, &self.organization))
    }

    /// Takes the idempotency key of a create, if the request has one. Returns the answer that an earlier create with the same key
    /// received, or `None` when this one has to create.
    pub(super) async fn earlier_answer(&self, tx: &mut Tx<'_>) -> ApiResult<Option<SchemaResult>> {
        let Some(request) = &self.idempotent else {
            return Ok(None);
        };
        let answer = request.begin(tx, self.writer()?).await?;
        Ok(answer.map(|answer| SchemaResult::recorded(answer.body, answer.revision)))
    }

    /// Stores the answer of a create for later requests with the same key.
    pub(super) async fn record_answer(&self, tx: &mut Tx<'_>, result: &SchemaResult) -> ApiResult<()> {
        let Some(request) = &self.idempotent else { return Ok(()) };
        let revision = result.updated_at();
        request
            .record(tx, self.writer()?, StatusCode::OK, revision, result)
            .await
    }

    /// Returns the names of the arguments that describe the type, for the audit.
    pub(super) fn names(&self) -> Vec<&str> {
        // These choose the action and its target, which the event has in fields of its own.
        let routing = ["schema_type", "action", "slug"];
        self.arguments
            .keys()
            .map(String::as_str)
            .filter(|name| !routing.contains(name))
            .collect()
    }
}
