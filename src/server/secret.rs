//! Which fields are secret by their name, and what is done to them: sealed in the database, redacted in every answer,
//! kept when a client sends the redaction back.
//!
//! Works on JSON trees; knows no table and no route.

use serde_json::{Map, Value};

use super::crypto::{Crypto, PREFIX, Sealed};

/// How secret fields are told from others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Names {
    /// A platform's config: everything at or below a key that sounds secret.
    Platform,
    /// An agent's settings: text fields of MCP servers, profiles and plugins whose own key sounds secret.
    Settings,
}

const PLATFORM_WORDS: [&str; 6] = ["token", "secret", "password", "key", "credential", "authorization"];
const SETTINGS_WORDS: [&str; 8] = [
    "token",
    "secret",
    "password",
    "credential",
    "authorization",
    "apikey",
    "_key",
    "-key",
];
const HARMLESS_ENDINGS: [&str; 6] = ["url", "uri", "endpoint", "method", "type", "name"];
const SETTINGS_ROOTS: [&str; 4] = ["mcpServers", "authProfiles", "installedProviders", "pluginsConfig"];
const STARS: &str = "***";
const SHOWN: usize = 4;
const LONG_ENOUGH: usize = 8;

impl Names {
    fn is_secret(self, key: &str) -> bool {
        let key = key.to_lowercase();
        match self {
            Self::Platform => PLATFORM_WORDS.iter().any(|word| key.contains(word)),
            Self::Settings => {
                (SETTINGS_WORDS.iter().any(|word| key.contains(word)) || key.ends_with("key"))
                    && !HARMLESS_ENDINGS.iter().any(|ending| key.ends_with(ending))
            }
        }
    }

    /// Whether a top-level field may hold secrets at all.
    pub(crate) fn covers(self, root: &str) -> bool {
        self == Self::Platform || SETTINGS_ROOTS.contains(&root)
    }

    /// Calls `change` on every secret leaf.
    fn visit<E>(
        self,
        root: &mut Map<String, Value>,
        change: &mut impl FnMut(&mut Value) -> Result<(), E>,
    ) -> Result<(), E> {
        for (key, value) in root.iter_mut() {
            if self.covers(key) {
                let secret = self == Self::Platform && self.is_secret(key);
                self.descend(value, secret, change)?;
            }
        }
        Ok(())
    }

    fn descend<E>(
        self,
        value: &mut Value,
        secret: bool,
        change: &mut impl FnMut(&mut Value) -> Result<(), E>,
    ) -> Result<(), E> {
        match value {
            Value::Object(map) => map.iter_mut().try_for_each(|(key, inner)| {
                let inherited = secret && self == Self::Platform;
                self.descend(inner, inherited || self.is_secret(key), change)
            }),
            Value::Array(list) => list
                .iter_mut()
                .try_for_each(|inner| self.descend(inner, secret, change)),
            leaf if secret && hides(leaf) => change(leaf),
            _ => Ok(()),
        }
    }
}

/// Null, booleans, the empty text and references such as `$NAME` hide nothing.
fn hides(leaf: &Value) -> bool {
    match leaf {
        Value::String(text) => !text.is_empty() && !is_reference(text),
        Value::Number(_) => true,
        _ => false,
    }
}

/// `$NAME`, `${NAME}`, or one of them after a scheme word (`Bearer $NAME`).
fn is_reference(text: &str) -> bool {
    let last = text
        .split_once(' ')
        .filter(|(word, _)| word.chars().all(char::is_alphabetic));
    let text = last.map_or(text, |(_, rest)| rest);
    let Some(name) = text.strip_prefix('$') else {
        return false;
    };
    let name = name
        .strip_prefix('{')
        .and_then(|name| name.strip_suffix('}'))
        .unwrap_or(name);
    name.starts_with(|first: char| first.is_ascii_uppercase())
        && name
            .chars()
            .all(|each| each.is_ascii_uppercase() || each.is_ascii_digit() || each == '_')
}

/// Seals every secret leaf for the database.
pub(crate) fn seal(names: Names, root: &mut Map<String, Value>, crypto: &Crypto, place: &str) -> Result<(), Sealed> {
    names.visit(root, &mut |leaf| {
        *leaf = Value::String(crypto.seal(&leaf.to_string(), place)?);
        Ok(())
    })
}

/// Opens every sealed leaf of a database row.
pub(crate) fn open(names: Names, root: &mut Map<String, Value>, crypto: &Crypto, place: &str) -> Result<(), Sealed> {
    names.visit(root, &mut |leaf| {
        if let Value::String(text) = leaf
            && text.starts_with(PREFIX)
        {
            *leaf = serde_json::from_str(&crypto.open(text, place)?).map_err(|_| Sealed)?;
        }
        Ok(())
    })
}

/// Replaces secret leaves in the form of older databases, or in clear, by what they mean. Tells whether there were any.
///
/// # Errors
/// When a leaf has the older sealed form and does not open: it must never be taken for a secret in clear.
pub(crate) fn open_older(names: Names, root: &mut Map<String, Value>, crypto: &Crypto) -> Result<bool, Sealed> {
    let mut found = false;
    names.visit(root, &mut |leaf| {
        if let Value::String(text) = leaf
            && !text.starts_with(PREFIX)
        {
            found = true;
            if let Some(plain) = crypto.open_legacy(text)? {
                *leaf = Value::String(plain);
            }
        }
        Ok(())
    })?;
    Ok(found)
}

