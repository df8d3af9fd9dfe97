//! Which rows are to be applied: those the person chose, and those that come along because a chosen one needs them.

use std::collections::{BTreeSet, HashMap};

use crate::plan::{Plan, Selection};
use crate::resource::Address;

/// Whether a row is applied, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// There is nothing to write for it.
    Nothing,
    /// It stays as it is.
    Off,
    /// The person wants it.
    Chosen,
    /// A chosen row needs it.
    Along,
}

/// The selection, by row of the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    marks: Vec<Option<bool>>,
    needs: Vec<Vec<usize>>,
    along: Vec<bool>,
}

impl Choice {
    /// Everything that writes.
    pub fn all(plan: &Plan) -> Self {
        Self::with(plan, |_| true)
    }

    /// Those rows that write and that `wants` accepts.
    pub fn with(plan: &Plan, wants: impl Fn(&Address) -> bool) -> Self {
        let places: HashMap<&Address, usize> = plan
            .rows
            .iter()
            .enumerate()
            .map(|(at, row)| (&row.address, at))
            .collect();
        let writes = |at: &usize| plan.rows[*at].writes();
        let mut choice = Self {
            marks: plan
                .rows
                .iter()
                .map(|row| row.writes().then(|| wants(&row.address)))
                .collect(),
            needs: plan
                .rows
                .iter()
                .map(|row| {
                    row.depends_on
                        .iter()
                        .filter_map(|need| places.get(need).copied())
                        .filter(writes)
                        .collect()
                })
                .collect(),
            along: Vec::new(),
        };
        choice.follow();
        choice
    }

    /// Whether a row is applied, and why.
    pub fn mark(&self, row: usize) -> Mark {
        match (self.marks.get(row).copied().flatten(), self.along.get(row)) {
            (None, _) => Mark::Nothing,
            (Some(true), _) => Mark::Chosen,
            (Some(false), Some(true)) => Mark::Along,
            (Some(false), _) => Mark::Off,
        }
    }

    /// Chooses these rows, or none of them when all are chosen already. Returns whether they are chosen now.
    pub fn toggle(&mut self, rows: impl Iterator<Item = usize> + Clone) -> bool {
        let all = rows.clone().all(|row| self.marks[row] != Some(false));
        for row in rows {
            if let Some(mark) = &mut self.marks[row] {
                *mark = !all;
            }
        }
        self.follow();
        !all
    }

    /// Rows that will be written.
    pub fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.marks.len()).filter(|row| matches!(self.mark(*row), Mark::Chosen | Mark::Along))
    }

    /// Addresses that will be written.
    pub fn addresses(&self, plan: &Plan) -> BTreeSet<Address> {
        self.rows().map(|row| plan.rows[row].address.clone()).collect()
    }

    /// Returns what is selected, as the rest of the program knows it.
    pub fn selection(&self, plan: &Plan) -> Selection {
        let marked = |wanted: Mark| {
            let rows = (0..self.marks.len()).filter(|row| self.mark(*row) == wanted);
            rows.map(|row| plan.rows[row].address.clone()).collect()
        };
        Selection {
            chosen: marked(Mark::Chosen),
            along: marked(Mark::Along),
        }
    }

    /// How many rows are chosen, come along, and could be chosen.
    pub fn numbers(&self) -> (usize, usize, usize) {
        let count = |wanted: Mark| (0..self.marks.len()).filter(|row| self.mark(*row) == wanted).count();
        let possible = self.marks.iter().flatten().count();
        (count(Mark::Chosen), count(Mark::Along), possible)
    }

    /// The first row to be written that needs this one.
    pub fn needed_by(&self, row: usize) -> Option<usize> {
        self.rows().find(|other| self.needs[*other].contains(&row))
    }

    /// Follows what chosen rows need, and what those need.
    fn follow(&mut self) {
        self.along = vec![false; self.marks.len()];
        let mut open: Vec<usize> = (0..self.marks.len())
            .filter(|row| self.marks[*row] == Some(true))
            .collect();
        while let Some(row) = open.pop() {
            for need in &self.needs[row] {
                if self.marks[*need] == Some(false) && !self.along[*need] {
                    self.along[*need] = true;
                    open.push(*need);
                }
            }
        }
    }
}
