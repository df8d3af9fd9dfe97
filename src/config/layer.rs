//! The skills of a project and of an agent in layers, and their additions to the agent's settings. What `lobu.toml` says
//! wins.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::skill::Skill;
use crate::resource::{Origin, field};

/// The texts and skills of one agent.
#[derive(Debug, Default)]
pub(super) struct AgentFolder {
    /// The wire name, trimmed text and origin of IDENTITY.md, SOUL.md and USER.md, where they are not blank.
    pub texts: Vec<(&'static str, String, Origin)>,
    /// The skills of the project and of the agent, layered.
    pub skills: Vec<Skill>,
    /// The origin of the first skill.
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

/// Adds the skills, their domains, packages and servers to the settings.
pub(super) fn merge(fields: &mut Map<String, Value>, skills: &[Skill]) {
    if skills.is_empty() {
        return;
    }
    let items: Vec<Value> = skills.iter().map(|skill| skill.wire.clone()).collect();
    fields.insert(field::SKILLS.to_owned(), json!({ "skills": items }));
    let mut network = taken(fields, field::NETWORK);
    for key in ["allowedDomains", "deniedDomains"] {
        let added = skills
            .iter()
            .flat_map(|skill| list(&skill.network, key))
            .filter(|domain| domain != "*");
        extend(&mut network, key, added);
    }
    judged(&mut network, skills);
    judges(&mut network, skills);
    put_back(fields, field::NETWORK, network);

    let mut nix = taken(fields, field::NIX);
    extend(
        &mut nix,
        "packages",
        skills
            .iter()
            .flat_map(|skill| skill.packages.iter().cloned().map(Value::String)),
    );
    put_back(fields, field::NIX, nix);

    let mut servers = taken(fields, field::MCP_SERVERS);
    for (id, server) in skills.iter().flat_map(|skill| &skill.servers) {
        if !servers.contains_key(id) {
            servers.insert(id.clone(), Value::Object(server.clone()));
        }
    }
    put_back(fields, field::MCP_SERVERS, servers);
}

fn taken(fields: &mut Map<String, Value>, name: &str) -> Map<String, Value> {
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

fn list(map: &Map<String, Value>, key: &str) -> Vec<Value> {
    map.get(key).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// Appends the values that are missing; a key that is mentioned nowhere stays absent.
fn extend(map: &mut Map<String, Value>, key: &str, added: impl Iterator<Item = Value>) {
    let mut all = list(map, key);
    let mut seen: HashSet<String> = all.iter().map(Value::to_string).collect();
    all.extend(added.filter(|value| seen.insert(value.to_string())));
    if !all.is_empty() {
        map.insert(key.to_owned(), Value::Array(all));
    }
}

/// The skills' judged domains, then the operator's; one that both name is the operator's.
fn judged(network: &mut Map<String, Value>, skills: &[Skill]) {
    let own = list(network, "judgedDomains");
    let domain = |entry: &Value| entry.get("domain").cloned().unwrap_or_default();
    let mut seen: HashSet<String> = own.iter().map(|entry| domain(entry).to_string()).collect();
    let added = skills.iter().flat_map(|skill| list(&skill.network, "judgedDomains"));
    let mut all: Vec<Value> = added.filter(|entry| seen.insert(domain(entry).to_string())).collect();
    all.extend(own);
    if !all.is_empty() {
        network.insert("judgedDomains".to_owned(), Value::Array(all));
    }
}

fn judges(network: &mut Map<String, Value>, skills: &[Skill]) {
    let own = taken(network, "judges");
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
