//! An agent's settings: which key of `lobu.toml`, or which file, expresses each field.

use serde_json::{Map, Value, json};

use super::project_files::{ProjectFiles, agent_path, within_margins};
use super::toml_array::Order;
use super::toml_tree::TomlKey;
use super::{mcp, provider, skill};
use crate::config::normalized_domain;
use crate::plan::{Change, without_injected};
use crate::resource::value::is_empty;
use crate::resource::{FieldPath, Settings, State, field};

/// A value of the settings that one key of `lobu.toml` expresses.
struct FileKey {
    /// The path on the wire.
    wire: &'static [&'static str],
    /// The keys below the agent's table.
    file: &'static [&'static str],
    form: FileForm,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FileForm {
    /// A text, `true` or `false`.
    Single,
    /// A list of texts whose order does not matter. Skills may add to it.
    Set,
    /// A list of domains, which the server has in a normal form. Skills may add to it.
    Domains,
    /// A list of domains, each with or without a judge. Skills may add to it.
    JudgedDomains,
    /// Texts by name. Skills may add to them.
    Texts,
}

const fn key(wire: &'static [&'static str], file: &'static [&'static str], form: FileForm) -> FileKey {
    FileKey { wire, file, form }
}

const KEYS: [FileKey; 12] = [
    key(
        &[field::NETWORK, "allowedDomains"],
        &["network", "allowed"],
        FileForm::Domains,
    ),
    key(
        &[field::NETWORK, "deniedDomains"],
        &["network", "denied"],
        FileForm::Domains,
    ),
    key(
        &[field::NETWORK, "judgedDomains"],
        &["network", "judge"],
        FileForm::JudgedDomains,
    ),
    key(&[field::NETWORK, "judges"], &["network", "judges"], FileForm::Texts),
    key(
        &[field::EGRESS, "extraPolicy"],
        &["egress", "extra_policy"],
        FileForm::Single,
    ),
    key(
        &[field::EGRESS, "judgeModel"],
        &["egress", "judge_model"],
        FileForm::Single,
    ),
    key(&[field::PRE_APPROVED], &["tools", "pre_approved"], FileForm::Set),
    key(&[field::TOOLS, "allowedTools"], &["tools", "allowed"], FileForm::Set),
    key(&[field::TOOLS, "deniedTools"], &["tools", "denied"], FileForm::Set),
    key(&[field::TOOLS, "strictMode"], &["tools", "strict"], FileForm::Single),
    key(&[field::GUARDRAILS], &["guardrails"], FileForm::Set),
    key(&[field::NIX, "packages"], &["worker", "nix_packages"], FileForm::Set),
];

/// Writes the settings that differ.
pub(super) fn update(
    files: &mut ProjectFiles,
    agent: &str,
    changes: &[Change],
    desired: &State,
    remote: &State,
) -> Result<(), String> {
    let remote = remote.settings.get(agent).ok_or("the server has no such agent")?;
    let declared = desired.settings.get(agent).cloned().unwrap_or_default();
    write(files, &declared, remote, &|wire| differs(changes, wire))
}

/// Writes all settings of an agent that the files do not have.
pub(super) fn add(files: &mut ProjectFiles, remote: &Settings) -> Result<(), String> {
    let declared = Settings {
        agent: remote.agent.clone(),
        ..Settings::default()
    };
    write(files, &declared, remote, &|wire| {
        // A skill is found by its name, which is no key.
        let wire = if wire[0] == field::SKILLS { &wire[..1] } else { wire };
        let value = value_at(&remote.fields, wire);
        // The server gives every agent `skillsConfig: {"skills": []}`.
        value.is_some_and(|value| !is_empty(value) && *value != json!({ "skills": [] }))
    })
}

/// Whether something at or below this path is to be pulled.
fn differs(changes: &[Change], wire: &[&str]) -> bool {
    let path = FieldPath::of(wire.iter().copied());
    let concerns = |change: &Change| change.path.starts_with(&path) || path.starts_with(&change.path);
    changes.iter().any(concerns)
}

fn write(
    files: &mut ProjectFiles,
    declared: &Settings,
    remote: &Settings,
    is_wanted: &dyn Fn(&[&str]) -> bool,
) -> Result<(), String> {
    let remote = &without_injected(remote, declared);
    for (name, wire) in field::TEXT_FILES.iter().filter(|(_, wire)| is_wanted(&[wire])) {
        write_text(files, &remote.agent, name, remote.get(wire))?;
    }
    if is_wanted(&[field::PROVIDERS]) || is_wanted(&[field::MODEL_PREFERENCES]) {
        provider::write(files, remote)?;
    }
    for key in KEYS.iter().filter(|key| is_wanted(key.wire)) {
        write_key(files, key, declared, remote)?;
    }
    if is_wanted(&[field::MCP_SERVERS]) {
        mcp::write(files, declared, remote, &|id| is_wanted(&[field::MCP_SERVERS, id]))?;
    }
    if !is_wanted(&[field::SKILLS]) {
        return Ok(());
    }
    skill::write(files, remote, &|name| is_wanted(&[field::SKILLS, "skills", name]))
}

