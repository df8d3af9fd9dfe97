//! Listing the stored contexts, and choosing the current one.

use std::io::Write;
use std::path::Path;

use serde_json::{Map, Value};

use super::error::SessionError;
use super::stored::Stored;

/// A stored context, as `lobuctl context list` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextSummary {
    /// The name of the context.
    pub name: String,
    /// The URL of its server, as the file spells it.
    pub url: Option<String>,
    /// Whether it is the current one.
    pub current: bool,
    /// Whether a credential is stored for it.
    pub logged_in: bool,
    /// Whether `lobuctl/config.toml` protects it.
    pub protected: bool,
}

/// Returns every stored context, sorted by name.
pub fn summaries(stored: &Stored) -> Vec<ContextSummary> {
    let contexts = &stored.contexts;
    let summary = |name: &String| ContextSummary {
        name: name.clone(),
        url: contexts.contexts.get(name).and_then(|context| context.api_url.clone()),
        current: contexts.current_context.as_ref() == Some(name),
        logged_in: stored.tokens.contains_key(name),
        protected: stored.guards.get(name).is_some_and(|guard| guard.protected),
    };
    contexts.contexts.keys().map(summary).collect()
}

/// Makes a context the current one in `config.json`, which the `lobu` CLI shares, and changes nothing else in it.
///
/// # Errors
/// When there is no such context, or the file cannot be rewritten.
pub fn use_context(stored: &Stored, name: &str) -> Result<(), SessionError> {
    let known = &stored.contexts.contexts;
    let Some(folder) = stored.folder.as_ref().filter(|_| known.contains_key(name)) else {
        return Err(SessionError::UnknownContext {
            name: name.to_owned(),
            known: known.keys().cloned().collect(),
        });
    };
    let path = folder.join("config.json");
    switch(&path, name).map_err(|error| SessionError::File {
        path,
        why: error.to_string(),
    })
}

fn switch(path: &Path, name: &str) -> std::io::Result<()> {
    let mut file: Map<String, Value> = serde_json::from_slice(&std::fs::read(path)?)?;
    file.insert("currentContext".to_owned(), Value::from(name));
    let mut text = serde_json::to_vec_pretty(&file)?;
    text.push(b'\n');
    // A new file is written, synced and renamed over the old one, so that neither a full disk nor a crash leaves half of
    // it.
    let new_path = path.with_extension("json.new");
    let mut new = std::fs::File::create(&new_path)?;
    new.set_permissions(std::fs::metadata(path)?.permissions())?;
    new.write_all(&text)?;
    new.sync_all()?;
    std::fs::rename(&new_path, path)
}
