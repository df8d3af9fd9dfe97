//! Parsers of flags that choose a value of a type of another room, which knows nothing of clap.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::apply::OnStale;
use crate::config::{Only, SecretsCheck, SecretsFrom};

/// A value of a flag: its spelling on the command line, its help, and the value in code.
type FlagValue<T> = (&'static str, &'static str, T);

const ONLY: &[FlagValue<Only>] = &[
    ("all", "Everything", Only::All),
    ("agents", "Agents, their settings and their platforms", Only::Agents),
    ("memory", "Types, entities, relationships and watchers", Only::Memory),
    ("data", "Entities and relationships", Only::Data),
    ("watchers", "Watchers", Only::Watchers),
];

// `Warn` and `Off` are no values of the flag; commands choose them.
const SECRETS_CHECK: &[FlagValue<SecretsCheck>] = &[
    ("all", "Every reference", SecretsCheck::All),
    ("sent", "Those whose value is sent to the server", SecretsCheck::Sent),
];

const ON_STALE: &[FlagValue<OnStale>] = &[
    ("stop", "Leave the row alone and report it as stale", OnStale::Stop),
    ("overwrite", "Write what the files say", OnStale::Overwrite),
];

const SECRETS_FROM: &[FlagValue<SecretsFrom>] = &[
    ("local", "This machine sends the values", SecretsFrom::Local),
    (
        "server",
        "The server has them: only references are sent",
        SecretsFrom::Server,
    ),
    (
        "auto",
        "This machine where it has a value, else the server",
        SecretsFrom::Auto,
    ),
];

/// Returns the parser of `--secrets`.
pub(super) fn secrets_from() -> impl TypedValueParser<Value = SecretsFrom> {
    parser(SECRETS_FROM)
}

/// Returns the parser of `--only`.
pub(super) fn only() -> impl TypedValueParser<Value = Only> {
    parser(ONLY)
}

/// Returns the parser of `--secrets-check`.
pub(super) fn secrets_check() -> impl TypedValueParser<Value = SecretsCheck> {
    parser(SECRETS_CHECK)
}

/// Returns the parser of `--on-stale`.
pub(super) fn on_stale() -> impl TypedValueParser<Value = OnStale> {
    parser(ON_STALE)
}

fn parser<T: Copy + Default + Send + Sync + 'static>(
    choices: &'static [FlagValue<T>],
) -> impl TypedValueParser<Value = T> {
    let spellings = choices
        .iter()
        .map(|(spelling, help, _)| PossibleValue::new(*spelling).help(*help));
    // The inner parser accepts no other spelling, so the default is never used.
    PossibleValuesParser::new(spellings).map(move |given| {
        let chosen = choices.iter().find(|(spelling, ..)| *spelling == given);
        chosen.map(|(.., value)| *value).unwrap_or_default()
    })
}
