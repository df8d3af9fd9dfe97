//! The values of arguments that stand in files of this machine. What cannot be read has no candidates: a shell has no place
//! for an error.

use std::ffi::OsStr;

use clap_complete::CompletionCandidate;

use crate::command::runs;
use crate::config::{self, LoadOptions, Only, Project, SecretsCheck};
use crate::host::Host;
use crate::review::stored_files;
use crate::session::{ContextSummary, summaries};

/// Returns the names of the contexts.
pub(super) fn contexts() -> Vec<CompletionCandidate> {
    let candidate = |context: ContextSummary| CompletionCandidate::new(context.name).help(context.url.map(Into::into));
    stored().into_iter().map(candidate).collect()
}

/// Returns the organizations that the contexts and the project name.
pub(super) fn organizations() -> Vec<CompletionCandidate> {
    let chosen = stored().into_iter().filter_map(|context| context.organization);
    let mut slugs: Vec<String> = chosen
        .chain(project().and_then(|project| project.organization))
        .collect();
    slugs.sort();
    slugs.dedup();
    slugs.into_iter().map(CompletionCandidate::new).collect()
}

/// Returns the addresses of what the project declares.
pub(super) fn addresses() -> Vec<CompletionCandidate> {
    let Some(project) = project() else { return Vec::new() };
    let addresses = project.desired.resources().map(|(address, _)| address);
    addresses
        .map(|address| CompletionCandidate::new(address.to_string()))
        .collect()
}

/// Returns the ids of the runs that left a journal, the latest first.
pub(super) fn runs() -> Vec<CompletionCandidate> {
    let Some(folder) = Host::real().ok().and_then(|host| runs::folder(&host).ok()) else {
        return Vec::new();
    };
    let ids = folder.ids().into_iter().map(|id| id.to_string());
    let numbered = ["last".to_owned()].into_iter().chain(ids).enumerate();
    numbered
        .map(|(number, id)| CompletionCandidate::new(id).display_order(Some(number)))
        .collect()
}

/// Returns the names of the secrets that the project uses.
pub(super) fn secrets() -> Vec<CompletionCandidate> {
    let Some(project) = project() else { return Vec::new() };
    let names = project.secrets.into_iter().map(|secret| secret.name);
    names.map(CompletionCandidate::new).collect()
}

/// Returns the guards of a plan, the last one of a list that was begun.
pub(super) fn guards(current: &OsStr) -> Vec<CompletionCandidate> {
    last_of_list(current, &["drift", "restart", "delete", "changes:"])
}

/// Returns the guards of a pull, the last one of a list that was begun.
pub(super) fn pull_guards(current: &OsStr) -> Vec<CompletionCandidate> {
    last_of_list(current, &["conflict", "changes:"])
}

fn last_of_list(current: &OsStr, words: &[&str]) -> Vec<CompletionCandidate> {
    let current = current.to_string_lossy();
    let (before, begun) = match current.rsplit_once(',') {
        Some((before, begun)) => (format!("{before},"), begun),
        None => (String::new(), &*current),
    };
    let fitting = words.iter().filter(|word| word.starts_with(begun));
    fitting
        .map(|word| CompletionCandidate::new(format!("{before}{word}")))
        .collect()
}

fn stored() -> Vec<ContextSummary> {
    let Ok(host) = Host::real() else { return Vec::new() };
    let stored = stored_files(&host);
    stored.map(|stored| summaries(&stored)).unwrap_or_default()
}

/// Reads the project in this folder or one above. Its secrets are not looked up.
fn project() -> Option<Project> {
    let host = Host::real().ok()?;
    let file = config::find(None, &host.current_dir).ok()?;
    let load = LoadOptions {
        environment: &std::collections::BTreeMap::new(),
        env_files: &[],
        allow_outside: false,
        secrets_check: SecretsCheck::Off,
        only: Only::All,
        display_root: &host.current_dir,
    };
    config::load(&file, &load).project
}
