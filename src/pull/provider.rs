//! Model providers: an ordered list with a model for each.

use serde_json::{Map, Value, json};

use super::project_files::{ProjectFiles, agent_path};
use super::toml_array::Order;
use super::toml_tree::TomlKey;
use crate::resource::{Settings, field};

/// Writes the providers of an agent and their models, in the order of the server. A provider that stays keeps its key and
/// its comments.
pub(super) fn write(files: &mut ProjectFiles, remote: &Settings) -> Result<(), String> {
    let list = agent_path(&remote.agent, &["providers"]);
    let wanted = ids(remote.get(field::PROVIDERS), "providerId");
    let models = remote.get(field::MODEL_PREFERENCES).and_then(Value::as_object);
    let model = |id: &str| models.and_then(|models| models.get(id)).and_then(Value::as_str);
    for index in (0..own(files, &list).len()).rev() {
        if !wanted.contains(&own(files, &list)[index]) {
            files.remove(&item(&list, index, None))?;
        }
    }
    for id in &wanted {
        let Some(index) = own(files, &list).iter().position(|own| own == id) else {
            let mut provider = Map::from_iter([("id".to_owned(), json!(id))]);
            provider.extend(model(id).map(|model| ("model".to_owned(), json!(model))));
            files.push(&list, &Value::Object(provider))?;
            continue;
        };
        let path = item(&list, index, Some("model"));
        match model(id) {
            Some(model) if files.get(&path) != Some(json!(model)) => files.set(&path, &json!(model), Order::Given)?,
            _ => {}
        }
    }
    let own = own(files, &list);
    if own == wanted {
        return Ok(());
    }
    let place = |id: &String| own.iter().position(|own| own == id);
    let order: Option<Vec<usize>> = wanted.iter().map(place).collect();
    let order = order.ok_or("the providers in `lobu.toml` have no ids by which they can be ordered")?;
    files.reorder(&list, &order)
}

/// Returns the ids of the providers in `lobu.toml`.
fn own(files: &ProjectFiles, list: &[TomlKey]) -> Vec<String> {
    ids(files.get(list).as_ref(), "id")
}

fn ids(list: Option<&Value>, key: &str) -> Vec<String> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items
        .filter_map(|item| Some(item.get(key)?.as_str()?.to_owned()))
        .collect()
}

fn item(list: &[TomlKey], index: usize, key: Option<&str>) -> Vec<TomlKey> {
    let mut path = list.to_vec();
    path.push(TomlKey::Index(index));
    path.extend(key.map(TomlKey::from));
    path
}
