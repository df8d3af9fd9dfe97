//! Plans a push to a server that keeps keys of providers, and no other secrets. The server tells nothing about a key, so
//! none can be compared: each key is written again.

use std::collections::{BTreeMap, BTreeSet};

use super::push::LocalSecret;
use crate::resource::{ProviderKey, Secret};

/// One key that a push writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderKeyStep {
    /// The id of the provider.
    pub provider: String,
    /// The name of the secret.
    pub name: String,
    /// The value.
    pub value: Secret,
    /// Where the value comes from, as it is shown.
    pub from: String,
}

/// What a push would do with each name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProviderKeyPlan {
    /// What is written, by provider.
    pub steps: Vec<ProviderKeyStep>,
    /// The names of providers that have no value here.
    pub missing: Vec<String>,
    /// The names that no provider uses.
    pub without_provider: Vec<String>,
}

/// Agents that want different keys for one provider, of which the server keeps one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("agents use different keys for `{provider}`, and the server keeps one for all of them: {}", .names.join(", "))]
pub struct ProviderKeyConflict {
    /// The id of the provider.
    pub provider: String,
    /// The names of the keys.
    pub names: Vec<String>,
}

impl ProviderKeyPlan {
    /// Plans a push of these names.
    ///
    /// # Errors
    /// When two of them have different values for one provider.
    pub fn of(
        names: &BTreeSet<String>,
        local: &BTreeMap<String, LocalSecret>,
        keys: &[ProviderKey],
    ) -> Result<Self, ProviderKeyConflict> {
        let mut plan = Self::default();
        let mut providers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for name in names {
            let mut uses = keys.iter().filter(|key| key.name == *name).peekable();
            if uses.peek().is_none() {
                plan.without_provider.push(name.clone());
            } else if !local.contains_key(name) {
                plan.missing.push(name.clone());
            } else {
                for key in uses {
                    providers.entry(&key.provider).or_default().insert(name);
                }
            }
        }
        for (provider, names) in providers {
            let found: Vec<(&str, &LocalSecret)> = names
                .into_iter()
                .filter_map(|name| Some((name, local.get(name)?)))
                .collect();
            let Some((name, first)) = found.first() else { continue };
            if found.iter().any(|(_, other)| other.value != first.value) {
                return Err(ProviderKeyConflict {
                    provider: provider.to_owned(),
                    names: found.iter().map(|(name, _)| (*name).to_owned()).collect(),
                });
            }
            plan.steps.push(ProviderKeyStep {
                provider: provider.to_owned(),
                name: (*name).to_owned(),
                value: first.value.clone(),
                from: first.from.clone(),
            });
        }
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(agent: &str, provider: &str, name: &str) -> ProviderKey {
        ProviderKey {
            agent: agent.to_owned(),
            provider: provider.to_owned(),
            name: name.to_owned(),
        }
    }

    fn local(values: &[(&str, &str)]) -> BTreeMap<String, LocalSecret> {
        let secret = |value: &str| LocalSecret {
            value: Secret::new(value),
            from: ".env".to_owned(),
            source: "env",
        };
        values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), secret(value)))
            .collect()
    }

    #[test]
    fn writes_one_key_for_each_provider_and_refuses_two_that_differ() {
        let keys = [
            key("a", "anthropic", "ONE"),
            key("b", "anthropic", "TWO"),
            key("b", "openai", "ONE"),
            key("b", "groq", "NONE"),
        ];
        let names: BTreeSet<String> = ["ONE", "TWO", "NONE", "BOT"].map(str::to_owned).into();
        let plan = ProviderKeyPlan::of(&names, &local(&[("ONE", "x"), ("TWO", "x"), ("BOT", "y")]), &keys).unwrap();
        let steps: Vec<(&str, &str)> = plan
            .steps
            .iter()
            .map(|step| (step.provider.as_str(), step.name.as_str()))
            .collect();
        assert_eq!(steps, [("anthropic", "ONE"), ("openai", "ONE")]);
        assert_eq!(
            (plan.missing, plan.without_provider),
            (vec!["NONE".to_owned()], vec!["BOT".to_owned()])
        );

        let conflict = ProviderKeyPlan::of(&names, &local(&[("ONE", "x"), ("TWO", "y")]), &keys).unwrap_err();
        assert_eq!((conflict.provider.as_str(), conflict.names.len()), ("anthropic", 2));
        let one: BTreeSet<String> = ["TWO".to_owned()].into();
        assert_eq!(
            ProviderKeyPlan::of(&one, &local(&[("ONE", "x"), ("TWO", "y")]), &keys)
                .unwrap()
                .steps
                .len(),
            1
        );
    }
}
