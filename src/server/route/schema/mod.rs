//! The tool `manage_entity_schema`: contract section 8. Every error is 400, as on the recorded server, except missing
//! credentials, a failed precondition and errors of the server.

mod arguments;
mod call;
mod entity_type;
mod entity_type_row;
mod relationship_row;
mod relationship_type;
mod result;
mod rule;
mod rule_row;

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use arguments::SchemaArguments;
use call::SchemaCall;
use result::SchemaResult;

use crate::server::app::Shared;
use crate::server::auth::{Caller, Visitor, unauthorized};
use crate::server::idempotency::IdempotencyKey;
use crate::server::precondition::Precondition;
use crate::server::reply::{ApiError, ApiResult};

/// The response: the kind and the action as the server has understood them, then the result.
#[derive(Serialize)]
struct SchemaResponse {
    schema_type: &'static str,
    action: String,
    #[serde(flatten)]
    result: SchemaResult,
}

/// Runs a call. A `schema_type` that is missing or unknown means a relationship type, as on the recorded server.
pub(crate) async fn call(
    app: Shared,
    visitor: Visitor,
    (precondition, key): (Precondition, IdempotencyKey),
    arguments: Map<String, Value>,
) -> ApiResult<Response> {
    let action = action_name(arguments.get("action"));
    let is_entity = arguments.get("schema_type").is_some_and(|kind| kind == "entity_type");
    // A relationship type has two more actions that write. For an entity type they are unknown, which anyone may learn.
    let writes = matches!(action.as_str(), "create" | "update" | "delete")
        || (!is_entity && matches!(action.as_str(), "add_rule" | "remove_rule"));
    let writer = if writes {
        Some(check_writer(&app, &visitor)?)
    } else {
        None
    };
    let idempotent = if action == "create" {
        key.of_request("schema.create", &arguments)?
    } else {
        None
    };
    let call = SchemaCall {
        app,
        idempotent,
        by_member: visitor.member.is_some(),
        organization: visitor.organization,
        writer,
        arguments: SchemaArguments {
            action,
            fields: arguments,
        },
        precondition,
    };
    let (schema_type, result) = if is_entity {
        ("entity_type", call_entity_type(&call).await?)
    } else {
        ("relationship_type", call_relationship_type(&call).await?)
    };
    let revision = result.revision();
    let body = Json(SchemaResponse {
        schema_type,
        action: call.arguments.action,
        result,
    });
    Ok(match revision {
        Some(revision) => (revision, body).into_response(),
        None => body.into_response(),
    })
}

async fn call_entity_type(call: &SchemaCall) -> ApiResult<SchemaResult> {
    match call.arguments.action.as_str() {
        "list" => entity_type::list(call).await,
        "get" => entity_type::get(call).await,
        "create" => entity_type::create(call).await,
        "update" => entity_type::update(call).await,
        "delete" => entity_type::delete(call).await,
        "audit" => entity_type::list_events(call).await,
        other => Err(unknown_action(other)),
    }
}

async fn call_relationship_type(call: &SchemaCall) -> ApiResult<SchemaResult> {
    match call.arguments.action.as_str() {
        "list" => relationship_type::list(call).await,
        "get" => relationship_type::get(call).await,
        "create" => relationship_type::create(call).await,
        "update" => relationship_type::update(call).await,
        "delete" => relationship_type::delete(call).await,
        "list_rules" => rule::list(call).await,
        "add_rule" => rule::add(call).await,
        "remove_rule" => rule::remove(call).await,
        other => Err(unknown_action(other)),
    }
}

/// Returns the name of the action in responses. A value that is not a text has the name that the recorded server
/// gives it.
fn action_name(value: Option<&Value>) -> String {
    match value {
        None => "undefined".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) => "null".to_owned(),
        Some(_) => "not a string".to_owned(),
    }
}

fn unknown_action(action: &str) -> ApiError {
    ApiError::bad_request(format!("Unknown action: {action}"))
}

/// Returns the member if it may write. A missing scope is reported before a missing role, both with 400 (contract section 2).
fn check_writer(app: &Shared, visitor: &Visitor) -> ApiResult<Caller> {
    let Some(member) = visitor.member.clone() else {
        return Err(unauthorized(app, &visitor.organization));
    };
    let caller = Caller {
        organization: visitor.organization.clone(),
        member,
        request_id: visitor.request_id.clone(),
    };
    let message = if !caller.member.has_admin_scope() {
        "This MCP session does not include admin access. Reconnect with admin access after an owner grants the role."
    } else if !caller.member.is_org_admin() {
        "This action requires admin or owner access. Ask an organization owner to grant elevated access."
    } else {
        return Ok(caller);
    };
    Err(ApiError::bad_request(message).denying(caller.denial()))
}
