//! Less than the whole plan: `--target`, and what is ticked in the review.

use std::collections::BTreeSet;

use super::Plan;
use crate::resource::{Address, AddressError};

/// The rows that a person chose, and those that come along because the chosen ones need them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// What was chosen.
    pub chosen: BTreeSet<Address>,
    /// What comes along.
    pub along: BTreeSet<Address>,
}

impl Selection {
    /// Every row that writes.
    pub fn everything(plan: &Plan) -> Self {
        let writing = plan.rows.iter().filter(|row| row.writes());
        Self {
            chosen: writing.map(|row| row.address.clone()).collect(),
            along: BTreeSet::new(),
        }
    }

    /// These rows and what they depend on, as far as they write.
    pub fn of(plan: &Plan, chosen: impl IntoIterator<Item = Address>) -> Self {
        let wanted: BTreeSet<Address> = chosen.into_iter().collect();
        let writes = |address: &Address| plan.row(address).is_some_and(super::Row::writes);
        let chosen: BTreeSet<Address> = wanted.into_iter().filter(|address| writes(address)).collect();
        let mut along = BTreeSet::new();
        let mut open: Vec<Address> = chosen.iter().cloned().collect();
        while let Some(address) = open.pop() {
            for needed in plan.row(&address).into_iter().flat_map(|row| &row.depends_on) {
                if !chosen.contains(needed) && along.insert(needed.clone()) {
                    open.push(needed.clone());
                }
            }
        }
        Self { chosen, along }
    }

    /// Whether a row is to be written.
    pub fn contains(&self, address: &Address) -> bool {
        self.chosen.contains(address) || self.along.contains(address)
    }

    /// All rows that are to be written.
    pub fn all(&self) -> BTreeSet<Address> {
        self.chosen.union(&self.along).cloned().collect()
    }
}

/// A `--target`: an address in which `*` stands for any text. An agent's address covers its settings and platforms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

/// A target that can match nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Not an address, nor a pattern of one.
    #[error(transparent)]
    Address(#[from] AddressError),
}

impl Pattern {
    /// Takes a pattern; without `*` it has to be an address.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if !text.contains('*') {
            text.parse::<Address>()?;
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether it covers an address.
    pub fn covers(&self, address: &Address) -> bool {
        let own = glob(&self.0, &address.to_string());
        own || address
            .parent()
            .is_some_and(|parent| self.0.starts_with("agent.") && glob(&self.0, &parent.to_string()))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut tail: Option<&str> = None;
    for part in parts {
        if let Some(previous) = tail {
            match rest.find(previous) {
                Some(at) => rest = &rest[at + previous.len()..],
                None => return false,
            }
        }
        tail = Some(part);
    }
    tail.map_or(rest.is_empty(), |tail| rest.ends_with(tail))
}
