//! Secrets by name: their uses, the sources of their values, and the missing ones.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::SecretsCheck;
use super::diagnostic::{Diagnostic, Severity, tick};
use super::finding::Findings;
use super::reference::Reference;
use super::source::Source;
use crate::redact::is_too_short;
use crate::resource::{Origin, Secret};

/// Everything about a secret except its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretSummary {
    /// The name, without the dollar sign.
    pub name: String,
    /// The location and the key (`agents.triage.platforms[0].config.botToken`) of every use, in the order in
    /// which they are read.
    pub uses: Vec<(Origin, String)>,
    /// The source of the value. `None` when it is missing.
    pub source: Option<SecretSource>,
    /// Whether any use sends the value itself to the server.
    pub sent: bool,
}

/// The maximum number of uses that a problem lists.
const MAX_USES: usize = 20;

/// The source of a secret's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// The process environment.
    Process,
    /// A file, by its path as it is shown.
    File(PathBuf),
    /// The server, which has the value and is sent a reference.
    Server,
}

/// The values of secrets, by name. The first source with a value that is not empty takes precedence.
#[derive(Debug, Default)]
pub(super) struct Values {
    values: BTreeMap<String, (Secret, SecretSource)>,
    /// The first source with an empty value, for the message about a missing secret.
    empty: BTreeMap<String, SecretSource>,
}

impl Values {
    /// Adds a value unless an earlier source had one. Sources have to be added in order of precedence.
    pub(super) fn add(&mut self, name: &str, value: Secret, source: &SecretSource) {
        if value.expose().is_empty() {
            self.empty.entry(name.to_owned()).or_insert_with(|| source.clone());
        } else if !self.values.contains_key(name) {
            self.values.insert(name.to_owned(), (value, source.clone()));
        }
    }

    /// Returns the values and where each comes from, by name.
    pub(super) fn to_map(&self) -> BTreeMap<String, (Secret, SecretSource)> {
        self.values.clone()
    }

    /// Returns all names that have a value, sorted, with the values.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.values.iter().map(|(name, (value, _))| (name.as_str(), value))
    }

    /// Returns the value of a name.
    pub(super) fn get(&self, name: &str) -> Option<&Secret> {
        self.values.get(name).map(|(value, _)| value)
    }
}

/// Returns every secret that is referred to, sorted by name.
pub(super) fn summaries(source: &Source, references: &[Reference], values: &Values) -> Vec<SecretSummary> {
    let mut summaries: BTreeMap<&str, SecretSummary> = BTreeMap::new();
    for reference in references {
        let summary = summaries.entry(&reference.name).or_insert_with(|| SecretSummary {
            name: reference.name.clone(),
            uses: Vec::new(),
            source: values.values.get(&reference.name).map(|(_, source)| source.clone()),
            sent: false,
        });
        summary.sent |= reference.sent;
        let origin = Origin {
            file: source.path.clone(),
            line: source.line(reference.span.start),
        };
        summary.uses.push((origin, reference.location.clone()));
    }
    summaries.into_values().collect()
}

/// Reports each missing name once, with every use: an error, or a warning with [`SecretsCheck::Warn`]. Warns of values that
/// are too short.
pub(super) fn check(
    source: &Source,
    references: &[Reference],
    values: &Values,
    check: SecretsCheck,
    findings: &mut Findings,
) {
    let mut missing: BTreeMap<&str, Vec<&Reference>> = BTreeMap::new();
    for reference in references {
        if values.get(&reference.name).is_none() {
            missing.entry(&reference.name).or_default().push(reference);
        }
    }
    for (name, uses) in missing {
        let severity = match check {
            SecretsCheck::All => Some(Severity::Error),
            // A name with one use that is sent must have a value, even if its other uses are only checked for presence.
            SecretsCheck::Sent => uses.iter().any(|reference| reference.sent).then_some(Severity::Error),
            SecretsCheck::Warn => Some(Severity::Warning),
            SecretsCheck::Off => None,
        };
        if let Some(severity) = severity {
            findings.push(missing_secret(severity, source, name, &uses, values));
        }
    }
    warn_of_short_values(source, references, values, findings);
}

/// Names each secret whose value would be part of ordinary text by chance, so that it is not struck out of what is printed.
fn warn_of_short_values(source: &Source, references: &[Reference], values: &Values, findings: &mut Findings) {
    let mut names = BTreeSet::new();
    for reference in references {
        let is_short = values.get(&reference.name).is_some_and(is_too_short);
        if is_short && names.insert(&reference.name) {
            let message = format!(
                "the value of {} is too short to be struck out of output",
                tick(&reference.name)
            );
            let warning = Diagnostic::warning("short-secret", message).at(source, reference.span.clone());
            findings.push(
                warning
                    .label(format!("used for {}", tick(&reference.location)))
                    .help("a server that repeats it could make it public; a real secret is longer"),
            );
        }
    }
}

fn missing_secret(severity: Severity, source: &Source, name: &str, uses: &[&Reference], values: &Values) -> Diagnostic {
    let problem = match values.empty.get(name) {
        Some(SecretSource::Process) => format!("the secret {} is empty in the environment", tick(name)),
        Some(SecretSource::File(file)) => format!("the secret {} is empty in `{}`", tick(name), file.display()),
        Some(SecretSource::Server) | None => format!("the secret {} is not set", tick(name)),
    };
    let mut diagnostic = Diagnostic::new(severity, "missing-secret", problem);
    for (index, reference) in uses.iter().take(MAX_USES).enumerate() {
        let label = format!("used for {}", tick(&reference.location));
        diagnostic = if index == 0 {
            diagnostic.at(source, reference.span.clone()).label(label)
        } else {
            diagnostic.related(source, reference.span.clone(), label)
        };
    }
    if let Some(more) = uses.len().checked_sub(MAX_USES).filter(|more| *more > 0) {
        diagnostic = diagnostic.help(format!("it has {more} more uses"));
    }
    diagnostic.help(format!(
        "set {} in the environment, in a file given with `--env-file`, or in `.env` beside `lobu.toml`",
        tick(name)
    ))
}
