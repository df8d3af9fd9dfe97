//! The rows that a filter leaves. A text of it is looked for letter by letter in the texts of a row, in each of them alone.
//!
//! Texts are searched one by one, so that no word is pieced together from the end of an id and the start of a field.

use frizbee::{Config, Matcher};

use super::filter::{FilterCondition, FilterTerm};
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

    /// Returns the rows that meet every term, or `None` without a term.
    pub(super) fn search(&self, plan: &Plan, terms: &[FilterTerm]) -> Option<Found> {
        if terms.is_empty() {
            return None;
        }
        let mut scores: Vec<Option<u32>> = vec![Some(0); self.count];
        for term in terms {
            self.narrow(plan, term, &mut scores);
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

    /// Removes the scores of rows that do not meet a term, and adds to those of the others.
    fn narrow(&self, plan: &Plan, term: &FilterTerm, scores: &mut [Option<u32>]) {
        let mut hits = vec![0; self.count];
        if let FilterCondition::Text(wanted, _) = &term.condition {
            for hit in Matcher::from_query(wanted, &matching()).match_list(&self.texts) {
                let row = self.rows[hit.index as usize];
                // 0 means that no text of the row matched, so a match counts at least 1.
                hits[row] = hits[row].max(u32::from(hit.score).max(1));
            }
        }
        for (index, row) in plan.rows.iter().enumerate() {
            if scores[index].is_some() && hits[index] == 0 {
                hits[index] = u32::from(term.condition.holds(row, || names(row)));
            }
        }
        for (score, hit) in scores.iter_mut().zip(hits) {
            let keeps = (hit > 0) != term.negated;
            *score = score.filter(|_| keeps).map(|sum| sum + hit);
        }
    }
}

/// Allows no typos: rows that do not match at all are more confusing than an empty list.
pub(super) fn matching() -> Config {
    Config::default().max_typos(Some(0))
}

fn names(row: &Row) -> [String; 3] {
    [label(&row.address), row.address.to_string(), row.address.id()]
}

fn texts(row: &Row) -> impl Iterator<Item = String> {
    let changes = row.changes.iter().filter(|change| change.kind.writes());
    let fields: Vec<String> = changes.map(|change| change.path.to_string()).collect();
    names(row).into_iter().chain(fields)
}
