//! What the skills of an agent add to its domains, judges, packages and MCP servers.

use serde_json::{Map, Value};

use crate::resource::{Settings, field};

/// The skills that an agent has once what is pulled of them is pulled, as the server has skills.
#[derive(Debug, Default)]
pub(super) struct SkillAdditions {
    skills: Vec<Value>,
}

impl SkillAdditions {
    /// Takes the skills of the files. Those that are pulled are as the server has them.
    pub(super) fn new(declared: &Settings, remote: &Settings, is_taken: &dyn Fn(&str) -> bool) -> Self {
        let theirs = |name: &str| local_skills(remote).find(|skill| name_of(skill) == name);
        let own = local_skills(declared).map(|skill| {
            let name = name_of(skill);
            theirs(name).filter(|_| is_taken(name)).unwrap_or(skill)
        });
        let is_known = |skill: &Value| local_skills(declared).any(|own| name_of(own) == name_of(skill));
        let new = local_skills(remote).filter(|skill| is_taken(name_of(skill)) && !is_known(skill));
        Self {
            skills: own.chain(new).cloned().collect(),
        }
    }

    /// Returns what the skills add to the list at this path of the settings.
    pub(super) fn items(&self, wire: &[&str]) -> Vec<Value> {
        let lists = self.skills.iter().filter_map(|skill| value_in(skill, wire)?.as_array());
        // Only `lobu.toml` can open the whole network.
        lists.flatten().filter(|item| *item != "*").cloned().collect()
    }

    /// Returns what the skills add to the texts by name at this path of the settings. The first skill counts.
    pub(super) fn texts(&self, wire: &[&str]) -> Map<String, Value> {
        let mut texts = Map::new();
        let tables = self
            .skills
            .iter()
            .filter_map(|skill| value_in(skill, wire)?.as_object());
        for (name, text) in tables.flatten() {
            texts.entry(name.clone()).or_insert_with(|| text.clone());
        }
        texts
    }

    /// Returns the MCP server that a skill adds under this id. The first skill counts.
    pub(super) fn server(&self, id: &str) -> Option<Value> {
        let lists = self
            .skills
            .iter()
            .filter_map(|skill| skill.get("mcpServers")?.as_array());
        let mut server = lists
            .flatten()
            .find(|server| server.get("id") == Some(&id.into()))?
            .clone();
        server.as_object_mut()?.remove("id");
        Some(server)
    }
}

/// Returns the value of a skill that is added to the value at a path of the settings.
fn value_in<'a>(skill: &'a Value, wire: &[&str]) -> Option<&'a Value> {
    match wire {
        [field::NETWORK, key] => skill.get("networkConfig")?.get(key),
        [field::NIX, "packages"] => skill.get("nixPackages"),
        _ => None,
    }
}

/// Returns the skills that come from files.
pub(super) fn local_skills(settings: &Settings) -> impl Iterator<Item = &Value> {
    let skills = settings.get(field::SKILLS).and_then(|config| config.get("skills"));
    let all = skills.and_then(Value::as_array).into_iter().flatten();
    all.filter(|skill| {
        skill
            .get("repo")
            .and_then(Value::as_str)
            .is_some_and(|repo| repo.starts_with("local/"))
    })
}

/// Returns the name of a skill.
pub(super) fn name_of(skill: &Value) -> &str {
    skill.get("name").and_then(Value::as_str).unwrap_or_default()
}
