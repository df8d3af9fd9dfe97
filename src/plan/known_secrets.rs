//! What is known of secrets that the server hides, from an earlier apply on this machine.

use std::collections::BTreeMap;

use super::change::{Change, ChangeKind};
use super::compare::Comparison;
use super::row::Impact;
use crate::resource::Address;

/// What is known of a secret that the server hides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretState {
    /// It is the one that was sent last, and nobody has changed the platform since.
    Unchanged,
    /// It is another one than was sent last, and nobody has changed the platform since.
    Changed,
}

/// What is known of secrets that the server hides, by platform and key of its config.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownSecrets(BTreeMap<Address, Vec<KnownSecret>>);

/// The key of a platform's config, and what is known of its secret.
type KnownSecret = (Box<str>, SecretState);

impl KnownSecrets {
    /// Adds what is known of a value of a platform's config.
    pub fn insert(&mut self, platform: Address, name: &str, state: SecretState) {
        let known = self.0.entry(platform).or_default();
        // Nearly every platform has one or two.
        known.reserve_exact(1);
        known.push((name.into(), state));
    }

    fn get(&self, platform: &Address, name: &str) -> Option<SecretState> {
        let known = self.0.get(platform)?;
        known.iter().find(|(key, _)| &**key == name).map(|(_, state)| *state)
    }

    /// Puts what is known in the place of what cannot be compared. What is known to be unchanged is not sent alone.
    pub(super) fn settle(&self, address: &Address, comparison: &mut Comparison) {
        let mut is_known = false;
        for change in &mut comparison.changes {
            is_known |= self.settle_change(address, change);
        }
        // Without local state, as in most comparisons, everything stays as it is.
        if !is_known {
            return;
        }
        let has = |kind: ChangeKind| comparison.changes.iter().any(|change| change.kind == kind);
        let is_rotated = has(ChangeKind::SecretRotated);
        comparison.recheck &= !is_rotated && has(ChangeKind::SecretNotComparable);
        if is_rotated {
            comparison.impact = comparison.impact.or(Some(Impact::Restart));
        }
        let writes = comparison.changes.iter().any(|change| change.kind.writes());
        if !writes {
            comparison
                .changes
                .retain(|change| change.kind != ChangeKind::SecretUnchanged);
        }
        if !writes && !comparison.recheck {
            comparison.operation = None;
        }
    }

    /// Returns whether anything is known of the field.
    fn settle_change(&self, address: &Address, change: &mut Change) -> bool {
        if change.kind != ChangeKind::SecretNotComparable {
            return false;
        }
        let state = match change.path.segments() {
            [config, name] if config == "config" => self.get(address, name),
            _ => None,
        };
        match state {
            Some(SecretState::Unchanged) => change.kind = ChangeKind::SecretUnchanged,
            Some(SecretState::Changed) => change.kind = ChangeKind::SecretRotated,
            None => {}
        }
        state.is_some()
    }
}
