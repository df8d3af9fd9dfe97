//! Which rows are applied: those that the user selected, and those that a selected row needs.

use std::collections::{BTreeSet, HashMap};

use crate::plan::{Plan, Selection};
use crate::resource::Address;

/// Whether a row is applied, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// There is nothing to write for it.
    Nothing,
    /// It is left out.
    LeftOut,
    /// The user selected it.
    Selected,
    /// A selected row needs it.
    Implied,
}

/// The selection, by row of the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// Whether the user selected a row; `None` for rows that write nothing.
    marks: Vec<Option<bool>>,
    /// The rows that have to be written before a row.
    needs: Vec<Vec<usize>>,
    /// Whether a row is needed by a selected one, by row of the plan.
    implied: Vec<bool>,
}

impl Choice {
    /// Selects everything that writes.
    pub fn all(plan: &Plan) -> Self {
        Self::with(plan, |_| true)
    }

    /// Selects those rows that write and that `wants` accepts.
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
            implied: Vec::new(),
        };
        choice.follow();
        choice
    }

    /// Whether a row is applied, and why.
    pub fn mark(&self, row: usize) -> Mark {
        match (self.marks.get(row).copied().flatten(), self.implied.get(row)) {
            (None, _) => Mark::Nothing,
            (Some(true), _) => Mark::Selected,
            (Some(false), Some(true)) => Mark::Implied,
            (Some(false), _) => Mark::LeftOut,
        }
    }

    /// Selects these rows, or deselects them when all are selected already. Returns whether they are selected now.
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

    /// Returns the indices of the rows that will be written.
    pub fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.marks.len()).filter(|row| matches!(self.mark(*row), Mark::Selected | Mark::Implied))
    }

    /// Returns the addresses of the rows that will be written.
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
            chosen: marked(Mark::Selected),
            along: marked(Mark::Implied),
        }
    }

    /// Returns the numbers of rows that are selected, implied, and could be selected.
    pub fn numbers(&self) -> (usize, usize, usize) {
        let count = |wanted: Mark| (0..self.marks.len()).filter(|row| self.mark(*row) == wanted).count();
        let possible = self.marks.iter().flatten().count();
        (count(Mark::Selected), count(Mark::Implied), possible)
    }

    /// Returns the first row to be written that needs this one.
    pub fn needed_by(&self, row: usize) -> Option<usize> {
        self.rows().find(|other| self.needs[*other].contains(&row))
    }

    /// Marks what selected rows need, and what those need in turn. What the user selected stays apart from it, so that a
    /// row is left out again as soon as no selected row needs it.
    fn follow(&mut self) {
        self.implied = vec![false; self.marks.len()];
        let mut open: Vec<usize> = (0..self.marks.len())
            .filter(|row| self.marks[*row] == Some(true))
            .collect();
        while let Some(row) = open.pop() {
            for need in &self.needs[row] {
                if self.marks[*need] == Some(false) && !self.implied[*need] {
                    self.implied[*need] = true;
                    open.push(*need);
                }
            }
        }
    }
}
