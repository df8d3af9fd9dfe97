//! An agent's settings: which key of `lobu.toml`, or which file, expresses each field.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::file_list::ListForm;
use super::project_files::{ProjectFiles, agent_path, within_margins};
use super::skill_additions::SkillAdditions;
use super::toml_array::Order;
use super::toml_tree::TomlKey;
use super::units::is_pulled;
use super::{mcp, provider, skill};
use crate::plan::{Change, Row, without_injected};
use crate::resource::value::{is_empty, same_set};
use crate::resource::{FieldPath, SettingFields, Settings, State, field};

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
    /// A list whose order does not matter. Skills may add to it.
    List(ListForm),
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
        FileForm::List(ListForm::Domains),
    ),
    key(
        &[field::NETWORK, "deniedDomains"],
        &["network", "denied"],
        FileForm::List(ListForm::Domains),
    ),
    key(
        &[field::NETWORK, "judgedDomains"],
        &["network", "judge"],
        FileForm::List(ListForm::JudgedDomains),
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
    key(
        &[field::PRE_APPROVED],
        &["tools", "pre_approved"],
        FileForm::List(ListForm::Texts),
    ),
    key(
        &[field::TOOLS, "allowedTools"],
        &["tools", "allowed"],
        FileForm::List(ListForm::Texts),
    ),
    key(
        &[field::TOOLS, "deniedTools"],
        &["tools", "denied"],
        FileForm::List(ListForm::Texts),
    ),
    key(&[field::TOOLS, "strictMode"], &["tools", "strict"], FileForm::Single),
    key(&[field::GUARDRAILS], &["guardrails"], FileForm::List(ListForm::Texts)),
    key(
        &[field::NIX, "packages"],
        &["worker", "nix_packages"],
        FileForm::List(ListForm::Texts),
    ),
];

/// Writes the settings that differ. The skills that are pulled with them have these names.
pub(super) fn update(
    files: &mut ProjectFiles,
    row: &Row,
    changes: &[Change],
    (desired, remote): (&State, &State),
    skills: &BTreeSet<String>,
) -> Result<(), String> {
    let (remote, additions) = with_skills(row, (desired, remote), skills).ok_or("the server has no such agent")?;
    write(files, &remote, &additions, &|wire| differs(changes, wire))
}

/// Makes up in `lobu.toml` for what the skills that are pulled add or no longer add, where the server has it as it was. What
/// cannot be made up for is left to the proof.
pub(super) fn settle(files: &mut ProjectFiles, row: &Row, states: (&State, &State), skills: &BTreeSet<String>) {
    let Some((remote, additions)) = with_skills(row, states, skills) else {
        return;
    };
    let is_own_unit = |wire: &[&str]| {
        let mut changes = row.changes.iter();
        changes.any(|change| is_pulled(change) && concerns(change, wire))
    };
    let has_items = |wire: &[&str]| value_at(&remote.fields, wire).is_some_and(|value| !is_empty(value));
    for key in KEYS.iter().filter(|key| has_items(key.wire) && !is_own_unit(key.wire)) {
        let _ = files.attempt(|files| write_key(files, key, &remote, &additions));
    }
    for id in servers_of(&remote).filter(|id| !is_own_unit(&[field::MCP_SERVERS, id])) {
        let is_missing = files.get(&agent_path(&remote.agent, &["skills", "mcp", id])).is_none();
        if is_missing {
            let _ = files.attempt(|files| mcp::write(files, &remote, &additions, &|other| other == id));
        }
    }
}

/// Returns what a row's agent has on the server, and what its skills add once these are pulled.
fn with_skills(
    row: &Row,
    (desired, remote): (&State, &State),
    skills: &BTreeSet<String>,
) -> Option<(Settings, SkillAdditions)> {
    let agent = row.address.agent_id()?;
    let declared = desired.settings.get(agent).cloned().unwrap_or_default();
    let remote = without_injected(remote.settings.get(agent)?, &declared);
    let additions = SkillAdditions::new(&declared, &remote, &|name| skills.contains(name));
    Some((remote, additions))
}

/// Returns the ids of the MCP servers of an agent.
fn servers_of(settings: &Settings) -> impl Iterator<Item = &str> {
    let servers = settings.get(field::MCP_SERVERS).and_then(Value::as_object);
    servers
        .into_iter()
        .flat_map(|servers| servers.keys().map(String::as_str))
}

