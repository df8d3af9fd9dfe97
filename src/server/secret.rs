//! Which fields hold secrets, and what happens to them: they are sealed in the database, redacted in every response, and
//! kept when a client sends the redaction back.
//!
//! Works on JSON values; knows no table and no route.

use serde_json::{Map, Value};

use super::crypto::{EncryptionKey, Sealed, is_sealed};
use super::keyring::Keyring;

/// The rule that decides which fields hold secrets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SecretFields<'a> {
    /// A platform's config: everything at or below a key that sounds secret, or that a client has declared secret.
    Platform {
        /// Top-level keys.
        declared: &'a [String],
    },
    /// An agent's settings: in MCP servers, profiles and plugins, texts whose own key sounds secret, and everything in
    /// the environment and the headers of an MCP server.
    Settings,
    /// What is redacted of an agent's settings for administrators: values in the environment and the headers of an MCP
    /// server only when their own key sounds secret. A plan has to compare the others, such as `REGION=eu`.
    SettingsForAdmins,
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
const MCP_SERVERS: &str = "mcpServers";
const SETTINGS_ROOTS: [&str; 4] = [MCP_SERVERS, "authProfiles", "installedProviders", "pluginsConfig"];
const STARS: &str = "***";
const SHOWN: usize = 4;
const LONG_ENOUGH: usize = 8;

impl SecretFields<'_> {
    fn sounds_secret(self, key: &str) -> bool {
        let key = key.to_lowercase();
        match self {
            Self::Platform { .. } => PLATFORM_WORDS.iter().any(|word| key.contains(word)),
            Self::Settings | Self::SettingsForAdmins => {
                (SETTINGS_WORDS.iter().any(|word| key.contains(word)) || key.ends_with("key"))
                    && !HARMLESS_ENDINGS.iter().any(|ending| key.ends_with(ending))
            }
        }
    }

    /// Whether a top-level field may hold secrets at all.
    pub(crate) fn may_hold_secrets(self, root: &str) -> bool {
        matches!(self, Self::Platform { .. }) || SETTINGS_ROOTS.contains(&root)
    }

    /// Calls `change` on every secret leaf.
    fn visit<E>(
        self,
        root: &mut Map<String, Value>,
        change: &mut impl FnMut(&mut Value) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Platform { declared } => root.iter_mut().try_for_each(|(key, value)| {
                let secret = self.sounds_secret(key) || declared.contains(key);
                self.descend(value, secret, secret, change)
            }),
            Self::Settings | Self::SettingsForAdmins => root
                .iter_mut()
                .filter(|(key, _)| self.may_hold_secrets(key))
                .try_for_each(|(key, value)| match value {
                    Value::Object(servers) if key == MCP_SERVERS => self.visit_servers(servers, change),
                    other => self.descend(other, false, false, change),
                }),
        }
    }

    /// The values of an MCP server's environment and headers are credentials more often than not, whatever their keys.
    fn visit_servers<E>(
        self,
        servers: &mut Map<String, Value>,
        change: &mut impl FnMut(&mut Value) -> Result<(), E>,
    ) -> Result<(), E> {
        let fields = servers.values_mut().filter_map(Value::as_object_mut).flatten();
        fields.into_iter().try_for_each(|(key, value)| {
            let whole = self == Self::Settings && matches!(key.as_str(), "env" | "headers");
            self.descend(value, whole, whole || self.sounds_secret(key), change)
        })
    }

    /// Visits the leaves of a value. `inherited` says that everything below is secret, `secret` that this value is.
    fn descend<E>(
        self,
        value: &mut Value,
        inherited: bool,
        secret: bool,
        change: &mut impl FnMut(&mut Value) -> Result<(), E>,
    ) -> Result<(), E> {
        match value {
            Value::Object(map) => map.iter_mut().try_for_each(|(key, inner)| {
                let secret = inherited || self.sounds_secret(key);
                let inherited = inherited || (secret && matches!(self, Self::Platform { .. }));
                self.descend(inner, inherited, secret, change)
            }),
            Value::Array(list) => list
                .iter_mut()
                .try_for_each(|inner| self.descend(inner, inherited, secret, change)),
            leaf if secret && hides(leaf) => change(leaf),
            _ => Ok(()),
        }
    }
}

