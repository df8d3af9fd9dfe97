//! What happens to secret fields: they are sealed in the database, redacted in every response, and kept when a client sends
//! the redaction back.
//!
//! Works on JSON values; knows no table and no route. Where a function takes `row`, it is the name of the database row that
//! the sealed texts are bound to, such as `platform/abc-telegram`.

use serde_json::{Map, Value};

use super::crypto::{EncryptionKey, SealError, is_sealed};
use super::keyring::Keyring;
use super::secret_field::SecretFields;

/// Begins every redaction. A client that sends such a text back means the stored value.
const STARS: &str = "***";
/// The number of characters of a secret that a redaction shows.
const SHOWN_CHARS: usize = 4;
/// The minimum number of characters of a secret whose end is shown: of a shorter one, four characters would be too much.
const MIN_CHARS_TO_SHOW_END: usize = 8;

/// Seals every secret leaf for the database.
///
/// # Errors
/// When a leaf is a redaction: [`open`] puts one where a secret does not open, and sealing it would lose the secret for
/// good.
pub(crate) fn seal(
    fields: SecretFields<'_>,
    root: &mut Map<String, Value>,
    key: &EncryptionKey,
    row: &str,
) -> Result<(), SealError> {
    fields.visit(root, &mut |leaf| {
        if is_redaction(leaf) {
            return Err(SealError);
        }
        // The JSON text is sealed, not the bare text: a number has to be a number again when it is opened.
        *leaf = Value::String(key.seal(&leaf.to_string(), row)?);
        Ok(())
    })
}

/// Opens every sealed leaf of a database row. Returns the number of leaves that do not open. Such a leaf becomes [`STARS`],
/// so that it looks like any redacted secret and the row can still be read and replaced.
pub(crate) fn open(fields: SecretFields<'_>, root: &mut Map<String, Value>, keys: &Keyring, row: &str) -> usize {
    let mut unreadable = 0;
    // The closure returns no error, so the visit returns none either.
    let _ = fields.visit::<()>(root, &mut |leaf| {
        if let Some(sealed) = leaf.as_str().filter(|text| is_sealed(text)) {
            *leaf = open_leaf(keys, sealed, row).unwrap_or_else(|| {
                unreadable += 1;
                Value::String(STARS.to_owned())
            });
        }
        Ok(())
    });
    unreadable
}

/// Returns the value of a sealed leaf. `None` when no key opens it.
fn open_leaf(keys: &Keyring, sealed: &str, row: &str) -> Option<Value> {
    serde_json::from_str(&keys.open(sealed, row).ok()?).ok()
}

/// The numbers of sealed leaves that [`reseal`] found.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ResealedLeaves {
    /// The number of leaves that are sealed with the new key now.
    pub(crate) sealed: usize,
    /// The number of leaves that did not open. They stay as they are.
    pub(crate) unreadable: usize,
}

/// Opens every sealed leaf and seals it again with the key `new`.
///
/// # Errors
/// When a leaf cannot be sealed. A leaf that cannot be opened is only counted.
pub(crate) fn reseal(
    fields: SecretFields<'_>,
    root: &mut Map<String, Value>,
    keys: &Keyring,
    new: &EncryptionKey,
    row: &str,
) -> Result<ResealedLeaves, SealError> {
    let mut count = ResealedLeaves::default();
    fields.visit(root, &mut |leaf| {
        let Some(sealed) = leaf.as_str().filter(|text| is_sealed(text)) else {
            return Ok(());
        };
        match open_leaf(keys, sealed, row) {
            Some(value) => {
                *leaf = Value::String(new.seal(&value.to_string(), row)?);
                count.sealed += 1;
            }
            None => count.unreadable += 1,
        }
        Ok(())
    })?;
    Ok(count)
}

/// Seals the secret leaves that an older release left in clear or in its own sealed form. Returns whether there were any.
///
/// # Errors
/// When a leaf has the older form and does not open with `key`: sealing its text as if it were the secret would lose the
/// secret.
pub(crate) fn seal_older(
    fields: SecretFields<'_>,
    root: &mut Map<String, Value>,
    key: &EncryptionKey,
    row: &str,
) -> Result<bool, SealError> {
    let mut found = false;
    fields.visit(root, &mut |leaf| {
        if leaf.as_str().is_some_and(is_sealed) {
            return Ok(());
        }
        found = true;
        let plain = leaf.as_str().map(|text| key.open_legacy(text)).transpose()?.flatten();
        // The older form sealed the bare text, not its JSON.
        let value = plain.map_or_else(|| leaf.clone(), Value::String);
        *leaf = Value::String(key.seal(&value.to_string(), row)?);
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

/// Redacts the values of `copies` that repeat a secret leaf of `root`.
pub(crate) fn redact_copies(fields: SecretFields<'_>, root: &Map<String, Value>, copies: &mut Map<String, Value>) {
    let mut secrets = Vec::new();
    // A visit needs a map that it may change, and the secrets stay as they are.
    let _ = fields.visit::<()>(&mut root.clone(), &mut |leaf| {
        secrets.push(leaf.clone());
        Ok(())
    });
    for copy in copies.values_mut().filter(|copy| secrets.contains(copy)) {
        *copy = Value::String(redaction(copy));
    }
}

/// Returns the stars for a secret, followed by its last characters when it is long.
fn redaction(leaf: &Value) -> String {
    let Value::String(text) = leaf else {
        return STARS.to_owned();
    };
    let length = text.chars().count();
    if length < MIN_CHARS_TO_SHOW_END {
        return STARS.to_owned();
    }
    let end: String = text.chars().skip(length - SHOWN_CHARS).collect();
    format!("{STARS}{end}")
}

/// Whether a secret leaf is a redaction. After [`restore`](super::restore::restore) this means that the client sent a
/// redaction for which there is no stored value that can be read.
pub(crate) fn holds_redaction(fields: SecretFields<'_>, root: &Map<String, Value>) -> bool {
    // A visit may change the leaves, so it needs a copy; the error ends it at the first redaction.
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
    fn redacts_platform_keys_that_sound_secret_and_everything_below_them() {
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
    fn redacts_values_in_settings_but_no_references_and_addresses() {
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
    fn opens_sealed_rows_and_restores_redactions_from_stored_values() {
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
    fn redacts_a_secret_that_does_not_open_and_refuses_to_seal_the_redaction() {
        let keys = ring();
        let mut row = map(&json!({"botToken": "123:SECRETTOKEN", "signingSecret": "abc"}));
        seal(PLATFORM, &mut row, &keys.first().unwrap(), "platform/a").unwrap();
        row["botToken"] = json!("enc:v2:0011223344556677:AAAA");
        assert_eq!(open(PLATFORM, &mut row, &keys, "platform/a"), 1);
        assert_eq!(row, map(&json!({"botToken": "***", "signingSecret": "abc"})));
        assert_eq!(
            seal(PLATFORM, &mut row, &keys.first().unwrap(), "platform/a"),
            Err(SealError)
        );
    }

    #[test]
    fn reseals_leaves_that_open_and_keeps_the_others() {
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
