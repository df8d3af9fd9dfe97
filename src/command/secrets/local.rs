//! The values that this machine has for a push or a comparison.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use zeroize::Zeroizing;

use super::place::check_names;
use crate::cli::SecretSourceArgs;
use crate::command::console::Console;
use crate::command::push_secrets::project_values;
use crate::command::signal::Interrupt;
use crate::config::{Project, SecretSource, parse_secret_text};
use crate::failure::Failure;
use crate::plan::LocalSecret;
use crate::resource::Secret;
use crate::show::secret::source_text;

/// The maximum size of a file or of standard input, in bytes.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// The names that a command works on, and the values that there are.
pub(super) struct LocalSecrets {
    pub(super) names: BTreeSet<String>,
    pub(super) values: BTreeMap<String, LocalSecret>,
    /// Whether the names were chosen on the command line.
    pub(super) is_selection: bool,
}

/// Reads the values, and chooses the names.
///
/// # Errors
/// When a source cannot be read, a chosen name has no value, or there is nothing to take names from.
pub(super) async fn read(
    console: &Console,
    project: Option<&Project>,
    arguments: &SecretSourceArgs,
    interrupt: &Interrupt,
) -> Result<LocalSecrets, Failure> {
    check_names(&arguments.only)?;
    let values = values(console, project, arguments, interrupt).await?;
    console.host.redactor.add(values.values().map(|local| &local.value));
    let names = if !arguments.only.is_empty() {
        arguments.only.iter().cloned().collect()
    } else if arguments.all {
        values.keys().cloned().collect()
    } else {
        let project = project.ok_or_else(|| {
            Failure::failed("there is no usable `lobu.toml` to take names from")
                .hint("name them with `--only`, or take all of a file with `--all`")
                .hint("`lobuctl validate` says what is wrong with a `lobu.toml`")
        })?;
        project.secrets.iter().map(|secret| secret.name.clone()).collect()
    };
    let local = LocalSecrets {
        is_selection: !arguments.only.is_empty(),
        names,
        values,
    };
    local.require(&arguments.only)?;
    Ok(local)
}

impl LocalSecrets {
    /// Refuses names that have no value.
    pub(super) fn require(&self, names: &[String]) -> Result<(), Failure> {
        let lacking: Vec<&str> = names
            .iter()
            .filter(|name| !self.values.contains_key(*name))
            .map(String::as_str)
            .collect();
        if lacking.is_empty() {
            return Ok(());
        }
        Err(Failure::failed(format!(
            "there is no value for {}; nothing was sent",
            lacking.join(", ")
        )))
    }
}

async fn values(
    console: &Console,
    project: Option<&Project>,
    arguments: &SecretSourceArgs,
    interrupt: &Interrupt,
) -> Result<BTreeMap<String, LocalSecret>, Failure> {
    if arguments.from_stdin {
        let text = read_stdin(console, interrupt).await?;
        return parsed(&text, "standard input", "stdin");
    }
    let file = arguments.from_file.as_deref();
    if let Some(path) = file.or(arguments.from_env.as_ref().and_then(Option::as_deref)) {
        let text = read_file(&console.host.absolute(path))
            .map_err(|error| Failure::failed(format!("{} cannot be read", path.display())).because(&error))?;
        let source = if file.is_some() { "file" } else { "env" };
        return parsed(&text, &path.display().to_string(), source);
    }
    if arguments.all {
        let message = "`--all` takes the names of a file or of standard input";
        return Err(Failure::usage(message).hint("add `--from-env FILE`, `--from-file FILE` or `--from-stdin`"));
    }
    let mut values = project.map(project_values).unwrap_or_default();
    if arguments.from_env.is_some() {
        let process = source_text(&SecretSource::Process);
        values.retain(|_, local| local.from == process);
    }
    // A name that `lobu.toml` does not use can still be chosen from the environment.
    for name in &arguments.only {
        if let Some(value) = console.host.environment.get(name) {
            let from = source_text(&SecretSource::Process);
            values
                .entry(name.clone())
                .or_insert_with(|| local(Secret::new(value), &from, "env"));
        }
    }
    Ok(values)
}

fn local(value: Secret, from: &str, source: &'static str) -> LocalSecret {
    LocalSecret {
        value,
        from: from.to_owned(),
        source,
    }
}

fn parsed(text: &str, from: &str, source: &'static str) -> Result<BTreeMap<String, LocalSecret>, Failure> {
    let values = parse_secret_text(text).map_err(|error| {
        Failure::failed(format!("{from} has no values of secrets; nothing was sent")).because(&error)
    })?;
    // An empty value counts as missing (semantics, "Secrets").
    let filled = values
        .into_iter()
        .filter(|(_, value)| !value.expose().trim().is_empty());
    Ok(filled.map(|(name, value)| (name, local(value, from, source))).collect())
}

fn read_file(path: &Path) -> std::io::Result<Zeroizing<String>> {
    let file = std::fs::File::open(path)?;
    crate::host::read_secret_text(file, MAX_BYTES)
}

async fn read_stdin(console: &Console, interrupt: &Interrupt) -> Result<Zeroizing<String>, Failure> {
    if console.host.terminals.stdin {
        console.progress("values as `NAME=value` lines, ended with Ctrl-D (they are shown while you type):");
    }
    let stdin = console.host.stdin.clone();
    let read = async {
        let read = tokio::task::spawn_blocking(move || stdin.rest(MAX_BYTES)).await;
        Ok(read.map_err(std::io::Error::other).flatten())
    };
    let text = interrupt.or(read).await?;
    text.map_err(|error| Failure::failed("standard input cannot be read").because(&error))
}
