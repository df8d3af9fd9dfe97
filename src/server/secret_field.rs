//! Which fields hold secrets: in a platform's config and in an agent's settings.
//!
//! Works on JSON values; what happens to the secrets is in `secret`.

use serde_json::{Map, Value};

use super::vault_reference::is_vault_reference;

/// The rule that decides which fields hold secrets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SecretFields<'a> {
    /// A platform's config: everything at or below a key that sounds secret, or that a client has declared secret.
    Platform {
        /// The top-level keys that a client has declared secret, in addition to those that sound secret.
        declared: &'a [String],
    },
    /// An agent's settings: in MCP servers, profiles and plugins, texts whose own key sounds secret, and everything in
    /// the environment and the headers of an MCP server.
    Settings,
    /// Like [`SecretFields::Settings`], for responses to administrators: a value in the environment or the headers of an
    /// MCP server is redacted only when its own key sounds secret. A plan has to compare the others, such as `REGION=eu`.
    SettingsForAdmins,
}

/// A key of a platform's config sounds secret when it contains one of these, in any case.
const PLATFORM_WORDS: [&str; 6] = ["token", "secret", "password", "key", "credential", "authorization"];
/// A key in an agent's settings sounds secret when it contains one of these or ends in `key`. `key` alone in the middle of
/// a name, as in `keycloakRealm`, would hide too much here.
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
/// Keys in an agent's settings that describe a secret and are none, such as `tokenUrl`.
const HARMLESS_ENDINGS: [&str; 6] = ["url", "uri", "endpoint", "method", "type", "name"];
const MCP_SERVERS: &str = "mcpServers";
/// The fields of an agent's settings that may hold secrets. Prompts may contain any word and are never hidden.
const SETTINGS_ROOTS: [&str; 4] = [MCP_SERVERS, "authProfiles", "installedProviders", "pluginsConfig"];

impl SecretFields<'_> {
    /// Whether the name of a key suggests that its value is a secret.
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

    /// Calls `change` on every secret text and number. Stops at the first error and returns it.
    pub(super) fn visit<E>(
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

    /// Visits the MCP servers of an agent's settings. In the database, every value of `env` and `headers` counts as secret,
    /// because most of them are credentials and their keys do not always show it.
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

    /// Visits the leaves of a value. `secret` is whether this value is secret, `below_is_secret` whether all values below it
    /// are, too.
    fn descend<E>(
        self,
        value: &mut Value,
        below_is_secret: bool,
        secret: bool,
        change: &mut impl FnMut(&mut Value) -> Result<(), E>,
    ) -> Result<(), E> {
        match value {
            Value::Object(map) => map.iter_mut().try_for_each(|(key, inner)| {
                let secret = below_is_secret || self.sounds_secret(key);
                // In settings, an object whose key sounds secret, such as `tokens`, may hold harmless values.
                let below_is_secret = below_is_secret || (secret && matches!(self, Self::Platform { .. }));
                self.descend(inner, below_is_secret, secret, change)
            }),
            Value::Array(list) => list
                .iter_mut()
                .try_for_each(|inner| self.descend(inner, below_is_secret, secret, change)),
            leaf if secret && can_be_secret(leaf) => change(leaf),
            _ => Ok(()),
        }
    }
}

/// Whether a leaf can be a secret. Null, booleans, the empty text and references such as `$NAME` and `secret://…` cannot;
/// numbers can, because a PIN may be sent as a number.
fn can_be_secret(leaf: &Value) -> bool {
    match leaf {
        Value::String(text) => !text.is_empty() && !is_reference(text) && !is_vault_reference(text),
        Value::Number(_) => true,
        _ => false,
    }
}

/// Whether a text is `$NAME` or `${NAME}`, alone or after a scheme such as `Bearer`.
fn is_reference(text: &str) -> bool {
    let after_scheme = text
        .split_once(' ')
        .filter(|(scheme, _)| scheme.chars().all(char::is_alphabetic))
        .map(|(_, credentials)| credentials);
    let text = after_scheme.unwrap_or(text);
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
