//! `POST /api/:org/:tool`: contract sections 3, 8 and 12 to 15. Every error is 400, as recorded, except missing credentials.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::{memory, organization, schema};
use crate::server::app::{App, Shared};
use crate::server::auth::{Member, Visitor};
use crate::server::body::{JsonBody, READER_BODY};
use crate::server::idempotency::IdempotencyKey;
use crate::server::path::PathIds;
use crate::server::precondition::Precondition;
use crate::server::reply::{ApiError, ApiResult};

/// Runs the tool that the path names.
pub(crate) async fn call(
    State(app): State<Shared>,
    visitor: Visitor,
    PathIds((_, tool)): PathIds<(String, String)>,
    request: Request,
) -> ApiResult<Response> {
    // Read here and not by extractors, because the request is needed whole: the limit of its body depends on the caller.
    let precondition = Precondition::from_headers(request.headers());
    let key = IdempotencyKey::from_headers(request.headers());
    let mut body = read(&app, &visitor, &tool, request).await?;
    match tool.as_str() {
        "manage_entity_schema" => {
            if !body.is_container() {
                return Err(ApiError::bad_request("the arguments must be a JSON object"));
            }
            schema::call(app, visitor, (precondition, key), body.take_fields()).await
        }
        name if memory::has_tool(name) => {
            if !body.is_container() {
                return Err(ApiError::bad_request("the arguments must be a JSON object"));
            }
            memory::call(app, visitor, (precondition, key), name, body.take_fields()).await
        }
        "list_organizations" => {
            let arguments = body.take_fields();
            Ok(Json(organization::list(&app, &visitor, &arguments).await?).into_response())
        }
        "resolve_path" => {
            let arguments = body.take_fields();
            Ok(Json(organization::resolve_path(&app, &visitor, &arguments).await?).into_response())
        }
        other => Err(ApiError::bad_request(format!("Tool not found: {other}"))),
    }
}

/// Reads the body, within the limit for this caller.
async fn read(app: &App, visitor: &Visitor, tool: &str, request: Request) -> ApiResult<JsonBody> {
    // What is remembered may be written by every member with the scope for it; types only by administrators.
    let writes_memory = || visitor.member.as_ref().is_some_and(Member::may_write_memory);
    if visitor.may_write() || (memory::has_tool(tool) && writes_memory()) {
        return JsonBody::read(request, app, app.limits.body).await;
    }
    let limit = READER_BODY.min(app.limits.body);
    JsonBody::read(request, app, limit).await.map_err(|error| {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
            let message = format!("the body is too large: without the right to write it may have {limit} bytes");
            return ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, message);
        }
        error
    })
}
