//! The stored contexts: listing them, and the changes of `config.json` and `credentials.json`.

use serde_json::{Map, Value};

use super::credential::StoredCredential;
use super::error::SessionError;
use super::folder::{JsonFile, LobuFolder, LockedFolder, child};
use super::stored::{BUILT_IN, Stored, StoredContext, unknown_version};
use crate::remote::ServerUrl;

const CONFIG: &str = "config.json";
const CREDENTIALS: &str = "credentials.json";
const MEMORY: &str = "memory.json";

/// A stored context, as `lobuctl context list` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextSummary {
    /// The name of the context.
    pub name: String,
    /// The URL of its server.
    pub url: Option<String>,
    /// The organization that was chosen for it.
    pub organization: Option<String>,
    /// Whether it is the current one.
    pub current: bool,
    /// Whether a credential is stored for it.
    pub signed_in: bool,
    /// Whether `lobuctl/config.toml` protects it.
    pub protected: bool,
}

/// Returns every stored context, sorted by name.
pub fn summaries(stored: &Stored) -> Vec<ContextSummary> {
    let contexts = &stored.contexts;
    let summary = |(name, context): (&String, &StoredContext)| ContextSummary {
        name: name.clone(),
        url: context.server().map(shown),
        organization: context.active_org.clone(),
        current: contexts.current_context.as_ref() == Some(name),
        signed_in: stored.credentials.contains_key(name),
        protected: stored.guards.get(name).is_some_and(|guard| guard.protected),
    };
    contexts.contexts.iter().map(summary).collect()
}

/// Returns a URL without the path of the gateway's routes. One that is malformed is shown as the file has it.
fn shown(text: &str) -> String {
    ServerUrl::parse_gateway(text).map_or_else(|_| text.to_owned(), |(url, _)| url.to_string())
}

/// What removing a context has removed with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemovedContext {
    /// Whether there was such a context.
    pub existed: bool,
    /// Whether it was the current one.
    pub was_current: bool,
    /// Whether a credential was stored for it.
    pub had_credential: bool,
}

impl Stored {
    /// Returns the folder of the `lobu` CLI.
    ///
    /// # Errors
    /// When there is no home folder to have it in.
    pub fn folder(&self) -> Result<&LobuFolder, SessionError> {
        self.folder.as_ref().ok_or(SessionError::NoFolder)
    }
}

impl LockedFolder {
    /// Makes a context the current one, for the `lobu` CLI too.
    ///
    /// # Errors
    /// When there is no such context, or the file cannot be rewritten.
    pub fn use_context(&self, name: &str) -> Result<(), SessionError> {
        let mut file = self.open(CONFIG)?;
        let contexts = file.child("contexts");
        if !contexts.contains_key(name) && name != BUILT_IN.0 {
            let mut known: Vec<String> = contexts.keys().cloned().collect();
            known.sort();
            let name = name.to_owned();
            return Err(SessionError::UnknownContext { name, known });
        }
        file.object.insert("currentContext".to_owned(), name.into());
        file.save()
    }

    /// Checks that a context of this name could be stored with this server.
    ///
    /// # Errors
    /// When a context of this name has another server, or the files cannot be used.
    pub fn check_context(&self, name: &str, url: &ServerUrl) -> Result<(), SessionError> {
        self.open_credentials()?;
        let mut file = self.open(CONFIG)?;
        match other_server(child(file.child("contexts"), name), url) {
            Some(server) => Err(SessionError::OtherServer {
                name: name.to_owned(),
                server,
            }),
            None => Ok(()),
        }
    }

    /// Adds a context, and makes it the current one when there is none. One that exists already has to have the same server.
    /// Returns whether it is the current one.
    ///
    /// # Errors
    /// When a context of this name has another server, or the file cannot be rewritten.
    pub fn add_context(&self, name: &str, url: &ServerUrl, organization: Option<&str>) -> Result<bool, SessionError> {
        let mut file = self.open(CONFIG)?;
        let entry = child(file.child("contexts"), name);
        if let Some(other) = other_server(entry, url) {
            let name = name.to_owned();
            return Err(SessionError::OtherServer { name, server: other });
        }
        write_server(entry, url);
        if let Some(organization) = organization {
            entry.insert("activeOrg".to_owned(), organization.into());
        }
        // A credential without a context belongs to the server that the `lobu` CLI knows by itself.
        let current = file
            .object
            .get("currentContext")
            .and_then(Value::as_str)
            .map(str::to_owned);
        let current = current.unwrap_or_else(|| name.to_owned());
        file.object.insert("currentContext".to_owned(), current.as_str().into());
        file.save()?;
        Ok(current == name)
    }

