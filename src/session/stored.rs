//! The files that list servers and credentials, as they are read: those of the `lobu` CLI, and our own.
//!
//! `config.json`, `credentials.json` and `memory.json` belong to the `lobu` CLI and are read as either generation of it writes
//! them. Our own `config.toml` marks contexts as protected; because it is a guard, it must never be skipped silently.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use zeroize::Zeroizing;

use super::credential::StoredCredential;
use super::error::SessionError;
use super::folder::{LobuFolder, zeroize};
use super::trust::{check_unwritable, is_open_to_others};

/// The context that the `lobu` CLI knows without a file, and its server.
pub(super) const BUILT_IN: (&str, &str) = ("lobu", "https://app.lobu.ai/api/v1");

/// The contents of the files that list servers, credentials and guards.
#[derive(Debug, Clone, Default)]
pub struct Stored {
    /// The folder of the `lobu` CLI, if there is a home folder.
    pub folder: Option<LobuFolder>,
    pub(super) contexts: Contexts,
    pub(super) credentials: BTreeMap<String, StoredCredential>,
    pub(super) guards: BTreeMap<String, ContextGuard>,
    /// The organization in `memory.json`.
    pub(super) memory_organization: Option<String>,
    pub(super) warnings: Vec<String>,
    /// Why `config.json` cannot be used. It is an error only when a context is needed, else a warning.
    pub(super) broken: Option<SessionError>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Contexts {
    pub(super) current_context: Option<String>,
    pub(super) contexts: BTreeMap<String, StoredContext>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct StoredContext {
    /// The server's URL, as later releases write it.
    #[serde(deserialize_with = "text_or_nothing")]
    pub(super) url: Option<String>,
    /// The base of the gateway's routes at that server, as the releases of April 2026 write it.
    #[serde(deserialize_with = "text_or_nothing")]
    pub(super) api_url: Option<String>,
    /// The organization that was chosen for the context.
    #[serde(deserialize_with = "text_or_nothing")]
    pub(super) active_org: Option<String>,
}

// Unknown keys are errors, because a misspelled key must not turn a guard off. What only the screen reads is ignored here.
#[derive(Debug, Deserialize, Default)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct OwnConfig {
    context: BTreeMap<String, ContextGuard>,
    theme: IgnoredAny,
    colors: IgnoredAny,
    keys: IgnoredAny,
    mouse: IgnoredAny,
    diff: IgnoredAny,
    pane_width: IgnoredAny,
    notify: IgnoredAny,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ContextGuard {
    pub(super) protected: bool,
    color: IgnoredAny,
}

/// The text of a file.
struct FileText {
    path: PathBuf,
    /// The text. It may hold tokens, so it is zeroed when dropped.
    text: Zeroizing<String>,
    /// Whether other users of the machine have any access to the file.
    open_to_others: bool,
}

impl StoredContext {
    /// Returns the text of the server's URL, for [`crate::remote::ServerUrl::parse_gateway`].
    pub(super) fn server(&self) -> Option<&str> {
        self.url.as_deref().or(self.api_url.as_deref())
    }
}

impl Stored {
    /// Reads the files of the `lobu` CLI and our `config.toml` in its folder; missing files are empty.
    ///
    /// # Errors
    /// When our `config.toml` cannot be used. Problems with the others become warnings.
    pub fn read(
        environment: &BTreeMap<String, String>,
        home: Option<&Path>,
        own_folder: Option<&Path>,
    ) -> Result<Self, SessionError> {
        let mut stored = Self::default();
        if let Some(folder) = LobuFolder::find(environment, home) {
            let read = |name: &str| folder.check().and_then(|()| read_text(&folder.file(name)));
            stored.take_contexts(read("config.json"));
            stored.take_credentials(read("credentials.json"));
            stored.take_memory(read("memory.json"));
            stored.folder = Some(folder);
        }
        stored.warnings.dedup();
        stored.add_built_in();
        if let Some(folder) = own_folder {
            stored.take_guards(read_plain(&folder.join("config.toml"))?)?;
        }
        Ok(stored)
    }

    fn take_contexts(&mut self, text: Result<Option<FileText>, SessionError>) {
        let parsed = text.and_then(|text| text.map(|text| parse_json(&text)).transpose());
        match parsed {
            Ok(contexts) => self.contexts = contexts.unwrap_or_default(),
            Err(error) => {
                self.warnings.push(error.to_string());
                self.broken = Some(error);
            }
        }
    }

    fn take_credentials(&mut self, text: Result<Option<FileText>, SessionError>) {
        match text.and_then(|text| text.map(|text| self.read_credentials(&text)).transpose()) {
            Ok(credentials) => self.credentials = credentials.unwrap_or_default(),
            // Only a warning: the token may come from `LOBU_API_TOKEN` instead.
            Err(error) => self.warnings.push(error.to_string()),
        }
    }

    fn read_credentials(&mut self, text: &FileText) -> Result<BTreeMap<String, StoredCredential>, SessionError> {
        if text.open_to_others {
            let path = text.path.display();
            self.warnings.push(format!(
                "{path} can be read by other users of this machine; run `chmod 600 {path}`"
            ));
        }
        let mut value: Value = parse_json(text)?;
        let credentials = credentials_of(&value, &text.path);
        zeroize(&mut value);
        credentials
    }

    fn take_memory(&mut self, text: Result<Option<FileText>, SessionError>) {
        let value: Option<Value> = text
            .ok()
            .flatten()
            .and_then(|text| serde_json::from_str(&text.text).ok());
        // The file only adds a default: what is wrong with it is the `lobu` CLI's business.
        self.memory_organization = value.and_then(|value| Some(value.get("activeOrg")?.as_str()?.to_owned()));
    }

    /// Adds the context that needs no file, where somebody uses it.
    fn add_built_in(&mut self) {
        let (name, server) = BUILT_IN;
        let contexts = &mut self.contexts;
        let is_current = contexts.current_context.as_deref() == Some(name);
        if !is_current && !self.credentials.contains_key(name) {
            return;
        }
        contexts
            .contexts
            .entry(name.to_owned())
            .or_insert_with(|| StoredContext {
                api_url: Some(server.to_owned()),
                ..StoredContext::default()
            });
        contexts.current_context.get_or_insert_with(|| name.to_owned());
    }

    fn take_guards(&mut self, text: Option<FileText>) -> Result<(), SessionError> {
        let Some(text) = text else { return Ok(()) };
        let own: OwnConfig = toml::from_str(&text.text).map_err(|error| SessionError::File {
            path: text.path,
            why: located(&text.text, &error),
        })?;
        self.guards = own.context;
        Ok(())
    }
}

/// Returns the credentials by context. A credential without contexts around it is one of the built-in context.
fn credentials_of(value: &Value, path: &Path) -> Result<BTreeMap<String, StoredCredential>, SessionError> {
    if let Some(credential) = StoredCredential::read(value) {
        return Ok([(BUILT_IN.0.to_owned(), credential)].into());
    }
    let version = value.get("version").and_then(Value::as_u64).unwrap_or_default();
    if version != 2 {
        return Err(unknown_version(path, version));
    }
    let entries = value.get("contexts").and_then(Value::as_object).into_iter().flatten();
    Ok(entries
        .filter_map(|(name, entry)| Some((name.clone(), StoredCredential::read(entry)?)))
        .collect())
}

/// Returns the error for a file of credentials whose format is not known.
pub(super) fn unknown_version(path: &Path, version: u64) -> SessionError {
    SessionError::File {
        path: path.to_owned(),
        why: format!("its version is {version}, and only 2 is known"),
    }
}

/// Returns the message of an error in a TOML file, with its location.
fn located(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {line}, column {column}: {}", error.message())
}

fn text_or_nothing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    // Only this value is skipped: what else the file has is of use.
    let value = Value::deserialize(deserializer)?;
    Ok(value
        .as_str()
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(str::to_owned))
}

/// Reads a file that decides where tokens go.
///
/// # Errors
/// When it cannot be read, or other users can change it.
fn read_text(path: &Path) -> Result<Option<FileText>, SessionError> {
    if let Ok(metadata) = std::fs::metadata(path) {
        check_unwritable(path, &metadata)?;
    }
    read_plain(path)
}

fn read_plain(path: &Path) -> Result<Option<FileText>, SessionError> {
    let file = |error: &io::Error| SessionError::File {
        path: path.to_owned(),
        why: error.to_string(),
    };
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(FileText {
            open_to_others: std::fs::metadata(path).is_ok_and(|metadata| is_open_to_others(&metadata)),
            path: path.to_owned(),
            text: Zeroizing::new(text),
        })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file(&error)),
    }
}

/// Parses JSON, reporting errors by kind and position only: serde's own message repeats the value, which may be a token.
fn parse_json<T: for<'de> Deserialize<'de>>(text: &FileText) -> Result<T, SessionError> {
    serde_json::from_str(&text.text).map_err(|error| {
        let problem = if error.is_data() {
            "not the expected shape"
        } else {
            "not JSON"
        };
        SessionError::File {
            path: text.path.clone(),
            why: format!("line {}, column {}: {problem}", error.line(), error.column()),
        }
    })
}
