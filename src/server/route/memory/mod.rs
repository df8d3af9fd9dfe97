//! The tools of the memory: contract sections 12 to 15. Every error is 400, as on the recorded server, except missing
//! credentials, a failed precondition and errors of the server.

mod arguments;
mod array_text;
mod call;
mod entity;
mod knowledge;
mod link;
mod query;
mod watcher;

use std::collections::HashMap;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use arguments::MemoryArguments;
use call::{MemoryCall, MemoryReply};

use crate::server::app::Shared;
use crate::server::auth::{AnyMember, Caller, Visitor, unauthorized};
use crate::server::idempotency::IdempotencyKey;
use crate::server::precondition::Precondition;
use crate::server::reply::{ApiError, ApiResult};

/// The tools of this room.
const TOOLS: [&str; 7] = [
    "manage_entity",
    "manage_watchers",
    LIST_WATCHERS,
    "save_knowledge",
    READ_KNOWLEDGE,
    "search_knowledge",
    "query_sql",
];
const READ_KNOWLEDGE: &str = "read_knowledge";
/// Not a tool of its own: `read_knowledge` with a question that has to be there.
const FIND_KNOWLEDGE: &str = "knowledge/search";
const LIST_WATCHERS: &str = "list_watchers";

/// Whether a tool belongs to the memory.
pub(crate) fn has_tool(name: &str) -> bool {
    TOOLS.contains(&name)
}

/// Runs a call of one of the tools. Needs a member: what is remembered is not public, unlike types.
pub(crate) async fn call(
    app: Shared,
    visitor: Visitor,
    (precondition, key): (Precondition, IdempotencyKey),
    tool: &str,
    fields: Map<String, Value>,
) -> ApiResult<Response> {
    let Some(member) = visitor.member else {
        return Err(unauthorized(&app, &visitor.organization));
    };
    let caller = Caller {
        organization: visitor.organization,
        member,
        request_id: visitor.request_id,
    };
    let reply = run(app, caller, (precondition, key), tool, fields).await?;
    Ok(reply.into_response())
}

/// `GET /api/:org/watchers`: the same as the tool `list_watchers`, with its arguments in the query.
pub(crate) async fn list_watchers(
    State(app): State<Shared>,
    AnyMember(caller): AnyMember,
    query: TextQuery,
) -> ApiResult<Response> {
    let fields = query_fields(query)?;
    let headers = (Precondition::default(), IdempotencyKey::default());
    Ok(run(app, caller, headers, LIST_WATCHERS, fields).await?.into_response())
}

/// `GET /api/:org/knowledge/search`: searches the knowledge for the words of `query`.
pub(crate) async fn find_knowledge(
    State(app): State<Shared>,
    AnyMember(caller): AnyMember,
    query: TextQuery,
) -> ApiResult<Response> {
    let fields = query_fields(query)?;
    let headers = (Precondition::default(), IdempotencyKey::default());
    Ok(run(app, caller, headers, FIND_KNOWLEDGE, fields).await?.into_response())
}

/// Runs a tool without the headers of HTTP, and returns its answer.
pub(crate) async fn answer(app: Shared, caller: Caller, tool: &str, fields: Map<String, Value>) -> ApiResult<Value> {
    let headers = (Precondition::default(), IdempotencyKey::default());
    Ok(run(app, caller, headers, tool, fields).await?.body)
}

/// The arguments in a query, which are texts.
type TextQuery = Result<Query<HashMap<String, String>>, QueryRejection>;

fn query_fields(query: TextQuery) -> ApiResult<Map<String, Value>> {
    let Query(query) = query.map_err(|_| ApiError::bad_request("the query is not form-encoded"))?;
    if query.values().any(|value| value.contains('\0')) {
        return Err(ApiError::bad_request("text cannot contain U+0000"));
    }
    Ok(query.into_iter().map(|(name, value)| (name, value.into())).collect())
}

async fn run(
    app: Shared,
    caller: Caller,
    (precondition, key): (Precondition, IdempotencyKey),
    tool: &str,
    fields: Map<String, Value>,
) -> ApiResult<MemoryReply> {
    let arguments = MemoryArguments { fields };
    let action = arguments.action();
    let idempotent = key.of_request(&format!("{tool}.{action}"), &arguments.fields)?;
    let call = MemoryCall {
        app,
        caller,
        arguments,
        precondition,
        idempotent,
    };
    match tool {
        "manage_entity" => manage_entity(&call, &action).await,
        "manage_watchers" => manage_watchers(&call, &action).await,
        LIST_WATCHERS => watcher::list::list(&call).await,
        "save_knowledge" => knowledge::save::save(&call).await,
        READ_KNOWLEDGE => knowledge::list::read(&call).await,
        FIND_KNOWLEDGE => knowledge::list::search(&call).await,
        "search_knowledge" => knowledge::search::search(&call).await,
        "query_sql" => query::run::run(&call).await,
        other => Err(ApiError::bad_request(format!("Tool not found: {other}"))),
    }
}

async fn manage_entity(call: &MemoryCall, action: &str) -> ApiResult<MemoryReply> {
    match action {
        "create" => entity::write::create(call).await,
        "update" => entity::write::update(call).await,
        "list" => entity::list::list(call).await,
        "get" => entity::list::get(call).await,
        "delete" => entity::removal::delete(call).await,
        "restore" => entity::removal::restore(call).await,
        "link" => link::write::create(call).await,
        "update_link" => link::write::update(call).await,
        "unlink" => link::write::delete(call).await,
        "list_links" => link::list::of_entity(call).await,
        "list_all_links" => link::list::of_organization(call).await,
        other => Err(ApiError::bad_request(format!("Unknown action: {other}"))),
    }
}

async fn manage_watchers(call: &MemoryCall, action: &str) -> ApiResult<MemoryReply> {
    match action {
        "create" => watcher::write::create(call).await,
        "update" => watcher::write::update(call).await,
        "create_version" => watcher::version::create(call).await,
        "upgrade" => watcher::version::upgrade(call).await,
        "get_versions" => watcher::version::list(call).await,
        "get_version_details" => watcher::version::get(call).await,
        "set_reaction_script" => watcher::state::set_script(call).await,
        "delete" => watcher::state::archive(call).await,
        "restore" => watcher::state::restore(call).await,
        "trigger" => watcher::state::trigger(call),
        other => Err(ApiError::bad_request(format!("Unknown action: {other}"))),
    }
}
