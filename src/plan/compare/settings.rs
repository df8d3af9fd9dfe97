//! An agent's settings, key by key.

use serde_json::{Map, Value, json};

use super::comparison::Comparison;
use super::json as leaves;
use super::skills;
use super::table::{KeyRule, Merged, Shape, key, merge, server_only};
use crate::plan::change::{Change, ChangeKind, Presentation};
use crate::plan::operation::Operation;
use crate::plan::settings_patch::SettingsPatch;
use crate::plan::undeclared::Undeclared;
use crate::resource::{FieldPath, Settings, SharedValue, Shown, field};

const NETWORK: &[KeyRule] = &[
    key("allowedDomains", Shape::Set),
    key("deniedDomains", Shape::Set),
    key("judgedDomains", Shape::Set),
    key("judges", Shape::Value),
];
const EGRESS: &[KeyRule] = &[key("extraPolicy", Shape::Text), key("judgeModel", Shape::Text)];
const TOOLS: &[KeyRule] = &[
    key("allowedTools", Shape::Set),
    key("deniedTools", Shape::Set),
    key("strictMode", Shape::Value),
];
const NIX: &[KeyRule] = &[key("packages", Shape::Set)];
const MODEL_SELECTION: &[KeyRule] = &[key("mode", Shape::Value), key("pinnedModel", Shape::Value)];
const OAUTH: &[KeyRule] = &[
    key("authUrl", Shape::Value),
    key("tokenUrl", Shape::Value),
    key("clientId", Shape::Value),
    key("clientSecret", Shape::Value),
    key("scopes", Shape::Set),
    key("tokenEndpointAuthMethod", Shape::Value),
];
const MCP_SERVER: &[KeyRule] = &[
    key("type", Shape::Value),
    key("url", Shape::Value),
    key("command", Shape::Value),
    key("args", Shape::Value),
    key("env", Shape::Value),
    key("headers", Shape::Value),
    key("oauth", Shape::Table(OAUTH)),
    key("authScope", Shape::Value),
];

/// Compares settings with those on the server, or with those that the server gives a new agent.
pub(super) fn compare(
    desired: &SharedValue<Settings>,
    remote: Option<&Settings>,
    undeclared: Undeclared,
) -> Comparison {
    let fresh = Settings {
        agent: desired.agent.clone(),
        fields: defaults().into(),
    };
    let remote = remote.unwrap_or(&fresh);
    let mut patch = SettingsPatch::new(desired.clone());
    let mut incomparable = Vec::new();
    let mut changes = Vec::new();
    // One write carries every field that changes: the server merges it by top-level key.
    for name in field::ALL {
        let mut merged = compare_field(name, desired, remote, undeclared);
        for change in &mut merged.changes {
            let sides = [desired, remote].map(|settings| settings.fields.shared(name));
            sides.into_iter().flatten().for_each(|value| change.share(value));
        }
        let sent = || {
            merged
                .value
                .clone()
                .filter(|value| !is_cleared(value))
                .unwrap_or(Value::Null)
        };
        if merged.writes() {
            patch.set(name, sent());
        } else if merged
            .changes
            .iter()
            .any(|change| change.kind == ChangeKind::SecretNotComparable)
        {
            incomparable.push((name, sent()));
        }
        changes.extend(merged.changes);
    }
    // A hidden secret is sent with the fields that change, or alone when nothing else does.
    let recheck = patch.is_empty() && !incomparable.is_empty();
    for (name, value) in incomparable {
        patch.set(name, value);
    }
    let operation = (!patch.is_empty()).then_some(Operation::PatchSettings(patch));
    Comparison {
        changes,
        operation,
        recheck,
        ..Comparison::default()
    }
}

fn compare_field(name: &'static str, desired: &Settings, remote: &Settings, undeclared: Undeclared) -> Merged {
    let path = FieldPath::root(name);
    let (wanted, found) = (desired.get(name), remote.get(name));
    let shape = match name {
        field::IDENTITY | field::SOUL | field::USER => Shape::Text,
        field::PROVIDERS => return providers(&path, wanted, found, undeclared),
        field::MODEL_SELECTION => return model_selection(&path, wanted, found),
        field::MODEL_PREFERENCES => return model_preferences(desired, remote, undeclared),
        field::NETWORK => Shape::Table(NETWORK),
        field::EGRESS => Shape::Table(EGRESS),
        field::TOOLS => Shape::Table(TOOLS),
        field::NIX => Shape::Table(NIX),
        field::PRE_APPROVED => return pre_approved(&path, wanted, found, undeclared),
        field::MCP_SERVERS => return mcp_servers(&path, wanted, found, undeclared),
        field::SKILLS => return skills::merge(&path, wanted, found, undeclared),
        _ => Shape::Set,
    };
    merge(shape, &path, wanted, found, undeclared)
}

