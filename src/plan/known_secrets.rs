//! What is known of secrets that the server hides, from an earlier apply on this machine.

use std::collections::BTreeMap;

use super::change::{Change, ChangeKind};
use super::compare::Comparison;
use super::row::Impact;
use crate::resource::{Address, FieldPath};

/// What is known of a secret that the server hides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretState {
    /// It is the one that was sent last, and nobody has changed the platform since.
    Unchanged,
    /// It is another one than was sent last, and nobody has changed the platform since.
    Changed,
}

/// What is known of secrets that the server hides, by their fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownSecrets(BTreeMap<(Address, FieldPath), SecretState>);

impl KnownSecrets {
    /// Adds what is known of a value of a platform's config.
    pub fn insert(&mut self, platform: &Address, name: &str, state: SecretState) {
        self.0
            .insert((platform.clone(), FieldPath::of(["config", name])), state);
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
        let state = self.0.get(&(address.clone(), change.path.clone()));
        match state {
            Some(SecretState::Unchanged) => change.kind = ChangeKind::SecretUnchanged,
            Some(SecretState::Changed) => change.kind = ChangeKind::SecretRotated,
            None => {}
        }
        state.is_some()
    }
}
