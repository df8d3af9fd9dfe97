//! Local skills of an agent: their texts and front matter.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::project_files::{ProjectFiles, within_margins};
use super::yaml_text::YamlText;
use super::yaml_value::block_lines;
use crate::config::split_front_matter;
use crate::resource::{Settings, field};

/// A file with a skill.
struct SkillFile {
    path: PathBuf,
    /// Whether the file is a `SKILL.md` in a folder, which can have front matter.
    in_folder: bool,
}

/// Writes the local skills that differ, and files for those that no file has.
pub(super) fn write(
    files: &mut ProjectFiles,
    remote: &Settings,
    is_wanted: &dyn Fn(&str) -> bool,
) -> Result<(), String> {
    let skills = remote.get(field::SKILLS).and_then(|config| config.get("skills"));
    for skill in skills.and_then(Value::as_array).into_iter().flatten() {
        let text = |key: &str| skill.get(key).and_then(Value::as_str).unwrap_or_default();
        // Other skills belong to the server.
        if !text("repo").starts_with("local/") || !is_wanted(text("name")) {
            continue;
        }
        let folder = files.own_folder(&remote.agent)?.join("skills");
        match find(files, &folder, text("name")) {
            Some(file) => edit(files, &file, skill)?,
            None if find(files, Path::new("skills"), text("name")).is_some() => {
                return Err("the skill is one of the whole project; edit its file".to_owned());
            }
            None => add(files, &folder, skill)?,
        }
    }
    Ok(())
}

/// Returns the file of a skill in a folder.
fn find(files: &ProjectFiles, folder: &Path, name: &str) -> Option<SkillFile> {
    files.below(folder).find_map(|(path, text)| {
        let below = path.strip_prefix(folder).ok()?;
        let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
        let (own, in_folder) = match parts.as_slice() {
            [file] => (file.strip_suffix(".md")?.to_owned(), false),
            [own, file] if file == "SKILL.md" => (name_of(text).unwrap_or_else(|| own.to_string()), true),
            _ => return None,
        };
        let path = path.to_owned();
        (own == name).then_some(SkillFile { path, in_folder })
    })
}

/// Returns the name in a skill's front matter.
fn name_of(text: &str) -> Option<String> {
    let (front, _) = split_front_matter(text.trim_start())?;
    let name = YamlText::parse(front)?.get("name")?.as_str()?.trim().to_owned();
    Some(name).filter(|name| !name.is_empty())
}

fn edit(files: &mut ProjectFiles, file: &SkillFile, skill: &Value) -> Result<(), String> {
    let text = files.text(&file.path).unwrap_or_default();
    let content = skill.get("content").and_then(Value::as_str).unwrap_or_default();
    let (head, body) = match split_front_matter(text).filter(|_| file.in_folder) {
        Some((front, body)) => (edited_front(text, front, body, skill)?, body),
        None => (String::new(), text),
    };
    let after = head + &within_margins(body, content);
    files.set_text(file.path.clone(), after);
    Ok(())
}

/// Returns the text up to the body, with the description that the server has.
fn edited_front(text: &str, front: &str, body: &str, skill: &Value) -> Result<String, String> {
    let head = &text[..text.len() - body.len()];
    let Some(description) = skill.get("description") else {
        return Ok(head.to_owned());
    };
    let mut yaml = YamlText::parse(front).ok_or("the front matter of the skill does not parse; edit it there")?;
    yaml.set("description", description)?;
    Ok(head.replacen(front, yaml.text(), 1))
}

/// Adds a file for a skill that only the server has.
fn add(files: &mut ProjectFiles, folder: &Path, skill: &Value) -> Result<(), String> {
    let text = |key: &str| skill.get(key).and_then(Value::as_str).unwrap_or_default();
    let name = text("name");
    let is_plain = |character: char| character.is_alphanumeric() || "-_ ".contains(character);
    if name.trim() != name || name.is_empty() || !name.chars().all(is_plain) {
        return Err(format!("`{name}` cannot be the name of a folder"));
    }
    let path = folder.join(name).join("SKILL.md");
    if files.has_folder(&folder.join(name)) {
        return Err(format!("the folder `{}` is there already", folder.join(name).display()));
    }
    let front = block_lines(&Value::Object(front_matter(skill)), 0);
    files.set_text(path, format!("---\n{front}\n---\n\n{}\n", text("content")));
    Ok(())
}

/// Returns the front matter of a skill as files have it.
fn front_matter(skill: &Value) -> Map<String, Value> {
    let mut front = Map::new();
    for key in ["name", "description", "nixPackages"] {
        front.extend(skill.get(key).map(|value| (key.to_owned(), value.clone())));
    }
    let config = |key: &str| skill.get("networkConfig").and_then(|config| config.get(key)).cloned();
    let keys = [
        ("allow", "allowedDomains"),
        ("deny", "deniedDomains"),
        ("judge", "judgedDomains"),
    ];
    let network: Map<String, Value> = keys
        .iter()
        .filter_map(|(key, wire)| Some(((*key).to_owned(), config(wire)?)))
        .collect();
    if !network.is_empty() {
        front.insert("network".to_owned(), Value::Object(network));
    }
    front.extend(config("judges").map(|judges| ("judges".to_owned(), judges)));
    let servers = skill.get("mcpServers").and_then(Value::as_array).into_iter().flatten();
    let servers: Map<String, Value> = servers.filter_map(server).collect();
    if !servers.is_empty() {
        front.insert("mcpServers".to_owned(), Value::Object(servers));
    }
    front
}

/// Returns an MCP server of a skill with its id.
fn server(wire: &Value) -> Option<(String, Value)> {
    let mut entries = wire.as_object()?.clone();
    let id = entries.remove("id")?.as_str()?.to_owned();
    Some((id, json!(entries)))
}