/// Whether the merged value is an empty table: `null` is sent instead, which resets the field to the same.
fn is_cleared(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty)
}

/// Compares the model selection. Without providers in the file it belongs to the server, and no difference is shown.
fn model_selection(path: &FieldPath, desired: Option<&Value>, remote: Option<&Value>) -> Merged {
    let Some(desired) = desired else {
        return Merged::kept(remote);
    };
    let mut merged = merge(
        Shape::Table(MODEL_SELECTION),
        path,
        Some(desired),
        remote,
        Undeclared::Clear,
    );
    if !merged.writes() {
        merged.changes.clear();
    }
    merged
}

/// Compares providers by id and order: the first is the primary one. Providers that stay keep `installedAt` and
/// `config`.
fn providers(path: &FieldPath, desired: Option<&Value>, remote: Option<&Value>, undeclared: Undeclared) -> Merged {
    let Some(desired) = desired else {
        let shown = ids(remote).into_iter().map(Value::from).collect::<Vec<_>>();
        if shown.is_empty() {
            return Merged::kept(remote);
        }
        let change = Change::server_only(path.clone(), Shown::from(Value::Array(shown)), undeclared);
        return Merged {
            value: remote.cloned().and_then(|value| undeclared.kept(value)),
            changes: vec![change],
        };
    };
    let (wanted, found) = (ids(Some(desired)), ids(remote));
    if wanted == found {
        return Merged::kept(remote);
    }
    let known = remote.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let declared = |id: &str| {
        desired
            .as_array()?
            .iter()
            .find(|item| provider_id(item) == Some(id))
            .cloned()
    };
    let keep = |id: &str| known.iter().find(|item| provider_id(item) == Some(id)).cloned();
    let value = wanted
        .iter()
        .map(|id| keep(id).or_else(|| declared(id)).unwrap_or_default())
        .collect();
    let list = |ids: &[&str]| Some(Shown::from(json!(ids))).filter(|_| !ids.is_empty());
    let change =
        Change::between(path.clone(), list(&found), Some(Shown::from(json!(wanted)))).presented_as(Presentation::List);
    Merged {
        value: Some(Value::Array(value)),
        changes: vec![change],
    }
}

fn ids(providers: Option<&Value>) -> Vec<&str> {
    providers
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(provider_id)
        .collect()
}

fn provider_id(item: &Value) -> Option<&str> {
    item.get("providerId").and_then(Value::as_str)
}

/// Compares the models by provider. When a provider is removed, its model goes with it, declared or not.
fn model_preferences(desired: &Settings, remote: &Settings, undeclared: Undeclared) -> Merged {
    let path = FieldPath::root(field::MODEL_PREFERENCES);
    let nothing = Map::new();
    let object = |settings: &Settings| {
        settings
            .get(field::MODEL_PREFERENCES)
            .and_then(Value::as_object)
            .cloned()
    };
    let wanted = object(desired).unwrap_or_default();
    let found = object(remote).unwrap_or(nothing);
    let declared = desired.get(field::PROVIDERS);
    let kept_ids = ids(declared.or_else(|| remote.get(field::PROVIDERS)));
    let had_ids = ids(remote.get(field::PROVIDERS));
    let mut merged = Merged {
        value: None,
        changes: Vec::new(),
    };
    let mut result = found.clone();
    for (id, model) in &wanted {
        let one = merge(Shape::Text, &path.join(id), Some(model), found.get(id), undeclared);
        merged.changes.extend(one.changes);
        result.extend(one.value.map(|value| (id.clone(), value)));
    }
    for (id, model) in found.iter().filter(|(id, _)| !wanted.contains_key(*id)) {
        // A model means nothing without its provider, and no line of a file could remove it later.
        let leaves_now = had_ids.contains(&id.as_str()) && !kept_ids.contains(&id.as_str());
        let fate = if leaves_now { Undeclared::Clear } else { undeclared };
        let one = server_only(&path.join(id), Some(model), fate);
        merged.changes.extend(one.changes);
        if one.value.is_none() {
            result.remove(id);
        }
    }
    merged.value = Some(Value::Object(result));
    merged
}

