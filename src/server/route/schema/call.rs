//! A call of the tool `manage_entity_schema` with its caller.

use axum::http::StatusCode;

use super::arguments::SchemaArguments;
use super::result::SchemaResult;
use crate::server::app::Shared;
use crate::server::auth::{Caller, Organization, unauthorized};
use crate::server::db::Tx;
use crate::server::idempotency::IdempotentRequest;
use crate::server::precondition::Precondition;
use crate::server::reply::ApiResult;

/// A call of `manage_entity_schema`.
pub(super) struct SchemaCall {
    pub(super) app: Shared,
    pub(super) organization: Organization,
    /// The member who may write; `None` when the action only reads.
    pub(super) writer: Option<Caller>,
    /// Whether the caller is a member, and not a visitor of a public organization.
    pub(super) by_member: bool,
    pub(super) arguments: SchemaArguments,
    pub(super) precondition: Precondition,
    /// `Some` for a create with an `Idempotency-Key`.
    pub(super) idempotent: Option<IdempotentRequest>,
}

impl SchemaCall {
    /// Returns the slug, which every action but `list` requires.
    pub(super) fn slug(&self) -> ApiResult<&str> {
        self.arguments.required("slug")
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
}
