//! What of the tree is on the screen: folds, the lens that hides lines, the cursor and the scroll position.

use std::collections::HashSet;

use super::search::{Found, Index};
use super::tree::{Node, NodeId, Tree};
use crate::plan::{Plan, Row, Verb};

/// What hides lines of the tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lens {
    /// Rows that stay as they are go.
    pub changes_only: bool,
    /// Rows of these kinds go: create, update, same, drift.
    pub hidden: [bool; 4],
    /// Only what matches stays.
    pub query: String,
}

/// Which of the four switches a verb belongs to.
pub fn switch(verb: Verb) -> usize {
    match verb {
        Verb::Create => 0,
        Verb::Update => 1,
        Verb::Noop => 2,
        Verb::Drift | Verb::Delete => 3,
    }
}

/// The visible part of a tree.
#[derive(Debug, Clone, Default)]
pub struct Outline {
    tree: Tree,
    index: Index,
    found: Option<Found>,
    folded: HashSet<NodeId>,
    lens: Lens,
    shown: Vec<usize>,
    cursor: usize,
    top: usize,
}

impl Outline {
    /// The tree of a plan, with agents folded that have nothing to look at.
    pub fn of(plan: &Plan) -> Self {
        let tree = Tree::of(plan);
        let quiet = |index: usize| !tree.rows(index).any(|row| plan.rows[row].is_notable());
        let folded = (0..tree.nodes().len())
            .filter(|index| tree.has_children(*index) && quiet(*index))
            .map(|index| tree.nodes()[index].id.clone())
            .collect();
        let mut outline = Self {
            index: Index::of(plan),
            tree,
            folded,
            ..Self::default()
        };
        outline.refresh(plan);
        outline.cursor = outline.first_place(plan);
        outline
    }

    /// The same folds, lens and cursor over another plan.
    pub fn over(&self, plan: &Plan) -> Self {
        let mut next = Self::of(plan);
        let known: HashSet<&NodeId> = self.tree.nodes().iter().map(|node| &node.id).collect();
        next.folded.retain(|id| !known.contains(id));
        next.folded.extend(self.folded.iter().cloned());
        next.lens = self.lens.clone();
        next.refresh(plan);
        next.cursor = self.cursor;
        next.top = self.top;
        if let Some(id) = self.current().map(|node| &node.id) {
            next.go_to_id(id);
        }
        next
    }

    /// The whole tree.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// What hides lines.
    pub fn lens(&self) -> &Lens {
        &self.lens
    }

    /// Nodes on the screen and beyond, top to bottom.
    pub fn shown(&self) -> &[usize] {
        &self.shown
    }

    /// Which of them the cursor is on.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Which of them is the first on the screen.
    pub fn top(&self) -> usize {
        self.top
    }

    /// The node below the cursor.
    pub fn current_index(&self) -> Option<usize> {
        self.shown.get(self.cursor).copied()
    }

    /// The node below the cursor.
    pub fn current(&self) -> Option<&Node> {
        self.current_index().and_then(|index| self.tree.node(index))
    }

    /// Whether a node hides what is below it.
    pub fn is_folded(&self, index: usize) -> bool {
        self.lens.query.is_empty() && self.tree.node(index).is_some_and(|node| self.folded.contains(&node.id))
    }

    /// Moves the cursor by so many lines.
    pub fn step(&mut self, by: isize) {
        self.go_to(self.cursor.saturating_add_signed(by));
    }

    /// Puts the cursor on a visible line.
    pub fn go_to(&mut self, place: usize) {
        self.cursor = place.min(self.shown.len().saturating_sub(1));
    }

    /// Puts the cursor on a node if it is visible.
    pub fn go_to_id(&mut self, id: &NodeId) {
        let place = self.shown.iter().position(|index| self.tree.nodes()[*index].id == *id);
        if let Some(place) = place {
            self.cursor = place;
        } else {
            self.go_to(self.cursor);
        }
    }

    /// Puts the cursor on the next node, up or down and around the end, that `wanted` accepts; unfolds what hides it.
    pub fn seek(&mut self, plan: &Plan, back: bool, wanted: impl Fn(&Row) -> bool) -> bool {
        let count = self.tree.nodes().len();
        let from = self.current_index().unwrap_or(0);
        let found = (1..=count)
            .map(|by| {
                if back {
                    (from + count - by) % count
                } else {
                    (from + by) % count
                }
            })
            .find(|index| {
                let row = self.tree.nodes()[*index].row;
                row.is_some_and(|row| wanted(&plan.rows[row]) && self.passes(plan, row))
            });
        let Some(index) = found else { return false };
        self.reveal(plan, index);
        true
    }

    /// Unfolds what hides a node and puts the cursor on it.
    pub fn reveal(&mut self, plan: &Plan, index: usize) {
        let mut above = self.tree.parent(index);
        while let Some(parent) = above {
            self.folded.remove(&self.tree.nodes()[parent].id);
            above = self.tree.parent(parent);
        }
        self.refresh(plan);
        let id = self.tree.nodes()[index].id.clone();
        self.go_to_id(&id);
    }

