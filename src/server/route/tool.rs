//! `POST /api/:org/:tool`: contract sections 3 and 8. Every refusal here is 400, as recorded, but a missing login.

use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};

use super::{entity_type, organization, relationship_type, relationship_write, rule};
use crate::server::app::Shared;
use crate::server::auth::{Caller, Organization, Visitor, unauthorized};
use crate::server::reply::{Body, Failure, Ids, Reply, text_field};

/// A call of `manage_entity_schema`.
pub(crate) struct Call {
    pub(crate) app: Shared,
    pub(crate) organization: Organization,
    /// Who may write; absent when this call only reads.
    pub(crate) writer: Option<Caller>,
    /// Whether a member asks, rather than a visitor of a public organisation.
    pub(crate) by_member: bool,
    pub(crate) action: String,
    pub(crate) arguments: Map<String, Value>,
}

impl Call {
    /// The slug, which every action but `list` requires.
    pub(crate) fn slug(&self) -> Reply<&str> {
        self.required("slug")
    }

    /// A text argument that must be there and not empty.
    pub(crate) fn required(&self, name: &str) -> Reply<&str> {
        let text = text_field(&self.arguments, name)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| Failure::bad_request(format!("{name} is required for {} action", self.action)))
    }

    /// A text argument; null is absent.
    pub(crate) fn text(&self, name: &str) -> Reply<Option<&str>> {
        text_field(&self.arguments, name)
    }

    /// Whether the argument is there, null included.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.arguments.contains_key(name)
    }

    /// A JSON argument as the text that is stored; null is absent.
    pub(crate) fn json(&self, name: &str) -> Option<String> {
        self.arguments
            .get(name)
            .filter(|value| !value.is_null())
            .map(Value::to_string)
    }

    /// The member on whose behalf is written.
    pub(crate) fn writer(&self) -> Reply<&Caller> {
        self.writer.as_ref().ok_or_else(|| unauthorized(&self.app))
    }

    /// The names of what was sent, for the audit.
    pub(crate) fn names(&self) -> Vec<&str> {
        let plumbing = ["schema_type", "action", "slug"];
        self.arguments
            .keys()
            .map(String::as_str)
            .filter(|name| !plumbing.contains(name))
            .collect()
    }
}

/// Dispatches by tool.
pub(crate) async fn call(
    State(app): State<Shared>,
    visitor: Visitor,
    Ids((_, tool)): Ids<(String, String)>,
    body: Body,
) -> Reply {
    match tool.as_str() {
        "manage_entity_schema" => schema(app, visitor, body).await,
        "list_organizations" => organization::list(&app, &visitor).await,
        "resolve_path" => organization::resolve_path(&app, &visitor, &body.fields()).await,
        _ => Err(Failure::bad_request(format!("Tool not found: {tool}"))),
    }
}

fn word(value: Option<&Value>) -> String {
    match value {
        None => "undefined".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) => "null".to_owned(),
        Some(_) => "not a string".to_owned(),
    }
}

async fn schema(app: Shared, visitor: Visitor, body: Body) -> Reply {
    if !matches!(body.0, Value::Object(_) | Value::Array(_)) {
        return Err(Failure::bad_request("the arguments must be a JSON object"));
    }
    let arguments = body.fields();
    let action = word(arguments.get("action"));
    let entity = arguments.get("schema_type").is_some_and(|kind| kind == "entity_type");
    let writes = matches!(action.as_str(), "create" | "update" | "delete")
        || (!entity && matches!(action.as_str(), "add_rule" | "remove_rule"));
    let by_member = visitor.member.is_some();
    let writer = if writes { Some(writer(&app, &visitor)?) } else { None };
    let call = Call {
        app,
        organization: visitor.organization,
        writer,
        by_member,
        action,
        arguments,
    };
    let (kind, answer) = if entity {
        ("entity_type", entity_type::dispatch(&call).await?)
    } else {
        ("relationship_type", relationship(&call).await?)
    };
    let mut reply = Map::new();
    reply.insert("schema_type".into(), json!(kind));
    reply.insert("action".into(), json!(call.action));
    reply.extend(answer);
    Ok(Json(Value::Object(reply)))
}

async fn relationship(call: &Call) -> Reply<Map<String, Value>> {
    match call.action.as_str() {
        "list" => relationship_type::list(call).await,
        "get" => relationship_type::get(call).await,
        "create" => relationship_write::create(call).await,
        "update" => relationship_write::update(call).await,
        "delete" => relationship_write::delete(call).await,
        "list_rules" => rule::list(call).await,
        "add_rule" => rule::add(call).await,
        "remove_rule" => rule::remove(call).await,
        other => Err(unknown(other)),
    }
}

pub(crate) fn unknown(action: &str) -> Failure {
    Failure::bad_request(format!("Unknown action: {action}"))
}

/// The scope is asked for before the role, and both answer 400.
fn writer(app: &Shared, visitor: &Visitor) -> Reply<Caller> {
    let member = visitor.member.clone().ok_or_else(|| unauthorized(app))?;
    if !member.may_administer() {
        return Err(Failure::bad_request(
            "This MCP session does not include admin access. Reconnect with admin access after an owner grants the role.",
        ));
    }
    if !member.governs() {
        return Err(Failure::bad_request(
            "This action requires admin or owner access. Ask an organization owner to grant elevated access.",
        ));
    }
    Ok(Caller {
        organization: visitor.organization.clone(),
        member,
    })
}

/// One key and its value, as an answer's body.
pub(crate) fn one(key: &str, value: Value) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert(key.to_owned(), value);
    map
}

/// What a deletion answers.
pub(crate) fn done(message: String) -> Map<String, Value> {
    let mut map = one("success", json!(true));
    map.insert("message".to_owned(), Value::String(message));
    map
}
