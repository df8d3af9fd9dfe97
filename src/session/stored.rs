//! The files that list servers and credentials: those of the `lobu` CLI, and our own.
//!
//! `config.json` and `credentials.json` belong to the `lobu` CLI and are read as it writes them. Our own `config.toml`
//! marks contexts as protected; because it is a guard, it must never be skipped silently.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use zeroize::Zeroizing;

use super::error::SessionError;
use crate::resource::Secret;

/// The contents of the files that list servers, credentials and guards.
#[derive(Debug, Clone, Default)]
pub struct Stored {
    /// The folder of the `lobu` CLI, if there is a home folder.
    pub folder: Option<PathBuf>,
    pub(super) contexts: Contexts,
    pub(super) tokens: BTreeMap<String, Secret>,
    pub(super) guards: BTreeMap<String, ContextGuard>,
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
    pub(super) api_url: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Credentials {
    /// The version of the file's format. 0 when the file does not have it.
    version: u64,
    contexts: BTreeMap<String, StoredCredential>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct StoredCredential {
    access_token: Option<String>,
}

// Unknown keys are errors, because a misspelled key must not turn a guard off.
#[derive(Debug, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct OwnConfig {
    context: BTreeMap<String, ContextGuard>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ContextGuard {
    pub(super) protected: bool,
}

/// The text of a file.
struct FileText {
    path: PathBuf,
    /// The text. It may hold tokens, so it is zeroed when dropped.
    text: Zeroizing<String>,
    /// Whether other users of the machine have any access to the file.
    open_to_others: bool,
}

impl Stored {
    /// Reads `config.json` and `credentials.json` of the `lobu` CLI and our `config.toml`; missing files are empty.
    ///
    /// # Errors
    /// When our `config.toml` cannot be used. Problems with the other two become warnings.
    pub fn read(environment: &BTreeMap<String, String>, home: Option<&Path>) -> Result<Self, SessionError> {
        let folder_variable = |name: &str| {
            environment
                .get(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let config_home = folder_variable("XDG_CONFIG_HOME").or_else(|| home.map(|home| home.join(".config")));
        // The `lobu` CLI does not look at XDG_CONFIG_HOME.
        let folder = folder_variable("LOBU_CONFIG_DIR").or_else(|| home.map(|home| home.join(".config/lobu")));
        let mut stored = Self::default();
        if let Some(folder) = &folder {
            stored.take_contexts(read_text(&folder.join("config.json")));
            stored.take_credentials(read_text(&folder.join("credentials.json")));
        }
        if let Some(own) = config_home.map(|folder| folder.join("lobuctl/config.toml")) {
            stored.take_guards(read_text(&own)?)?;
        }
        stored.folder = folder;
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
        match text.and_then(|text| text.map(|text| self.credentials(&text)).transpose()) {
            Ok(credentials) => {
                let contexts = credentials.unwrap_or_default().contexts;
                self.tokens = contexts
                    .into_iter()
                    .filter_map(|(name, credential)| Some((name, Secret::new(credential.access_token?))))
                    .collect();
            }
            // Only a warning: the token may come from `LOBU_API_TOKEN` instead.
            Err(error) => self.warnings.push(error.to_string()),
        }
    }

    fn credentials(&mut self, text: &FileText) -> Result<Credentials, SessionError> {
        if text.open_to_others {
            let path = text.path.display();
            self.warnings.push(format!(
                "{path} can be read by other users of this machine; run `chmod 600 {path}`"
            ));
        }
        let credentials: Credentials = parse_json(text)?;
        if credentials.version != 2 {
            return Err(SessionError::File {
                path: text.path.clone(),
                why: format!("its version is {}, and only 2 is known", credentials.version),
            });
        }
        Ok(credentials)
    }

    fn take_guards(&mut self, text: Option<FileText>) -> Result<(), SessionError> {
        let Some(text) = text else { return Ok(()) };
        let own: OwnConfig = toml::from_str(&text.text).map_err(|error| SessionError::File {
            path: text.path,
            why: error.message().to_owned(),
        })?;
        self.guards = own.context;
        Ok(())
    }
}

fn read_text(path: &Path) -> Result<Option<FileText>, SessionError> {
    let file = |error: &io::Error| SessionError::File {
        path: path.to_owned(),
        why: error.to_string(),
    };
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(FileText {
            open_to_others: open_to_others(path),
            path: path.to_owned(),
            text: Zeroizing::new(text),
        })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file(&error)),
    }
}

#[cfg(unix)]
fn open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    // Any permission of the group or of others counts, as `ssh` does it for its keys.
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn open_to_others(_path: &Path) -> bool {
    false
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