    /// Folds or unfolds the node below the cursor.
    pub fn set_fold(&mut self, plan: &Plan, folded: bool) {
        let Some(index) = self.current_index().filter(|index| self.tree.has_children(*index)) else {
            return;
        };
        let id = self.tree.nodes()[index].id.clone();
        if folded {
            self.folded.insert(id);
        } else {
            self.folded.remove(&id);
        }
        self.refresh(plan);
    }

    /// Folds or unfolds everything; headings stay open.
    pub fn fold_all(&mut self, plan: &Plan, folded: bool) {
        self.folded.clear();
        if folded {
            let inner = |index: &usize| self.tree.nodes()[*index].depth > 0 && self.tree.has_children(*index);
            self.folded = (0..self.tree.nodes().len())
                .filter(inner)
                .map(|index| self.tree.nodes()[index].id.clone())
                .collect();
        }
        self.refresh(plan);
    }

    /// Goes to the parent.
    pub fn ascend(&mut self) {
        let parent = self.current_index().and_then(|index| self.tree.parent(index));
        if let Some(id) = parent.map(|index| self.tree.nodes()[index].id.clone()) {
            self.go_to_id(&id);
        }
    }

    /// Looks through another lens.
    pub fn look(&mut self, plan: &Plan, change: impl FnOnce(&mut Lens)) {
        change(&mut self.lens);
        self.refresh(plan);
    }

    /// While a filter is typed: puts the cursor on what matches best.
    pub fn go_to_match(&mut self) {
        let best = self.found.as_ref().and_then(|found| found.best);
        let is_best = |index: &usize| best.is_some() && self.tree.nodes()[*index].row == best;
        if let Some(place) = self.shown.iter().position(is_best) {
            self.go_to(place);
        }
    }

    /// Scrolls by so many lines without the cursor, which stays within the window.
    pub fn scroll(&mut self, by: isize, height: usize) {
        let last = self.shown.len().saturating_sub(height);
        self.top = self.top.saturating_add_signed(by).min(last);
        self.cursor = self.cursor.clamp(self.top, self.top + height.saturating_sub(1));
        self.go_to(self.cursor);
    }

    /// Keeps the cursor within a window of this height, with some lines of what is around it.
    pub fn keep_visible(&mut self, height: usize) {
        self.go_to(self.cursor);
        let margin = (height / 4).min(3);
        let last = self.shown.len().saturating_sub(height);
        let lowest = (self.cursor + 1 + margin).saturating_sub(height);
        let highest = self.cursor.saturating_sub(margin).max(lowest);
        self.top = self.top.clamp(lowest, highest).min(last);
    }

    /// The first row that changes, else the first row.
    fn first_place(&self, plan: &Plan) -> usize {
        let row = |index: &usize| self.tree.nodes()[*index].row;
        let changes = |index: &usize| row(index).is_some_and(|row| plan.rows[row].verb.changes());
        let change = self.shown.iter().position(changes);
        change
            .or_else(|| self.shown.iter().position(|index| row(index).is_some()))
            .unwrap_or(0)
    }

    fn refresh(&mut self, plan: &Plan) {
        let here = self.current().map(|node| node.id.clone());
        self.found = self.index.search(&self.lens.query);
        let kept = self.kept(plan);
        self.shown.clear();
        let mut index = 0;
        while let Some(node) = self.tree.nodes().get(index) {
            let skip = !kept[index] || self.is_folded(index);
            if kept[index] {
                self.shown.push(index);
            }
            index = if skip { node.end } else { index + 1 };
        }
        if let Some(id) = here {
            self.go_to_nearest(&id);
        }
    }

    /// Keeps the cursor where it was, on the parent when the line has gone.
    fn go_to_nearest(&mut self, id: &NodeId) {
        let mut index = self.tree.position(id);
        while let Some(at) = index {
            if let Ok(place) = self.shown.binary_search(&at) {
                self.cursor = place;
                return;
            }
            index = self.tree.parent(at);
        }
        self.go_to(self.cursor);
    }

    /// A node stays when its row passes the lens or anything below it stays.
    fn kept(&self, plan: &Plan) -> Vec<bool> {
        let mut kept: Vec<bool> = self
            .tree
            .nodes()
            .iter()
            .map(|node| node.row.is_some_and(|row| self.passes(plan, row)))
            .collect();
        let mut open: Vec<usize> = Vec::new();
        for index in 0..kept.len() {
            while open.last().is_some_and(|above| self.tree.nodes()[*above].end <= index) {
                open.pop();
            }
            if kept[index] {
                for above in &open {
                    kept[*above] = true;
                }
            }
            open.push(index);
        }
        kept
    }

    fn passes(&self, plan: &Plan, row: usize) -> bool {
        let found = self.found.as_ref().is_none_or(|found| found.rows[row]);
        let row = &plan.rows[row];
        found && !self.lens.hidden[switch(row.verb)] && (!self.lens.changes_only || row.is_notable())
    }
}
