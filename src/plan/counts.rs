//! The number of rows of each kind in a plan. The summary, the guards and the exit codes are made from it.

use serde::{Deserialize, Serialize};

use super::change::{Change, ChangeKind};
use super::row::{Row, Verb};

/// The numbers of rows by verb, of restarts and of drifted fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// The number of rows to create.
    pub create: usize,
    /// The number of rows to update.
    pub update: usize,
    /// The number of unchanged rows, including those whose secret is sent again.
    pub noop: usize,
    /// The number of rows that only the server has.
    pub drift: usize,
    /// The number of rows to delete.
    pub delete: usize,
    /// The number of platforms that certainly restart, including those that are replaced.
    pub restart: usize,
    /// The number of platforms that restart if a secret that is sent again has changed; see [`Row::may_restart`].
    #[serde(default)]
    pub may_restart: usize,
    /// The number of fields that only the server has, on rows that the files declare.
    pub field_drift: usize,
    /// The number of rows and fields that only the server has and `lobuctl.toml` ignores. No other number has them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ignored: usize,
    /// The number of unchanged rows that are sent again because a secret cannot be compared.
    pub recheck: usize,
}

impl Counts {
    /// Returns the counts of these rows.
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Self {
        let mut counts = Self::default();
        rows.into_iter().for_each(|row| counts.add(row));
        counts
    }

    /// Returns the number of rows that change the server.
    pub fn changes(&self) -> usize {
        self.create + self.update + self.delete
    }

    /// Whether the server has anything that the files do not mention and nothing ignores.
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
            Verb::Drift if row.ignored.is_some() => self.ignored += 1,
            Verb::Drift => self.drift += 1,
            Verb::Delete => self.delete += 1,
        }
        self.restart += usize::from(row.restarts());
        self.may_restart += usize::from(row.may_restart());
        self.recheck += usize::from(row.recheck);
        // A drift row counts once, however many fields it has.
        let fields = row.changes.iter().filter(|_| row.verb != Verb::Drift);
        let (ignored, open): (Vec<&Change>, Vec<&Change>) = fields
            .filter(|change| change.kind == ChangeKind::Drift)
            .partition(|change| change.ignored.is_some());
        self.ignored += ignored.len();
        self.field_drift += open.len();
    }
}

// `serde` hands over a reference.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is that of `skip_serializing_if`"
)]
fn is_zero(count: &usize) -> bool {
    *count == 0
}
