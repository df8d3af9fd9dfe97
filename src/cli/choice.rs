//! Flags whose value is one of a few words, each for a value of another room.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::apply::OnStale;
use crate::config::{Only, SecretsCheck};

/// A value of a flag: how it is typed, its help, and the value in code.
type FlagWord<T> = (&'static str, &'static str, T);

const ONLY: &[FlagWord<Only>] = &[
    ("all", "Everything", Only::All),
    ("agents", "Agents, their settings and their platforms", Only::Agents),
    ("memory", "Entity types and relationship types", Only::Memory),
];

const SECRETS_CHECK: &[FlagWord<SecretsCheck>] = &[
    ("all", "Every reference", SecretsCheck::All),
    ("sent", "Those whose value is sent to the server", SecretsCheck::Sent),
];

const ON_STALE: &[FlagWord<OnStale>] = &[
    ("stop", "Leave the row alone and report it as stale", OnStale::Stop),
    ("overwrite", "Write what the files say", OnStale::Overwrite),
];

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
    choices: &'static [FlagWord<T>],
) -> impl TypedValueParser<Value = T> {
    let words = choices
        .iter()
        .map(|(word, help, _)| PossibleValue::new(*word).help(*help));
    // The inner parser lets no other word through, so the default is never used.
    PossibleValuesParser::new(words).map(move |word| {
        let chosen = choices.iter().find(|(name, ..)| *name == word);
        chosen.map(|(.., value)| *value).unwrap_or_default()
    })
}
