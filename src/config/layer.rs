//! The skills of a project and of an agent in layers, and their additions to the agent's settings. The settings in
//! `lobu.toml` take precedence (contract section 10.3).

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::skill::Skill;
use crate::resource::{Origin, field};

/// The texts and skills of one agent.
#[derive(Debug, Default)]
pub(super) struct AgentFolder {
    /// The wire name, trimmed text and origin of each of IDENTITY.md, SOUL.md and USER.md that is not blank.
    pub texts: Vec<(&'static str, String, Origin)>,
    /// The skills of the project and of the agent, layered.
    pub skills: Vec<Skill>,
    /// The origin of the first skill, which represents all of them in the plan. `None` without skills.
    pub skill_origin: Option<Origin>,
}

/// Replaces earlier skills by later ones of the same name, each at the position of the first.
pub(super) fn layered(skills: impl IntoIterator<Item = Skill>) -> Vec<Skill> {
    let mut layered: Vec<Skill> = Vec::new();
    let mut positions: HashMap<String, usize> = HashMap::new();
    for skill in skills {
        if let Some(position) = positions.get(&skill.name) {
            layered[*position] = skill;
        } else {
            positions.insert(skill.name.clone(), layered.len());
            layered.push(skill);
        }
    }
    layered
}

/// Adds the skills and their domains, judges, packages and MCP servers to the settings.
pub(super) fn merge(fields: &mut Map<String, Value>, skills: &[Skill]) {
    if skills.is_empty() {
        return;
    }
    let items: Vec<Value> = skills.iter().map(|skill| skill.wire.clone()).collect();
    fields.insert(field::SKILLS.to_owned(), json!({ "skills": items }));
    let mut network = take_object(fields, field::NETWORK);
    for key in ["allowedDomains", "deniedDomains"] {
        // Only `lobu.toml` can open the whole network: the gateway ignores `*` in a skill.
        let added = skills
            .iter()
            .flat_map(|skill| list_at(&skill.network, key))
            .filter(|domain| domain != "*");
        append_missing(&mut network, key, added);
    }
    merge_judged_domains(&mut network, skills);
    merge_judges(&mut network, skills);
    put_back(fields, field::NETWORK, network);

    let mut nix = take_object(fields, field::NIX);
    append_missing(
        &mut nix,
        "packages",
        skills
            .iter()
            .flat_map(|skill| skill.packages.iter().cloned().map(Value::String)),
    );
    put_back(fields, field::NIX, nix);

    let mut servers = take_object(fields, field::MCP_SERVERS);
    for (id, server) in skills.iter().flat_map(|skill| &skill.servers) {
        // `lobu.toml` comes first, then the first skill that has the server.
        if !servers.contains_key(id) {
            servers.insert(id.clone(), Value::Object(server.clone()));
        }
    }
    put_back(fields, field::MCP_SERVERS, servers);
}

/// Takes an object out of a map, leaving `null`. [`put_back`] sets it again, or removes the key if it is empty.
fn take_object(fields: &mut Map<String, Value>, name: &str) -> Map<String, Value> {
    match fields.get_mut(name).map(Value::take) {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

fn put_back(fields: &mut Map<String, Value>, name: &str, map: Map<String, Value>) {
    if map.is_empty() {
        fields.remove(name);
    } else {
        fields.insert(name.to_owned(), Value::Object(map));
    }
}

fn list_at(map: &Map<String, Value>, key: &str) -> Vec<Value> {
    map.get(key).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// Appends the values that a list lacks. A list that would be empty is not created.
fn append_missing(map: &mut Map<String, Value>, key: &str, added: impl Iterator<Item = Value>) {
    let mut all = list_at(map, key);
    let mut seen: HashSet<String> = all.iter().map(Value::to_string).collect();
    all.extend(added.filter(|value| seen.insert(value.to_string())));
    if !all.is_empty() {
        map.insert(key.to_owned(), Value::Array(all));
    }
}

/// Puts the judged domains of the skills before those of `lobu.toml`, without the ones that `lobu.toml` has too.
fn merge_judged_domains(network: &mut Map<String, Value>, skills: &[Skill]) {
    let own = list_at(network, "judgedDomains");
    let domain = |entry: &Value| entry.get("domain").cloned().unwrap_or_default();
    let mut seen: HashSet<String> = own.iter().map(|entry| domain(entry).to_string()).collect();
    let added = skills.iter().flat_map(|skill| list_at(&skill.network, "judgedDomains"));
    let mut all: Vec<Value> = added.filter(|entry| seen.insert(domain(entry).to_string())).collect();
    all.extend(own);
    if !all.is_empty() {
        network.insert("judgedDomains".to_owned(), Value::Array(all));
    }
}

/// Adds the judges of the skills. Of two with one name, that of `lobu.toml` counts, else that of the first skill.
fn merge_judges(network: &mut Map<String, Value>, skills: &[Skill]) {
    let own = take_object(network, "judges");
    // An empty table is a value of its own (semantics, "Comparing"), so it must not vanish.
    let mentioned = network.contains_key("judges");
    let mut all = Map::new();
    for skill in skills {
        if let Some(Value::Object(judges)) = skill.network.get("judges") {
            for (name, text) in judges {
                all.entry(name.clone()).or_insert_with(|| text.clone());
            }
        }
    }
    all.extend(own);
    if mentioned || !all.is_empty() {
        network.insert("judges".to_owned(), Value::Object(all));
    }
}
