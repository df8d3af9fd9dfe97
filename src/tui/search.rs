//! The fuzzy filter: each word of the query has to be found in one of the texts of a row, a word after `!` in none.
//!
//! Texts are searched one by one, so that no word is pieced together from the end of an id and the start of a field.

use frizbee::{Config, Matcher};

use super::tree::label;
use crate::plan::{Plan, Row};

/// The texts that can be searched, and the row of each.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    /// The row of each text.
    rows: Vec<usize>,
    texts: Vec<String>,
    /// The number of rows of the plan.
    count: usize,
}

/// The rows that a query matches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Whether each row of the plan matches.
    pub rows: Vec<bool>,
    /// The row that matches best, or `None` when no row matches.
    pub best: Option<usize>,
}

impl Index {
    /// Indexes label, address, id and changed fields of every row.
    pub(super) fn of(plan: &Plan) -> Self {
        let mut index = Self {
            count: plan.rows.len(),
            ..Self::default()
        };
        for (at, row) in plan.rows.iter().enumerate() {
            for text in texts(row) {
                index.rows.push(at);
                index.texts.push(text);
            }
        }
        index
    }

    /// Returns the rows that match, or `None` for a blank query.
    pub(super) fn search(&self, query: &str) -> Option<Found> {
        let mut words = query.split_whitespace().peekable();
        words.peek()?;
        let mut scores: Vec<Option<u32>> = vec![Some(0); self.count];
        for word in words {
            self.narrow(word, &mut scores);
        }
        // `max_by_key` returns the last of several equal rows. In reverse order that is the first one of the plan.
        let best = (0..self.count)
            .rev()
            .filter(|row| scores[*row].is_some())
            .max_by_key(|row| scores[*row]);
        Some(Found {
            rows: scores.iter().map(Option::is_some).collect(),
            best,
        })
    }

    /// Removes the scores of rows that do not match one word, and adds to those of the others.
    fn narrow(&self, word: &str, scores: &mut [Option<u32>]) {
        let negated = word.strip_prefix('!');
        let wanted = negated.unwrap_or(word);
        if wanted.is_empty() {
            return;
        }
        let mut hits = vec![0; self.count];
        for hit in Matcher::from_query(wanted, &matching()).match_list(&self.texts) {
            let row = self.rows[hit.index as usize];
            // 0 means that no text of the row matched, so a match counts at least 1.
            hits[row] = hits[row].max(u32::from(hit.score).max(1));
        }
        for (score, hit) in scores.iter_mut().zip(hits) {
            let keeps = (hit > 0) != negated.is_some();
            *score = score.filter(|_| keeps).map(|sum| sum + hit);
        }
    }
}

/// Allows no typos: rows that do not match at all are more confusing than an empty list.
pub(super) fn matching() -> Config {
    Config::default().max_typos(Some(0))
}

fn texts(row: &Row) -> impl Iterator<Item = String> {
    let names = [label(&row.address), row.address.to_string(), row.address.id()];
    let changes = row.changes.iter().filter(|change| change.kind.writes());
    let fields: Vec<String> = changes.map(|change| change.path.to_string()).collect();
    names.into_iter().chain(fields)
}