/// Whether a leaf can be a secret: null, booleans, the empty text and references such as `$NAME` cannot.
fn hides(leaf: &Value) -> bool {
    match leaf {
        Value::String(text) => !text.is_empty() && !is_reference(text),
        Value::Number(_) => true,
        _ => false,
    }
}

/// Whether a text is `$NAME` or `${NAME}`, alone or after a scheme such as `Bearer`.
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

/// Seals every secret leaf for the database. `place` binds the sealed texts to one row.
///
/// # Errors
/// When a leaf stands for a secret that could not be opened: sealing that stand-in would lose the secret for good.
pub(crate) fn seal(
    fields: SecretFields<'_>,
    root: &mut Map<String, Value>,
    key: &EncryptionKey,
    place: &str,
) -> Result<(), Sealed> {
    fields.visit(root, &mut |leaf| {
        if is_redaction(leaf) {
            return Err(Sealed);
        }
        *leaf = Value::String(key.seal(&leaf.to_string(), place)?);
        Ok(())
    })
}

/// Opens every sealed leaf of a database row. A leaf that does not open becomes [`STARS`], as a redaction of any other
/// secret, so that the row can still be read and replaced. Returns the number of such leaves.
pub(crate) fn open(fields: SecretFields<'_>, root: &mut Map<String, Value>, keys: &Keyring, place: &str) -> usize {
    let mut unreadable = 0;
    let _ = fields.visit::<()>(root, &mut |leaf| {
        if let Some(sealed) = leaf.as_str().filter(|text| is_sealed(text)) {
            *leaf = opened(keys, sealed, place).unwrap_or_else(|| {
                unreadable += 1;
                Value::String(STARS.to_owned())
            });
        }
        Ok(())
    });
    unreadable
}

fn opened(keys: &Keyring, sealed: &str, place: &str) -> Option<Value> {
    serde_json::from_str(&keys.open(sealed, place).ok()?).ok()
}

/// The leaves that [`reseal`] has met.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ResealedLeaves {
    pub(crate) sealed: usize,
    /// The number of leaves that did not open. They stay as they are.
    pub(crate) unreadable: usize,
}

/// Seals every sealed leaf again with another key.
pub(crate) fn reseal(
    fields: SecretFields<'_>,
    root: &mut Map<String, Value>,
    keys: &Keyring,
    new: &EncryptionKey,
    place: &str,
) -> Result<ResealedLeaves, Sealed> {
    let mut count = ResealedLeaves::default();
    fields.visit(root, &mut |leaf| {
        let Some(sealed) = leaf.as_str().filter(|text| is_sealed(text)) else {
            return Ok(());
        };
        match opened(keys, sealed, place) {
            Some(value) => {
                *leaf = Value::String(new.seal(&value.to_string(), place)?);
                count.sealed += 1;
            }
            None => count.unreadable += 1,
        }
        Ok(())
    })?;
    Ok(count)
}

/// Replaces secret leaves in the oldest sealed form, or in clear, by leaves that are sealed with `key`. Returns whether
/// there were any.
///
/// # Errors
/// When a leaf has the oldest sealed form and does not open: it must never be taken for a secret in clear.
pub(crate) fn seal_older(
    fields: SecretFields<'_>,
    root: &mut Map<String, Value>,
    key: &EncryptionKey,
    place: &str,
) -> Result<bool, Sealed> {
    let mut found = false;
    fields.visit(root, &mut |leaf| {
        if leaf.as_str().is_some_and(is_sealed) {
            return Ok(());
        }
        found = true;
        let plain = leaf.as_str().map(|text| key.open_legacy(text)).transpose()?.flatten();
        let value = plain.map_or_else(|| leaf.clone(), Value::String);
        *leaf = Value::String(key.seal(&value.to_string(), place)?);
        Ok(())
    })?;
    Ok(found)
}

