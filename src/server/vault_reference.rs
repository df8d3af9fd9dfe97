//! References from a platform's config to secrets of the vault: `secret://ORG/user/NAME`, a whole text and no secret itself.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Begins every reference.
const SCHEME: &str = "secret://";

/// Whether a text is meant as a reference.
pub(crate) fn is_vault_reference(text: &str) -> bool {
    text.starts_with(SCHEME)
}

/// Returns the reference to a secret of the organization with this slug.
pub(crate) fn vault_reference(slug: &str, name: &str) -> String {
    format!("{SCHEME}{slug}/user/{name}")
}

/// Returns the name in a reference to a secret of the organization with this slug. `None` for any other text.
fn name_in<'a>(text: &'a str, slug: &str) -> Option<&'a str> {
    let name = text.strip_prefix(SCHEME)?.strip_prefix(slug)?.strip_prefix("/user/")?;
    Some(name).filter(|name| is_secret_name(name))
}

/// Whether a text matches `[A-Z][A-Z0-9_]*`.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let part = |each: u8| each.is_ascii_uppercase() || each.is_ascii_digit() || each == b'_';
    name.as_bytes().first().is_some_and(u8::is_ascii_uppercase) && name.bytes().all(part)
}

/// Returns the name of the entry that holds the key of a provider (contract section 11.4).
pub(crate) fn provider_key_name(provider: &str) -> String {
    format!("provider:{provider}:apiKey")
}

/// Returns the provider whose key an entry of this name holds. `None` for any other name.
pub(crate) fn key_provider(name: &str) -> Option<&str> {
    let provider = name.strip_prefix("provider:")?.strip_suffix(":apiKey")?;
    Some(provider).filter(|provider| is_provider_id(provider))
}

/// Whether a text can be the id of a provider.
pub(crate) fn is_provider_id(id: &str) -> bool {
    let part = |each: u8| each.is_ascii_alphanumeric() || b"-_.".contains(&each);
    (1..=100).contains(&id.len()) && id.bytes().all(part)
}

/// Calls `change` with every reference in a config.
pub(crate) fn visit_references(config: &mut Map<String, Value>, change: &mut impl FnMut(&mut String)) {
    config.values_mut().for_each(|value| visit(value, change));
}

fn visit(value: &mut Value, change: &mut impl FnMut(&mut String)) {
    match value {
        Value::String(text) if is_vault_reference(text) => change(text),
        Value::Array(list) => list.iter_mut().for_each(|inner| visit(inner, change)),
        Value::Object(map) => map.values_mut().for_each(|inner| visit(inner, change)),
        _ => {}
    }
}

/// Returns the names that a config refers to, or the first reference that is none of this organization.
pub(crate) fn referenced_names(config: &Map<String, Value>, slug: &str) -> Result<BTreeSet<String>, String> {
    let (mut names, mut wrong) = (BTreeSet::new(), None);
    // A visit may change the texts, so it needs a copy.
    visit_references(&mut config.clone(), &mut |text| match name_in(text, slug) {
        Some(name) => drop(names.insert(name.to_owned())),
        None => drop(wrong.get_or_insert_with(|| text.clone())),
    });
    wrong.map_or(Ok(names), Err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn finds_the_names_of_one_organization_at_any_depth() {
        let config =
            json!({ "a": "secret://dev/user/ONE", "b": { "c": ["secret://dev/user/TWO", "x secret://dev/user/NO"] } });
        let config = config.as_object().unwrap();
        let names: Vec<String> = referenced_names(config, "dev").unwrap().into_iter().collect();
        assert_eq!(names, ["ONE", "TWO"]);
        assert!(referenced_names(config, "de").is_err() && referenced_names(config, "shop").is_err());
        for wrong in [
            "secret://dev/user/",
            "secret://dev/user/lower",
            "secret://dev/ONE",
            "secret://dev/user/A/B",
            "secret://",
        ] {
            let config = Map::from_iter([("a".to_owned(), json!(wrong))]);
            assert_eq!(referenced_names(&config, "dev"), Err(wrong.to_owned()));
        }
    }
}
