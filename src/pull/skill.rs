//! Local skills of an agent: their texts and front matter.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::front_matter;
use super::project_files::{ProjectFiles, within_margins};
use super::skill_additions::{local_skills, name_of};
use super::yaml_text::YamlText;
use super::yaml_value::block_lines;
use crate::config::split_front_matter;
use crate::resource::Settings;

/// The folder of skills, in the folder of an agent or of the project.
const SKILLS: &str = "skills";

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
    // Other skills belong to the server.
    for skill in local_skills(remote).filter(|skill| is_wanted(name_of(skill))) {
        let folder = files.own_folder(&remote.agent)?.join(SKILLS);
        if let Some(file) = find(files, &folder, name_of(skill)) {
            edit(files, &file, skill)?;
        } else if let Some(file) = find(files, Path::new(SKILLS), name_of(skill)) {
            // A new agent is given the skills of the project anyway. What the front matter adds is left to the proof.
            if has_content(files, &file, skill) {
                continue;
            }
            return Err(format!(
                "the skill is in `{}`, which is for every agent; edit it there",
                file.path.display()
            ));
        } else {
            add(files, &folder, skill)?;
        }
    }
    Ok(())
}

/// Returns the file of a skill in a folder. Of several with the same name, the last one counts.
fn find(files: &ProjectFiles, folder: &Path, name: &str) -> Option<SkillFile> {
    let skills = files.below(folder).filter(|(_, text)| !text.trim().is_empty());
    let named = skills.filter_map(|(path, text)| {
        let below = path.strip_prefix(folder).ok()?;
        let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
        let (own, in_folder) = match parts.as_slice() {
            [file] => (file.strip_suffix(".md")?.to_owned(), false),
            [own, file] if file == "SKILL.md" => (declared_name(text).unwrap_or_else(|| own.to_string()), true),
            _ => return None,
        };
        let path = path.to_owned();
        (own == name).then_some(SkillFile { path, in_folder })
    });
    named.last()
}

/// Whether a file has the text that the server has of a skill.
fn has_content(files: &ProjectFiles, file: &SkillFile, skill: &Value) -> bool {
    let text = files.text(&file.path).unwrap_or_default();
    let body = split_front_matter(text.trim_start()).filter(|_| file.in_folder);
    let body = body.map_or(text, |(_, body)| body);
    skill.get("content").and_then(Value::as_str).map(str::trim) == Some(body.trim())
}

/// Returns the name in a skill's front matter.
fn declared_name(text: &str) -> Option<String> {
    let (front, _) = split_front_matter(text.trim_start())?;
    let name = YamlText::parse(front)?
        .document()
        .get("name")?
        .as_str()?
        .trim()
        .to_owned();
    Some(name).filter(|name| !name.is_empty())
}

fn edit(files: &mut ProjectFiles, file: &SkillFile, skill: &Value) -> Result<(), String> {
    let shown = file.path.display();
    let text = files.text(&file.path).unwrap_or_default();
    let content = skill.get("content").and_then(Value::as_str).unwrap_or_default();
    let needed = front_matter::needed(skill);
    if !file.in_folder && !needed.is_empty() {
        return Err(format!(
            "`{shown}` has no front matter for {}; only a `SKILL.md` in a folder can have one",
            needed.join(", ")
        ));
    }
    // White space may come before the front matter.
    let start = text.len() - text.trim_start().len();
    let after = match split_front_matter(&text[start..]).filter(|_| file.in_folder) {
        Some((front, body)) => {
            let at = start + text[start..].find('\n').map_or(0, |newline| newline + 1);
            let mut yaml = YamlText::parse(front)
                .ok_or_else(|| format!("the front matter of `{shown}` is not one mapping; edit it there"))?;
            front_matter::edit(&mut yaml, skill).map_err(|why| format!("`{shown}`: {why}"))?;
            let between = &text[at + front.len()..text.len() - body.len()];
            [&text[..at], yaml.text(), between, &within_margins(body, content)].concat()
        }
        None if needed.is_empty() => within_margins(text, content),
        None => {
            let front = block_lines(&Value::Object(front_matter::wanted(&Map::new(), skill)?), 0);
            format!("---\n{front}\n---\n\n{}", within_margins(text, content).trim_start())
        }
    };
    files.set_text(file.path.clone(), after);
    Ok(())
}

/// Adds a file for a skill that only the server has.
fn add(files: &mut ProjectFiles, folder: &Path, skill: &Value) -> Result<(), String> {
    let name = name_of(skill);
    let is_plain = |character: char| character.is_alphanumeric() || "-_ ".contains(character);
    if name.trim() != name || name.is_empty() || !name.chars().all(is_plain) {
        return Err(format!("`{name}` cannot be the name of a folder"));
    }
    let path = folder.join(name).join("SKILL.md");
    if files.has_folder(&folder.join(name)) {
        return Err(format!("the folder `{}` is there already", folder.join(name).display()));
    }
    let front = Map::from_iter([("name".to_owned(), json!(name))]);
    let front = block_lines(&Value::Object(front_matter::wanted(&front, skill)?), 0);
    let content = skill.get("content").and_then(Value::as_str).unwrap_or_default();
    files.set_text(path, format!("---\n{front}\n---\n\n{content}\n"));
    Ok(())
}