/// Redacts every secret leaf for a response.
pub(crate) fn redact(fields: SecretFields<'_>, root: &mut Map<String, Value>) {
    let _ = fields.visit::<()>(root, &mut |leaf| {
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

/// Whether a secret leaf is a redaction. After `restore` this means that no stored value can stand for it.
pub(crate) fn holds_redaction(fields: SecretFields<'_>, root: &Map<String, Value>) -> bool {
    let check = |leaf: &mut Value| if is_redaction(leaf) { Err(()) } else { Ok(()) };
    fields.visit(&mut root.clone(), &mut { check }).is_err()
}

/// Whether a value is a redaction that a client sends back.
pub(crate) fn is_redaction(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with(STARS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::restore::restore;
    use serde_json::json;

    const PLATFORM: SecretFields<'_> = SecretFields::Platform { declared: &[] };

    fn map(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn platforms_hide_by_name_and_below() {
        let mut config = map(&json!({
            "botToken": "123:SECRETTOKEN", "signingSecret": "ss", "chatId": "1",
            "credentials": {"private": "abcdefgh", "n": 5, "on": true}, "publicKey": "", "nested": {"apiKey": "12345678"}
        }));
        redact(PLATFORM, &mut config);
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
        redact(SecretFields::Settings, &mut settings);
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
        let keys = ring();
        let key = keys.first().unwrap();
        let clear = map(&json!({"botToken": "enc:v1:not-really", "pin_secret": 12, "chatId": "enc:v1:x"}));
        let mut row = clear.clone();
        seal(PLATFORM, &mut row, &key, "platform/a").unwrap();
        assert!(!Value::Object(row.clone()).to_string().contains("not-really"));
        assert_eq!(open(PLATFORM, &mut row, &keys, "platform/a"), 0);
        assert_eq!(row, clear);

        let mut sent = json!([{"id": "b", "credential": "***bbbb"}, {"id": "c", "credential": "***cccc", "x": 1}]);
        restore(
            &mut sent,
            Some(&json!([{"id": "a", "credential": "aaaa"}, {"id": "b", "credential": "bbbb"}])),
        );
        assert_eq!(sent, json!([{"id": "b", "credential": "bbbb"}, {"id": "c", "x": 1}]));
    }

    #[test]
    fn shows_what_does_not_open_as_redacted_and_never_seals_that() {
        let keys = ring();
        let mut row = map(&json!({"botToken": "123:SECRETTOKEN", "signingSecret": "abc"}));
        seal(PLATFORM, &mut row, &keys.first().unwrap(), "platform/a").unwrap();
        row["botToken"] = json!("enc:v2:0011223344556677:AAAA");
        assert_eq!(open(PLATFORM, &mut row, &keys, "platform/a"), 1);
        assert_eq!(row, map(&json!({"botToken": "***", "signingSecret": "abc"})));
        assert_eq!(
            seal(PLATFORM, &mut row, &keys.first().unwrap(), "platform/a"),
            Err(Sealed)
        );
    }

    #[test]
    fn reseals_what_opens_and_leaves_the_rest() {
        let (old, new) = (ring(), ring());
        let mut row = map(&json!({"botToken": "123:SECRETTOKEN", "chatId": "1", "pin_secret": 5}));
        seal(PLATFORM, &mut row, &old.first().unwrap(), "platform/a").unwrap();
        row["pin_secret"] = json!("enc:v1:AAAA");
        let count = reseal(PLATFORM, &mut row, &old, &new.first().unwrap(), "platform/a").unwrap();
        assert_eq!(
            count,
            ResealedLeaves {
                sealed: 1,
                unreadable: 1
            }
        );
        assert_eq!(row["pin_secret"], "enc:v1:AAAA");
        open(PLATFORM, &mut row, &new, "platform/a");
        assert_eq!(row["botToken"], "123:SECRETTOKEN");
    }

    fn ring() -> Keyring {
        let text = EncryptionKey::generate().unwrap();
        Keyring::new(vec![EncryptionKey::from_text(&text).unwrap()])
    }
}
