//! How many rows of which kind a plan has: the summary line, and what exit codes are decided by.

use serde::{Deserialize, Serialize};

use super::change::ChangeKind;
use super::row::{Row, Verb};

/// Numbers of rows by verb, of restarts and of drifted fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows to create.
    pub create: usize,
    /// Rows to update.
    pub update: usize,
    /// Rows that stay, rechecked ones among them.
    pub noop: usize,
    /// Rows that only the server has.
    pub drift: usize,
    /// Rows to delete.
    pub delete: usize,
    /// Platforms that certainly restart, including those that are replaced.
    pub restart: usize,
    /// Platforms that restart if a secret that is sent again has changed; see [`Row::may_restart`].
    #[serde(default)]
    pub may_restart: usize,
    /// Fields that only the server has, on rows that both have.
    pub field_drift: usize,
    /// Noop rows that are sent again because a secret cannot be compared.
    pub recheck: usize,
}

impl Counts {
    /// Counts rows.
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Self {
        let mut counts = Self::default();
        rows.into_iter().for_each(|row| counts.add(row));
        counts
    }

    /// Rows that change the server.
    pub fn changes(&self) -> usize {
        self.create + self.update + self.delete
    }

    /// Whether anything stands on the server that the files do not mention.
    pub fn has_drift(&self) -> bool {
        self.drift + self.field_drift > 0
    }

    /// The number of certain and possible restarts: what `--fail-on restart` and `--max-restarts` count.
    pub fn all_restarts(&self) -> usize {
        self.restart + self.may_restart
    }

    fn add(&mut self, row: &Row) {
        match row.verb {
            Verb::Create => self.create += 1,
            Verb::Update => self.update += 1,
            Verb::Noop => self.noop += 1,
            Verb::Drift => self.drift += 1,
            Verb::Delete => self.delete += 1,
        }
        self.restart += usize::from(row.restarts());
        self.may_restart += usize::from(row.may_restart());
        self.recheck += usize::from(row.recheck);
        self.field_drift += row
            .changes
            .iter()
            .filter(|change| change.kind == ChangeKind::Drift)
            .count();
    }
}
