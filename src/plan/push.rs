//! What a push of secrets would write, and how local and stored secrets compare. By fingerprint: no server answers a value.

use std::collections::{BTreeMap, BTreeSet};

use crate::resource::{Secret, SecretOp, SecretWrite, ServerSecret, secret_fingerprint};

/// A value that this machine has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalSecret {
    /// The value.
    pub value: Secret,
    /// Where it comes from, as it is shown: `.env`, `process environment`.
    pub from: String,
    /// The same in the words of the API: `env`, `file` or `stdin`.
    pub source: &'static str,
}

/// Which stored values a push may replace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Rotation {
    /// None: only names that the server lacks are pushed.
    #[default]
    Missing,
    /// Those that differ.
    Differing,
    /// Those of these names, also where the fingerprint is the same.
    Named(BTreeSet<String>),
}

/// One name that a push writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushStep {
    /// What is sent.
    pub write: SecretWrite,
    /// The fingerprint of the value on the server. `None` for a name that it lacks.
    pub before: Option<String>,
    /// The fingerprint of the value that is sent.
    pub after: String,
    /// Where the value comes from, as it is shown.
    pub from: String,
}

impl PushStep {
    /// Whether a stored value is replaced.
    pub fn replaces(&self) -> bool {
        self.before.is_some()
    }
}

/// What a push would do with each name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PushPlan {
    /// What is written, by name.
    pub steps: Vec<PushStep>,
    /// The names whose stored value has the same fingerprint.
    pub same: Vec<String>,
    /// The names whose stored value differs and is left alone.
    pub kept: Vec<String>,
    /// The names without a value here that the server has.
    pub only_there: Vec<String>,
    /// The names without a value anywhere.
    pub missing: Vec<String>,
}

impl PushPlan {
    /// Plans a push of these names.
    pub fn of(
        names: &BTreeSet<String>,
        local: &BTreeMap<String, LocalSecret>,
        server: &[ServerSecret],
        rotation: &Rotation,
    ) -> Self {
        let mut plan = Self::default();
        for name in names {
            let stored = server.iter().find(|secret| secret.name == *name);
            match (local.get(name), stored) {
                (None, None) => plan.missing.push(name.clone()),
                (None, Some(_)) => plan.only_there.push(name.clone()),
                (Some(local), stored) => plan.compare(name, local, stored, rotation),
            }
        }
        plan
    }

    fn compare(&mut self, name: &str, local: &LocalSecret, stored: Option<&ServerSecret>, rotation: &Rotation) {
        let after = secret_fingerprint(&local.value);
        let before = stored.map(|stored| stored.fingerprint.clone());
        let same = before.as_ref() == Some(&after);
        let rotates = match rotation {
            Rotation::Missing => false,
            Rotation::Differing => !same,
            Rotation::Named(names) => names.contains(name),
        };
        match &before {
            Some(_) if !rotates && same => self.same.push(name.to_owned()),
            Some(_) if !rotates => self.kept.push(name.to_owned()),
            _ => {
                let value = local.value.clone();
                let op = if before.is_some() {
                    SecretOp::Rotate(value)
                } else {
                    SecretOp::Create(value)
                };
                self.steps.push(PushStep {
                    write: SecretWrite {
                        name: name.to_owned(),
                        op,
                        source: local.source,
                        expected: before.clone(),
                    },
                    before,
                    after,
                    from: local.from.clone(),
                });
            }
        }
    }
}

/// How a name compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretDifference {
    /// Both have a value with one fingerprint.
    Same,
    /// The fingerprints differ.
    Differs,
    /// Only this machine has a value.
    OnlyHere,
    /// Only the server has a value.
    OnlyThere,
    /// The files use the name, and nobody has a value.
    Nowhere,
}

/// Returns how each of these names, and each one on the server, compares, by name.
pub fn compare_secrets(
    names: &BTreeSet<String>,
    local: &BTreeMap<String, LocalSecret>,
    server: &[ServerSecret],
) -> BTreeMap<String, SecretDifference> {
    let stored: BTreeMap<&str, &str> = server
        .iter()
        .map(|secret| (secret.name.as_str(), secret.fingerprint.as_str()))
        .collect();
    let all = names.iter().map(String::as_str).chain(stored.keys().copied());
    all.map(|name| {
        let here = local.get(name).map(|local| secret_fingerprint(&local.value));
        let difference = match (here.as_deref(), stored.get(name)) {
            (Some(here), Some(there)) if here == *there => SecretDifference::Same,
            (Some(_), Some(_)) => SecretDifference::Differs,
            (Some(_), None) => SecretDifference::OnlyHere,
            (None, Some(_)) => SecretDifference::OnlyThere,
            (None, None) => SecretDifference::Nowhere,
        };
        (name.to_owned(), difference)
    })
    .collect()
}