/// Redacts every secret leaf for an answer.
pub(crate) fn redact(names: Names, root: &mut Map<String, Value>) {
    let _ = names.visit::<()>(root, &mut |leaf| {
        *leaf = Value::String(redaction(leaf));
        Ok(())
    });
}

fn redaction(leaf: &Value) -> String {
    let Value::String(text) = leaf else {
        return STARS.to_owned();
    };
    let length = text.chars().count();
    if length < LONG_ENOUGH {
        return STARS.to_owned();
    }
    let end: String = text.chars().skip(length - SHOWN).collect();
    format!("{STARS}{end}")
}

/// Whether a text is a redaction that a client sends back.
pub(crate) fn is_redaction(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with(STARS))
}

/// Puts stored values where a client sent redactions back; a redaction of nothing disappears.
pub(crate) fn restore(new: &mut Value, old: Option<&Value>) {
    match new {
        Value::Object(map) => {
            map.retain(|key, value| {
                let stored = old.and_then(|old| old.get(key));
                !is_redaction(value) || stored.is_some()
            });
            for (key, value) in map.iter_mut() {
                restore(value, old.and_then(|old| old.get(key)));
            }
        }
        Value::Array(list) => {
            for (at, value) in list.iter_mut().enumerate() {
                restore(value, old.and_then(|old| twin(old, value, at)).cloned().as_ref());
            }
        }
        leaf if is_redaction(leaf) => {
            if let Some(old) = old {
                *leaf = old.clone();
            }
        }
        _ => {}
    }
}

/// The stored element a list element stands for: the one with its id, else the one in its place.
fn twin<'a>(old: &'a Value, new: &Value, at: usize) -> Option<&'a Value> {
    let id = |value: &Value| value.get("id").or_else(|| value.get("providerId")).cloned();
    match id(new) {
        Some(wanted) => old.as_array()?.iter().find(|each| id(each).as_ref() == Some(&wanted)),
        None => old.get(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn platforms_hide_by_name_and_below() {
        let mut config = map(&json!({
            "botToken": "123:SECRETTOKEN", "signingSecret": "ss", "chatId": "1",
            "credentials": {"private": "abcdefgh", "n": 5, "on": true}, "publicKey": "", "nested": {"apiKey": "12345678"}
        }));
        redact(Names::Platform, &mut config);
        assert_eq!(
            Value::Object(config),
            json!({
                "botToken": "***OKEN", "signingSecret": "***", "chatId": "1",
                "credentials": {"private": "***efgh", "n": "***", "on": true}, "publicKey": "",
                "nested": {"apiKey": "***5678"}
            })
        );
    }

    #[test]
    fn settings_hide_values_not_references_or_addresses() {
        let mut settings = map(&json!({
            "soulMd": "token", "mcpServers": {"keycloak-token": {"url": "https://x", "headers": {"Authorization": "Bearer $T",
            "X-Api-Key": "literal-value"}, "env": {"GH_TOKEN": "$GH", "OPENAI_KEY": "sk-literal", "MODE": "a"},
            "oauth": {"tokenUrl": "https://t", "clientSecret": "${S}", "tokenEndpointAuthMethod": "none"}}},
            "authProfiles": [{"id": "p", "credential": "sk-secret"}]
        }));
        redact(Names::Settings, &mut settings);
        let shown = Value::Object(settings);
        assert_eq!(
            shown.pointer("/mcpServers/keycloak-token/headers/X-Api-Key"),
            Some(&json!("***alue"))
        );
        assert_eq!(
            shown.pointer("/mcpServers/keycloak-token/headers/Authorization"),
            Some(&json!("Bearer $T"))
        );
        assert_eq!(
            shown.pointer("/mcpServers/keycloak-token/oauth/tokenUrl"),
            Some(&json!("https://t"))
        );
        assert_eq!(
            shown.pointer("/mcpServers/keycloak-token/oauth/clientSecret"),
            Some(&json!("${S}"))
        );
        assert_eq!(
            shown.pointer("/mcpServers/keycloak-token/env/OPENAI_KEY"),
            Some(&json!("***eral"))
        );
        assert_eq!(shown.pointer("/authProfiles/0/credential"), Some(&json!("***cret")));
        assert_eq!(shown.pointer("/soulMd"), Some(&json!("token")));
    }

    #[test]
    fn sealed_rows_open_and_a_redaction_keeps_what_is_stored() {
        let crypto = Crypto::from_text(&Crypto::new_key().unwrap()).unwrap();
        let clear = map(&json!({"botToken": "enc:v1:not-really", "pin_secret": 12, "chatId": "enc:v1:x"}));
        let mut row = clear.clone();
        seal(Names::Platform, &mut row, &crypto, "platform/a").unwrap();
        assert!(!Value::Object(row.clone()).to_string().contains("not-really"));
        open(Names::Platform, &mut row, &crypto, "platform/a").unwrap();
        assert_eq!(row, clear);

        let mut sent = json!([{"id": "b", "credential": "***bbbb"}, {"id": "c", "credential": "***cccc", "x": 1}]);
        restore(
            &mut sent,
            Some(&json!([{"id": "a", "credential": "aaaa"}, {"id": "b", "credential": "bbbb"}])),
        );
        assert_eq!(sent, json!([{"id": "b", "credential": "bbbb"}, {"id": "c", "x": 1}]));
    }
}