    /// Removes a context and its credential. The credential stays valid at the server.
    ///
    /// # Errors
    /// When one of the files cannot be rewritten.
    pub fn remove_context(&self, name: &str) -> Result<RemovedContext, SessionError> {
        // The credential first: a context that is gone must not leave a token behind.
        let had_credential = self.remove_credential(name)?;
        let mut file = self.open(CONFIG)?;
        let existed = file.child("contexts").shift_remove(name).is_some();
        let was_current = file.object.get("currentContext").and_then(Value::as_str) == Some(name);
        if was_current {
            file.object.shift_remove("currentContext");
        }
        if existed || was_current {
            file.save()?;
        }
        Ok(RemovedContext {
            existed,
            was_current,
            had_credential,
        })
    }

    /// Makes an organization the default of a context, and of the `lobu` CLI of April 2026 when the context is the current one.
    ///
    /// # Errors
    /// When one of the files cannot be rewritten.
    pub fn use_organization(&self, context: &str, organization: &str) -> Result<(), SessionError> {
        let mut file = self.open(CONFIG)?;
        let entry = child(file.child("contexts"), context);
        if entry.is_empty() && context == BUILT_IN.0 {
            entry.insert("apiUrl".to_owned(), BUILT_IN.1.into());
        }
        entry.insert("activeOrg".to_owned(), organization.into());
        file.save()?;
        if file.object.get("currentContext").and_then(Value::as_str) != Some(context) {
            return Ok(());
        }
        let mut memory = self.open(MEMORY)?;
        memory.object.entry("version").or_insert_with(|| 1.into());
        memory.object.insert("activeOrg".to_owned(), organization.into());
        memory.save()
    }

    /// Returns the credential of a context, as the file has it now.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub fn credential(&self, context: &str) -> Result<Option<StoredCredential>, SessionError> {
        let mut file = self.open_credentials()?;
        let entry = file.child("contexts").get(context);
        Ok(entry.and_then(StoredCredential::read))
    }

    /// Stores the credential of a context in place of the one that it had.
    ///
    /// # Errors
    /// When the file cannot be rewritten.
    pub fn store_credential(&self, context: &str, credential: &StoredCredential) -> Result<(), SessionError> {
        let mut file = self.open_credentials()?;
        credential.write(child(file.child("contexts"), context));
        file.save()
    }

    /// Removes the credential of a context. Returns whether there was one.
    ///
    /// # Errors
    /// When the file cannot be rewritten.
    pub fn remove_credential(&self, context: &str) -> Result<bool, SessionError> {
        let mut file = self.open_credentials()?;
        let removed = file.child("contexts").shift_remove(context);
        let Some(mut removed) = removed else {
            return Ok(false);
        };
        super::folder::zeroize(&mut removed);
        file.save()?;
        Ok(true)
    }

    /// Opens `credentials.json` in the format of its version 2.
    fn open_credentials(&self) -> Result<JsonFile, SessionError> {
        let mut file = self.open(CREDENTIALS)?;
        if file.object.get("accessToken").is_some_and(Value::is_string) {
            // A credential without contexts around it is one of the built-in context.
            let bare = std::mem::take(&mut file.object);
            file.child("contexts").insert(BUILT_IN.0.to_owned(), bare.into());
        }
        let version = file.object.entry("version").or_insert_with(|| 2.into()).as_u64();
        if version != Some(2) {
            return Err(unknown_version(file.path(), version.unwrap_or_default()));
        }
        Ok(file)
    }
}

/// Returns the server of an entry, when it is another one.
fn other_server(entry: &Map<String, Value>, url: &ServerUrl) -> Option<String> {
    let context: StoredContext = serde_json::from_value(entry.clone().into()).unwrap_or_default();
    let server = context.server()?;
    let same = ServerUrl::parse_gateway(server).is_ok_and(|(stored, _)| stored.shares_origin_with(url));
    (!same).then(|| server.to_owned())
}

/// Writes the server's URL in the form of both generations of the `lobu` CLI. The earlier one drops a context without
/// `apiUrl`, the later one writes `url`.
fn write_server(entry: &mut Map<String, Value>, url: &ServerUrl) {
    entry.insert("url".to_owned(), url.to_string().into());
    let hosted = format!("{url}/api/v1");
    let gateway = if hosted == BUILT_IN.1 {
        hosted
    } else {
        format!("{url}/lobu/api/v1")
    };
    entry.entry("apiUrl").or_insert_with(|| gateway.into());
}
