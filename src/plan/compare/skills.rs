//! Local skills, by name. Skills from elsewhere, whose `repo` does not start with `local/`, belong to the server.

use serde_json::{Map, Value, json};

use super::json::differences;
use super::table::Merged;
use crate::plan::change::Change;
use crate::plan::undeclared::Undeclared;
use crate::resource::{FieldPath, Shown};

/// The keys that come from the skill's file. `enabled` is not one of them: an operator may switch a skill off.
const FROM_FILE: [&str; 7] = [
    "repo",
    "name",
    "content",
    "description",
    "nixPackages",
    "networkConfig",
    "mcpServers",
];

/// Lays the skills of the files over those on the server: the declared ones in their order, then the others.
pub(super) fn merge(
    path: &FieldPath,
    desired: Option<&Value>,
    remote: Option<&Value>,
    undeclared: Undeclared,
) -> Merged {
    let (wanted, found) = (items(desired), items(remote));
    let path = path.join("skills");
    let mut result = Vec::new();
    let mut changes = Vec::new();
    for skill in &wanted {
        let known = found.iter().find(|other| name(other) == name(skill));
        let merged = merge_one(&path.join(name(skill)), skill, known.copied());
        changes.extend(merged.changes);
        result.extend(merged.value);
    }
    for skill in found
        .iter()
        .filter(|other| !wanted.iter().any(|ours| name(ours) == name(other)))
    {
        let goes = is_local(skill) && undeclared.clears();
        if is_local(skill) {
            let shown = Shown::from(skill.get("description").cloned().unwrap_or_else(|| json!(name(skill))));
            changes.push(Change::server_only(path.join(name(skill)), shown, undeclared));
        }
        result.extend((!goes).then(|| (*skill).clone()));
    }
    let mut value = remote.and_then(Value::as_object).cloned().unwrap_or_default();
    value.insert("skills".to_owned(), Value::Array(result));
    Merged {
        value: Some(Value::Object(value)),
        changes,
    }
}

fn merge_one(path: &FieldPath, ours: &Value, theirs: Option<&Value>) -> Merged {
    let theirs_map = theirs.and_then(Value::as_object).cloned().unwrap_or_default();
    let ours_map = ours.as_object().cloned().unwrap_or_default();
    let from_file = |map: &Map<String, Value>| {
        Value::Object(
            map.iter()
                .filter(|(key, _)| FROM_FILE.contains(&key.as_str()))
                .map(clone_pair)
                .collect(),
        )
    };
    let before = theirs.map(|_| from_file(&theirs_map));
    let changes = differences(path, before.as_ref(), Some(&from_file(&ours_map)));
    // Keys of the file are replaced as a whole; the others, such as `enabled`, keep their values on the server.
    let mut value = theirs_map;
    value.retain(|key, _| !FROM_FILE.contains(&key.as_str()));
    let mut result = ours_map;
    result.extend(value);
    Merged {
        value: Some(Value::Object(result)),
        changes,
    }
}

fn clone_pair((key, value): (&String, &Value)) -> (String, Value) {
    (key.clone(), value.clone())
}

fn items(skills: Option<&Value>) -> Vec<&Value> {
    skills
        .and_then(|value| value.get("skills"))
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .collect()
}

fn name(skill: &Value) -> &str {
    skill.get("name").and_then(Value::as_str).unwrap_or_default()
}

fn is_local(skill: &Value) -> bool {
    skill
        .get("repo")
        .and_then(Value::as_str)
        .is_some_and(|repo| repo.starts_with("local/"))
}
