//! A call of a tool of the memory with its caller, and what the caller may do.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::arguments::MemoryArguments;
use crate::server::app::Shared;
use crate::server::auth::Caller;
use crate::server::db::Tx;
use crate::server::idempotency::IdempotentRequest;
use crate::server::precondition::{Precondition, Revision};
use crate::server::reply::{ApiError, ApiResult};

/// A call of a tool of the memory.
pub(crate) struct MemoryCall {
    pub(super) app: Shared,
    pub(super) caller: Caller,
    pub(super) arguments: MemoryArguments,
    pub(super) precondition: Precondition,
    /// `Some` for a request with an `Idempotency-Key`.
    pub(super) idempotent: Option<IdempotentRequest>,
}

impl MemoryCall {
    /// Returns the id of the organization.
    pub(super) fn organization(&self) -> &str {
        &self.caller.organization.id
    }

    /// Returns the beginning of the addresses of the organization's pages, without a trailing slash.
    pub(super) fn base_url(&self) -> String {
        format!("{}/{}", self.app.origin(), self.caller.organization.slug)
    }

    /// Returns the caller if it may change data: any member with the scope `mcp:write`.
    pub(super) fn writer(&self) -> ApiResult<&Caller> {
        if self.caller.member.may_write_memory() {
            return Ok(&self.caller);
        }
        Err(self
            .denied("This MCP session is read-only. Reconnect with write-scoped OAuth, or ask an owner to add you."))
    }

    /// Returns the caller if it may delete and administer: an owner or admin with the scope `mcp:admin`. A missing scope is
    /// reported before a missing role.
    pub(super) fn administrator(&self) -> ApiResult<&Caller> {
        let message = if !self.caller.member.has_admin_scope() {
            "This MCP session does not include admin access. Reconnect with admin access after an owner grants the role."
        } else if !self.caller.member.is_org_admin() {
            "This action requires admin or owner access. Ask an organization owner to grant elevated access."
        } else {
            return Ok(&self.caller);
        };
        Err(self.denied(message))
    }

    fn denied(&self, message: &str) -> ApiError {
        ApiError::bad_request(message).denying(self.caller.denial())
    }

    /// Takes the idempotency key of a create, if the request has one. Returns the answer that an earlier create with the same
    /// key received, or `None` when this one has to create.
    pub(super) async fn earlier_answer(&self, tx: &mut Tx<'_>) -> ApiResult<Option<MemoryReply>> {
        let Some(request) = &self.idempotent else {
            return Ok(None);
        };
        let answer = request.begin(tx, &self.caller).await?;
        Ok(answer.map(|answer| MemoryReply {
            body: answer.body,
            updated_at: answer.revision,
        }))
    }

    /// Stores the answer of a create for later requests with the same key.
    pub(super) async fn record_answer(&self, tx: &mut Tx<'_>, reply: &MemoryReply) -> ApiResult<()> {
        let Some(request) = &self.idempotent else { return Ok(()) };
        request
            .record(tx, &self.caller, StatusCode::OK, reply.updated_at, &reply.body)
            .await
    }
}

/// The answer of a tool of the memory.
pub(crate) struct MemoryReply {
    pub(super) body: Value,
    /// When the row in the answer was last written, in milliseconds since 1970, if it is about one row.
    pub(super) updated_at: Option<i64>,
}

impl From<Value> for MemoryReply {
    fn from(body: Value) -> Self {
        Self { body, updated_at: None }
    }
}

impl IntoResponse for MemoryReply {
    fn into_response(self) -> Response {
        let body = Json(self.body);
        match self.updated_at.map(Revision::of_row) {
            Some(revision) => (revision, body).into_response(),
            None => body.into_response(),
        }
    }
}