/// Writes all settings of an agent that the files do not have.
pub(super) fn add(files: &mut ProjectFiles, remote: &Settings) -> Result<(), String> {
    let declared = Settings {
        agent: remote.agent.clone(),
        ..Settings::default()
    };
    let remote = &without_injected(remote, &declared);
    let additions = SkillAdditions::new(&declared, remote, &|_| true);
    write(files, remote, &additions, &|wire| {
        // A skill is found by its name, which is no key.
        let wire = if wire[0] == field::SKILLS { &wire[..1] } else { wire };
        let value = value_at(&remote.fields, wire);
        // The server gives every agent `skillsConfig: {"skills": []}`.
        value.is_some_and(|value| !is_empty(value) && *value != json!({ "skills": [] }))
    })
}

/// Whether something at or below this path is to be pulled.
fn differs(changes: &[Change], wire: &[&str]) -> bool {
    changes.iter().any(|change| concerns(change, wire))
}

fn concerns(change: &Change, wire: &[&str]) -> bool {
    let path = FieldPath::of(wire.iter().copied());
    change.path.starts_with(&path) || path.starts_with(&change.path)
}

fn write(
    files: &mut ProjectFiles,
    remote: &Settings,
    skills: &SkillAdditions,
    is_wanted: &dyn Fn(&[&str]) -> bool,
) -> Result<(), String> {
    for (name, wire) in field::TEXT_FILES.iter().filter(|(_, wire)| is_wanted(&[wire])) {
        write_text(files, &remote.agent, name, remote.get(wire))?;
    }
    if is_wanted(&[field::PROVIDERS]) || is_wanted(&[field::MODEL_PREFERENCES]) {
        provider::write(files, remote)?;
    }
    for key in KEYS.iter().filter(|key| is_wanted(key.wire)) {
        write_key(files, key, remote, skills)?;
    }
    if is_wanted(&[field::MCP_SERVERS]) {
        mcp::write(files, remote, skills, &|id| is_wanted(&[field::MCP_SERVERS, id]))?;
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

fn write_key(
    files: &mut ProjectFiles,
    key: &FileKey,
    remote: &Settings,
    skills: &SkillAdditions,
) -> Result<(), String> {
    let path = agent_path(&remote.agent, key.file);
    let Some(value) = value_at(&remote.fields, key.wire) else {
        return Ok(());
    };
    match key.form {
        FileForm::Single if files.get(&path).as_ref() == Some(value) => Ok(()),
        FileForm::Single => files.set(&path, value, Order::Given),
        FileForm::List(form) => {
            let remote = value.as_array().ok_or("the server has no list there")?;
            let own = files.get(&path);
            let own_items = own.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
            let items = form.wanted(&own_items, &skills.items(key.wire), remote)?;
            let is_said = same_set(&own_items, &items) && (own.is_some() || !remote.is_empty());
            if is_said {
                return Ok(());
            }
            files.set(&path, &Value::Array(items), Order::OfFile)
        }
        FileForm::Texts => write_texts(files, &path, &skills.texts(key.wire), value),
    }
}

/// Writes texts by name, one by one, so that each keeps its place. Those that only skills add stay there.
fn write_texts(
    files: &mut ProjectFiles,
    path: &[TomlKey],
    added: &Map<String, Value>,
    remote: &Value,
) -> Result<(), String> {
    let wanted = remote.as_object().ok_or("the server has no texts by name there")?;
    let own = files
        .get(path)
        .and_then(|own| own.as_object().cloned())
        .unwrap_or_default();
    let below = |name: &str| -> Vec<_> { path.iter().cloned().chain([name.into()]).collect() };
    for (name, text) in wanted {
        let known = own.get(name).or_else(|| added.get(name));
        if known != Some(text) {
            files.set(&below(name), text, Order::Given)?;
        }
    }
    let gone = own.keys().filter(|name| !wanted.contains_key(*name));
    gone.into_iter().try_for_each(|name| files.remove(&below(name)))
}

fn value_at<'a>(fields: &'a SettingFields, wire: &[&str]) -> Option<&'a Value> {
    let (first, rest) = wire.split_first()?;
    rest.iter().try_fold(fields.get(first)?, |value, key| value.get(key))
}
