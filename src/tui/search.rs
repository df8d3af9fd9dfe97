//! The rows that a filter leaves. A text of it is looked for letter by letter in the texts of a row, in each of them alone.
//!
//! Texts are searched one by one, so that no word is pieced together from the end of an id and the start of a field.

use std::sync::OnceLock;

use super::filter::{FilterCondition, FilterTerm};
use super::letter_search::LetterSearch;
use super::tree::label;
use crate::plan::{Plan, Row};

/// The texts of a plan that can be searched. They are collected when a text is looked for: most plans that follow another
/// are never searched.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    texts: OnceLock<IndexedTexts>,
}

#[derive(Debug, Clone, Default)]
struct IndexedTexts {
    /// The row of each text.
    rows: Vec<usize>,
    texts: Vec<String>,
}

/// The rows that a query matches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Whether each row of the plan matches.
    pub rows: Vec<bool>,
    /// The row that matches best, or `None` when no row matches.
    pub best: Option<usize>,
}

impl IndexedTexts {
    /// Collects label, address, id and changed fields of every row.
    fn of(plan: &Plan) -> Self {
        let mut indexed = Self::default();
        for (at, row) in plan.rows.iter().enumerate() {
            for text in texts(row) {
                indexed.rows.push(at);
                indexed.texts.push(text);
            }
        }
        indexed
    }
}

impl Index {
    /// Returns the rows that meet every term, or `None` without a term. The plan is always the same one.
    pub(super) fn search(&self, plan: &Plan, terms: &[FilterTerm]) -> Option<Found> {
        if terms.is_empty() {
            return None;
        }
        let count = plan.rows.len();
        let mut scores: Vec<Option<u32>> = vec![Some(0); count];
        for term in terms {
            self.narrow(plan, term, &mut scores);
        }
        // `max_by_key` returns the last of several equal rows. In reverse order that is the first one of the plan.
        let best = (0..count)
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
        let mut hits = vec![0; scores.len()];
        if let FilterCondition::Text(wanted, _) = &term.condition {
            let indexed = self.texts.get_or_init(|| IndexedTexts::of(plan));
            let mut search = LetterSearch::new(wanted);
            // 0 means that no text of the row matched.
            for (row, text) in indexed.rows.iter().zip(&indexed.texts) {
                hits[*row] = hits[*row].max(search.score(text).unwrap_or(0));
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

fn names(row: &Row) -> [String; 3] {
    [label(&row.address), row.address.to_string(), row.address.id()]
}

fn texts(row: &Row) -> impl Iterator<Item = String> {
    let changes = row.changes.iter().filter(|change| change.kind.writes());
    let fields: Vec<String> = changes.map(|change| change.path.to_string()).collect();
    names(row).into_iter().chain(fields)
}