fn write_text(files: &mut ProjectFiles, agent: &str, name: &str, value: Option<&Value>) -> Result<(), String> {
    let Some(text) = value.and_then(Value::as_str) else {
        return Ok(());
    };
    let path = files.own_folder(agent)?.join(name);
    let after = match files.text(&path) {
        Some(old) => within_margins(old, text),
        None => format!("{text}\n"),
    };
    files.set_text(path, after);
    Ok(())
}

fn write_key(files: &mut ProjectFiles, key: &FileKey, declared: &Settings, remote: &Settings) -> Result<(), String> {
    let path = agent_path(&remote.agent, key.file);
    let Some(value) = value_at(&remote.fields, key.wire) else {
        return Ok(());
    };
    match key.form {
        FileForm::Single => files.set(&path, value, Order::Given),
        FileForm::Set | FileForm::Domains | FileForm::JudgedDomains => {
            let remote = value.as_array().ok_or("the server has no list there")?;
            let own = files
                .get(&path)
                .and_then(|own| own.as_array().cloned())
                .unwrap_or_default();
            let declared = value_at(&declared.fields, key.wire).and_then(Value::as_array);
            let items = wanted_items(key.form, &own, declared.unwrap_or(&Vec::new()), remote)?;
            files.set(&path, &Value::Array(items), Order::OfFile)
        }
        FileForm::Texts => {
            let declared = value_at(&declared.fields, key.wire).and_then(Value::as_object);
            write_texts(files, &path, declared.unwrap_or(&Map::new()), value)
        }
    }
}

/// Returns a list for `lobu.toml`: what the server has, spelled as the file spells it, without what only skills add.
///
/// # Errors
/// When a skill adds something that the server does not have.
fn wanted_items(form: FileForm, own: &[Value], declared: &[Value], remote: &[Value]) -> Result<Vec<Value>, String> {
    let spelled = |item: &Value| own.iter().find(|own| in_wire_form(form, own) == *item).cloned();
    if let Some(added) = declared
        .iter()
        .find(|item| spelled(item).is_none() && !remote.contains(item))
    {
        return Err(format!(
            "a skill adds {added}, which the server does not have; edit the skill"
        ));
    }
    let items = remote.iter().filter_map(|item| match spelled(item) {
        Some(own) => Some(own),
        None if declared.contains(item) => None,
        None => Some(in_file_form(item)),
    });
    Ok(items.collect())
}

/// Writes texts by name, one by one, so that each keeps its place. Those that only skills add stay there.
fn write_texts(
    files: &mut ProjectFiles,
    path: &[TomlKey],
    declared: &Map<String, Value>,
    remote: &Value,
) -> Result<(), String> {
    let wanted = remote.as_object().ok_or("the server has no texts by name there")?;
    let own = files
        .get(path)
        .and_then(|own| own.as_object().cloned())
        .unwrap_or_default();
    let below = |name: &str| -> Vec<_> { path.iter().cloned().chain([name.into()]).collect() };
    for (name, text) in wanted {
        let known = own.get(name).or_else(|| declared.get(name));
        if known != Some(text) {
            files.set(&below(name), text, Order::Given)?;
        }
    }
    let gone = own.keys().filter(|name| !wanted.contains_key(*name));
    gone.into_iter().try_for_each(|name| files.remove(&below(name)))
}

/// Returns an item of a list as `lobu.toml` has it: a domain without a judge is a text.
fn in_file_form(item: &Value) -> Value {
    match item.as_object() {
        Some(entry) if !entry.contains_key("judge") => entry.get("domain").unwrap_or(item).clone(),
        _ => item.clone(),
    }
}

/// Returns an item of a list as the server has it.
fn in_wire_form(form: FileForm, item: &Value) -> Value {
    match (form, item) {
        (FileForm::Domains, Value::String(domain)) => json!(normalized_domain(domain)),
        (FileForm::JudgedDomains, Value::String(domain)) => json!({ "domain": domain }),
        _ => item.clone(),
    }
}

fn value_at<'a>(fields: &'a Map<String, Value>, wire: &[&str]) -> Option<&'a Value> {
    let (first, rest) = wire.split_first()?;
    rest.iter().try_fold(fields.get(*first)?, |value, key| value.get(key))
}
