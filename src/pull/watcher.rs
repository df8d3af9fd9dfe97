//! Watchers, in the files of the models folder, with their scripts beside them.

use std::path::{Component, Path, PathBuf};

use serde_json::{Map, Value, json};

use super::model_file::{ModelFiles, TypePlace, models_folder};
use super::project_files::{ProjectFiles, inside};
use super::yaml_value::block_lines;
use crate::plan::{Change, Row, Verb};
use crate::resource::field_table::to_body;
use crate::resource::value::{is_empty, same};
use crate::resource::{State, Watcher};

/// Writes what differs of a watcher, or files for a watcher that only the server has.
pub(super) fn pull(
    files: &mut ProjectFiles,
    models: &ModelFiles,
    row: &Row,
    changes: &[Change],
    remote: &State,
) -> Result<(), String> {
    let found = remote
        .watchers
        .get(&row.address.id())
        .ok_or("the server has no such watcher")?;
    if row.verb == Verb::Drift {
        return add(files, found);
    }
    let place = models.place(&row.address)?;
    let body = to_body(Watcher::FIELDS, found);
    place.edit(files, |yaml| {
        for change in changes.iter().filter(|change| change.path.top() != Watcher::SCRIPT) {
            let name = change.path.top();
            let value = body.get(name).ok_or_else(|| format!("the server has no `{name}`"))?;
            // The second spelling of the key, where the file has that.
            let key = if name == "agent_id" && yaml.get("agent").is_some() {
                "agent"
            } else {
                name
            };
            yaml.set(key, value)?;
        }
        Ok(())
    })?;
    match &found.reaction_script {
        Some(script) if changes.iter().any(|change| change.path.top() == Watcher::SCRIPT) => {
            let Some(name) = &place.script else {
                return add_script(files, place, &found.slug, script);
            };
            let path = beside(&place.path, name).ok_or("its script is outside the project")?;
            if let Some(other) = other_owner(models, &path, found, remote) {
                let shown = path.display();
                return Err(format!(
                    "`{shown}` is also the script of `watcher.{other}`, for which the server has another text; give each \
                     of them a file of its own"
                ));
            }
            files.set_text(path, script.clone());
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Returns another watcher of the files that names the same script, unless the server has the same text for it too.
fn other_owner<'a>(models: &'a ModelFiles, path: &Path, found: &Watcher, remote: &State) -> Option<&'a str> {
    let text = |watcher: &Watcher| watcher.reaction_script.as_deref().unwrap_or_default().trim().to_owned();
    let names_it = |place: &TypePlace| {
        let name = place.script.as_deref();
        name.and_then(|name| beside(&place.path, name)).as_deref() == Some(path)
    };
    let others = models
        .watchers()
        .filter(|(slug, place)| *slug != found.slug && names_it(place));
    let mut others = others.map(|(slug, _)| slug);
    others.find(|slug| {
        remote
            .watchers
            .get(*slug)
            .is_none_or(|other| text(other) != text(found))
    })
}

/// Writes the script into a new file beside that of the watcher.
fn add_script(files: &mut ProjectFiles, place: &TypePlace, slug: &str, script: &str) -> Result<(), String> {
    let name = script_name(slug);
    let path = beside(&place.path, &name).ok_or("its script is outside the project")?;
    place.edit(files, |yaml| yaml.set(Watcher::SCRIPT, &json!(name)))?;
    add_file(files, path, script.to_owned())
}

fn script_name(slug: &str) -> String {
    format!("./{slug}.reaction.ts")
}

/// Returns the path of a file that another one names. `None` when it is outside the project.
fn beside(file: &Path, name: &str) -> Option<PathBuf> {
    let mut path = file.parent()?.to_owned();
    for part in Path::new(name.trim()).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if path.pop() => {}
            Component::Normal(part) => path.push(part),
            _ => return None,
        }
    }
    inside(path.to_str()?)
}

fn add(files: &mut ProjectFiles, found: &Watcher) -> Result<(), String> {
    let is_plain = |character: char| character.is_alphanumeric() || "-_".contains(character);
    if !found.slug.chars().all(is_plain) {
        return Err("its slug cannot be the name of a file".to_owned());
    }
    let mut body = to_body(Watcher::FIELDS, found);
    body.shift_remove(Watcher::SCRIPT);
    let is_default = |name: &str, value: &Value| name == "sources" && same(value, &Watcher::default_sources());
    body.retain(|name, value| !is_empty(value) && !is_default(name, value));
    let mut document = Map::new();
    document.insert("type".to_owned(), json!("watcher"));
    document.insert("slug".to_owned(), json!(found.slug));
    let entity = found.entities.first();
    document.extend(entity.map(|entity| ("entity".to_owned(), json!(entity.to_string()))));
    document.extend(body);
    let folder = models_folder(files)?;
    if let Some(script) = &found.reaction_script {
        let name = script_name(&found.slug);
        document.insert(Watcher::SCRIPT.to_owned(), json!(name));
        let path =
            inside(folder.join(&name).to_str().unwrap_or_default()).ok_or("its script is outside the project")?;
        add_file(files, path, script.clone())?;
    }
    let text = format!("{}\n", block_lines(&Value::Object(document), 0));
    add_file(files, folder.join(format!("{}.yaml", found.slug)), text)
}

fn add_file(files: &mut ProjectFiles, path: PathBuf, text: String) -> Result<(), String> {
    if files.text(&path).is_some() {
        return Err(format!("the file `{}` is there already", path.display()));
    }
    files.set_text(path, text);
    Ok(())
}
