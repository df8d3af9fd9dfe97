//! A run as its journal tells it: the fold of the lines.

use std::collections::BTreeMap;

use super::line::{JournalLine, RecordedWrite, RunHead, SettledRow, VERSION};
use crate::apply::event::Outcome;
use crate::resource::Address;

/// A run as its journal tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedRun {
    /// What the run is.
    pub head: RunHead,
    /// The writes that were announced, in display order. A row that was written several times has its first state before
    /// and its last state after.
    pub writes: BTreeMap<Address, RecordedWrite>,
    /// How rows ended, the last word on each.
    pub settled: BTreeMap<Address, SettledRow>,
    /// The time of the last line, in milliseconds since 1970.
    pub last_ms: u64,
    /// Whether the run came to its end, or a later run has settled it.
    pub ended: bool,
    /// Whether a later release wrote the journal, so that there may be more than this one can read.
    pub is_newer: bool,
}

/// The error for a file that is no journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalTextError {
    /// The first line does not say what the run is.
    #[error("the first line does not say what the run is")]
    NoHead,
}

impl RecordedRun {
    /// Reads the text of a journal. Lines that cannot be read are skipped: a killed run may leave half a line behind.
    ///
    /// # Errors
    /// When the first line does not say what the run is.
    pub fn parse(text: &str) -> Result<Self, JournalTextError> {
        let mut lines = text.lines();
        let first = lines.next().and_then(|line| serde_json::from_str(line).ok());
        let Some(JournalLine::Run(head)) = first else {
            return Err(JournalTextError::NoHead);
        };
        let mut run = Self {
            is_newer: head.version > VERSION,
            last_ms: head.began_ms,
            head: *head,
            writes: BTreeMap::new(),
            settled: BTreeMap::new(),
            ended: false,
        };
        lines
            .filter_map(|line| serde_json::from_str(line).ok())
            .for_each(|line| run.fold(line));
        Ok(run)
    }

    fn fold(&mut self, line: JournalLine) {
        match line {
            JournalLine::Writing(write) => {
                self.last_ms = self.last_ms.max(write.at_ms);
                // A row is written again when it had changed meanwhile: what was there first counts.
                let first = self.writes.remove(&write.address).map(|first| first.before);
                let before = first.unwrap_or_else(|| write.before.clone());
                self.settled.remove(&write.address);
                self.writes
                    .insert(write.address.clone(), RecordedWrite { before, ..*write });
            }
            JournalLine::Settled(row) => {
                self.last_ms = self.last_ms.max(row.at_ms);
                self.settled.insert(row.address.clone(), row);
            }
            JournalLine::Ended { at_ms, .. } => {
                self.last_ms = self.last_ms.max(at_ms);
                self.ended = true;
            }
            JournalLine::Run(_) | JournalLine::Unknown => {}
        }
    }

    /// Returns the writes of which it is not known whether they were carried out.
    pub fn unknown(&self) -> impl Iterator<Item = &RecordedWrite> {
        self.writes.values().filter(|write| self.is_unknown(&write.address))
    }

    /// Returns the writes that changed the server, or may have.
    pub fn possible_writes(&self) -> impl Iterator<Item = &RecordedWrite> {
        self.writes.values().filter(|write| {
            let settled = self.settled.get(&write.address);
            settled.is_none_or(|row| row.outcome.wrote() || matches!(row.outcome, Outcome::Unknown { .. }))
        })
    }

    fn is_unknown(&self, address: &Address) -> bool {
        let settled = self.settled.get(address);
        settled.is_none_or(|row| !row.later && matches!(row.outcome, Outcome::Unknown { .. }))
    }

    /// Whether a later run has to find out what became of this one.
    pub fn needs_settling(&self) -> bool {
        !self.ended || self.unknown().next().is_some()
    }

    /// Returns the number of rows that ended in this way.
    pub fn count(&self, is: impl Fn(&Outcome) -> bool) -> usize {
        self.settled.values().filter(|row| is(&row.outcome)).count()
    }
}