/// Compares MCP servers entry by entry. The write carries the declared entries and, unchanged, those that only the
/// server has (semantics, "Comparing").
fn mcp_servers(path: &FieldPath, desired: Option<&Value>, remote: Option<&Value>, undeclared: Undeclared) -> Merged {
    let nothing = Map::new();
    let wanted = desired.and_then(Value::as_object).unwrap_or(&nothing);
    let found = remote.and_then(Value::as_object).unwrap_or(&nothing);
    let mut result = found.clone();
    let mut changes = Vec::new();
    for (id, server) in wanted {
        let one = merge(
            Shape::Table(MCP_SERVER),
            &path.join(id),
            Some(server),
            found.get(id),
            undeclared,
        );
        changes.extend(one.changes);
        result.extend(one.value.map(|value| (id.clone(), value)));
    }
    for (id, server) in found
        .iter()
        .filter(|(id, server)| !wanted.contains_key(*id) && !is_injected(id, server))
    {
        let path = path.join(id);
        changes.push(Change::server_only(
            path.clone(),
            leaves::shown(&path, server),
            undeclared,
        ));
        if undeclared.clears() {
            result.remove(id);
        }
    }
    changes.sort_by(|left, right| left.path.cmp(&right.path));
    Merged {
        value: Some(Value::Object(result)),
        changes,
    }
}

/// Tools of the server that later releases give every new agent (contract section 11.1): allowed by the server itself,
/// never drift, and kept by every write.
const INJECTED_TOOLS: &str = "/mcp/lobu-memory/tools/*";

fn pre_approved(path: &FieldPath, desired: Option<&Value>, remote: Option<&Value>, undeclared: Undeclared) -> Merged {
    let is_injected = |item: &&Value| item.as_str() == Some(INJECTED_TOOLS);
    let items = remote.and_then(Value::as_array);
    let injected = items.is_some_and(|items| items.iter().any(|item| is_injected(&item)));
    let declared = desired
        .and_then(Value::as_array)
        .is_some_and(|items| items.iter().any(|item| is_injected(&item)));
    if !injected || declared {
        return merge(Shape::Set, path, desired, remote, undeclared);
    }
    let others = items.map(|items| items.iter().filter(|item| !is_injected(item)).cloned().collect());
    let mut merged = merge(Shape::Set, path, desired, others.map(Value::Array).as_ref(), undeclared);
    let value = merged.value.get_or_insert_with(|| json!([]));
    value
        .as_array_mut()
        .into_iter()
        .for_each(|items| items.push(json!(INJECTED_TOOLS)));
    merged
}

/// Whether this is the MCP server that every new agent gets (contract sections 4 and 11.1). It is never drift.
fn is_injected(id: &str, server: &Value) -> bool {
    let url = server.get("url").and_then(Value::as_str).unwrap_or("");
    (id == "owletto" || id == "lobu-memory") && url.contains("/mcp/")
}

/// Returns the settings of the server without what it gives every agent by itself, unless the files declare it too.
pub fn without_injected(remote: &Settings, declared: &Settings) -> Settings {
    let mut settings = remote.clone();
    let known = |name: &str| declared.get(name).cloned().unwrap_or_default();
    if let Some(Value::Object(servers)) = settings.fields.get_mut(field::MCP_SERVERS) {
        let known = known(field::MCP_SERVERS);
        servers.retain(|id, server| known.get(id).is_some() || !is_injected(id, server));
    }
    if let Some(Value::Array(tools)) = settings.fields.get_mut(field::PRE_APPROVED) {
        let known = known(field::PRE_APPROVED);
        let is_known = |tool: &Value| known.as_array().is_some_and(|tools| tools.contains(tool));
        tools.retain(|tool| is_known(tool) || tool.as_str() != Some(INJECTED_TOOLS));
    }
    settings
}

/// Returns the settings of a new agent (contract section 5), as far as a file can express them.
pub(in crate::plan) fn defaults() -> Map<String, Value> {
    let value = json!({
        "identityMd": "", "soulMd": "", "userMd": "", "installedProviders": [], "modelSelection": {},
        "providerModelPreferences": {}, "networkConfig": {}, "egressConfig": {}, "preApprovedTools": [],
        "toolsConfig": {}, "guardrails": [], "nixConfig": {}, "mcpServers": {}, "skillsConfig": {"skills": []},
    });
    value.as_object().cloned().unwrap_or_default()
}
