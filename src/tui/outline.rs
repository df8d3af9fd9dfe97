//! The visible part of the tree: folds, filters, the cursor and the scroll position.

use std::collections::{BTreeSet, HashSet};

use super::filter;
use super::search::{Found, Index};
use super::tree::{Arrangement, NodeId, PlanTree, TreeNode};
use crate::plan::{Plan, Row, Verb};

/// The conditions under which a row of the tree is visible; all of them have to hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    /// Whether unchanged rows are hidden.
    pub changes_only: bool,
    /// The kinds of rows that are hidden.
    pub hidden: BTreeSet<RowKind>,
    /// The typed filter; empty if there is none.
    pub query: String,
}

/// A group of rows that can be hidden with one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowKind {
    /// Rows to create.
    Create,
    /// Rows to update.
    Update,
    /// Unchanged rows.
    Unchanged,
    /// Rows that only the server has, whether or not they will be deleted.
    ServerOnly,
}

impl RowKind {
    /// Returns the group of a verb.
    pub fn of(verb: Verb) -> Self {
        match verb {
            Verb::Create => Self::Create,
            Verb::Update => Self::Update,
            Verb::Noop => Self::Unchanged,
            Verb::Drift | Verb::Delete => Self::ServerOnly,
        }
    }

    /// Returns the name of the group in the message that it is hidden or shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Unchanged => "unchanged",
            Self::ServerOnly => "drift",
        }
    }
}

/// The visible part of a tree.
#[derive(Debug, Clone, Default)]
pub struct Outline {
    tree: PlanTree,
    index: Index,
    /// The rows that match the typed filter; `None` without one.
    found: Option<Found>,
    /// What is wrong with the typed filter.
    filter_error: Option<String>,
    folded: HashSet<NodeId>,
    /// The nodes below which nothing is notable, and the kinds of many drift rows: they start folded.
    quiet: HashSet<NodeId>,
    filters: Filters,
    /// The visible nodes, ascending.
    shown: Vec<usize>,
    /// The position of the cursor in `shown`.
    cursor: usize,
    /// The position of the first line on the screen in `shown`.
    top: usize,
}

impl Outline {
    /// Creates the outline of a plan. Agents without anything notable start folded, and so do the kinds of many drift rows.
    pub fn of(plan: &Plan, arrangement: Arrangement) -> Self {
        let tree = PlanTree::of(plan, arrangement);
        let quiet = |index: usize| {
            let is_folded_first = matches!(tree.nodes()[index].id, NodeId::Kind(_) | NodeId::Same(_));
            is_folded_first || !tree.rows(index).any(|row| plan.rows[row].is_notable())
        };
        let quiet: HashSet<NodeId> = (0..tree.nodes().len())
            .filter(|index| tree.has_children(*index) && quiet(*index))
            .map(|index| tree.nodes()[index].id.clone())
            .collect();
        let mut outline = Self {
            tree,
            folded: quiet.clone(),
            quiet,
            ..Self::default()
        };
        outline.refresh(plan);
        outline.cursor = outline.first_position(plan);
        outline
    }

    /// Creates the outline of another plan with the same folds, filters and cursor.
    pub fn rebuilt_for(&self, plan: &Plan) -> Self {
        self.arranged(plan, self.tree.arrangement())
    }

    /// Creates the outline of a plan in another arrangement, with the same folds, filters and cursor.
    pub fn arranged(&self, plan: &Plan, arrangement: Arrangement) -> Self {
        let mut next = Self::of(plan, arrangement);
        let known: HashSet<&NodeId> = self.tree.nodes().iter().map(|node| &node.id).collect();
        // New nodes are folded as `of` decided; nodes of both plans are folded as the user left them, but what was folded
        // because nothing happened there opens when something does.
        next.folded.retain(|id| !known.contains(id));
        let wakes = |id: &&NodeId| self.quiet.contains(*id) && !next.quiet.contains(*id);
        next.folded.extend(self.folded.iter().filter(|id| !wakes(id)).cloned());
        next.filters = self.filters.clone();
        next.refresh(plan);
        // The line first: where the node at the cursor has gone, the cursor stays at the same height.
        next.cursor = self.cursor;
        next.top = self.top;
        if let Some(id) = self.current().map(|node| &node.id) {
            if arrangement == self.tree.arrangement() {
                next.go_to_id(id);
            } else {
                next.go_to_nearest(id);
            }
        }
        next
    }

    /// Returns the whole tree, without regard to folds and filters.
    pub fn tree(&self) -> &PlanTree {
        &self.tree
    }

    /// Returns the conditions under which rows are visible.
    pub fn filters(&self) -> &Filters {
        &self.filters
    }

    /// Returns what is wrong with the typed filter, and therefore left out of it.
    pub fn filter_error(&self) -> Option<&str> {
        self.filter_error.as_deref()
    }

    /// Returns the nodes that no fold and no filter hides, top to bottom.
    pub fn shown(&self) -> &[usize] {
        &self.shown
    }

    /// Returns the position of the cursor in [`Self::shown`].
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Returns the position of the first line on the screen in [`Self::shown`].
    pub fn top(&self) -> usize {
        self.top
    }

    /// Returns the index of the node at the cursor, or `None` when no node is visible.
    pub fn current_index(&self) -> Option<usize> {
        self.shown.get(self.cursor).copied()
    }

    /// Returns the node at the cursor, or `None` when no node is visible.
    pub fn current(&self) -> Option<&TreeNode> {
        self.current_index().and_then(|index| self.tree.node(index))
    }

    /// Whether a node hides its children.
    pub fn is_folded(&self, index: usize) -> bool {
        // What the typed filter has found is visible, folded or not.
        self.filters.query.is_empty() && self.tree.node(index).is_some_and(|node| self.folded.contains(&node.id))
    }

    /// Moves the cursor by a number of lines, negative for up.
    pub fn step(&mut self, by: isize) {
        self.go_to(self.cursor.saturating_add_signed(by));
    }

    /// Moves the cursor to a position in [`Self::shown`], or to the last line if there are fewer.
    pub fn go_to(&mut self, position: usize) {
        self.cursor = position.min(self.shown.len().saturating_sub(1));
    }

    /// Returns the position of a node in [`Self::shown`], if it is visible.
    pub fn shown_position(&self, id: &NodeId) -> Option<usize> {
        self.shown.iter().position(|index| self.tree.nodes()[*index].id == *id)
    }

    /// Moves the cursor to a node if it is visible.
    pub fn go_to_id(&mut self, id: &NodeId) {
        if let Some(position) = self.shown_position(id) {
            self.cursor = position;
        } else {
            self.go_to(self.cursor);
        }
    }

    /// Moves the cursor to the next node that `wanted` accepts, and unfolds what hides it. After the last node the search
    /// goes on with the first one. Returns whether there is such a node.
    pub fn seek(&mut self, plan: &Plan, back: bool, wanted: impl Fn(&Row) -> bool) -> bool {
        let count = self.tree.nodes().len();
        let from = self.current_index().unwrap_or(0);
        // The current node is tried last: the cursor stays there when no other node is accepted.
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

    /// Unfolds what hides a node and moves the cursor to it.
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

    /// Folds or unfolds the node at the cursor.
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

    /// Folds or unfolds everything; headings stay unfolded.
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

    /// Moves the cursor to the parent.
    pub fn ascend(&mut self) {
        let parent = self.current_index().and_then(|index| self.tree.parent(index));
        if let Some(id) = parent.map(|index| self.tree.nodes()[index].id.clone()) {
            self.go_to_id(&id);
        }
    }

    /// Changes the filters, and keeps the cursor on its node or the nearest visible one above it.
    pub fn change_filters(&mut self, plan: &Plan, change: impl FnOnce(&mut Filters)) {
        change(&mut self.filters);
        self.refresh(plan);
    }

    /// Moves the cursor to the best match of the typed filter.
    pub fn go_to_match(&mut self) {
        let best = self.found.as_ref().and_then(|found| found.best);
        let is_best = |index: &usize| best.is_some() && self.tree.nodes()[*index].row == best;
        if let Some(position) = self.shown.iter().position(is_best) {
            self.go_to(position);
        }
    }

    /// Scrolls by a number of lines. The cursor moves only as far as it must to stay in the window.
    pub fn scroll(&mut self, by: isize, height: usize) {
        let last = self.shown.len().saturating_sub(height);
        self.top = self.top.saturating_add_signed(by).min(last);
        self.cursor = self.cursor.clamp(self.top, self.top + height.saturating_sub(1));
        self.go_to(self.cursor);
    }

    /// Scrolls so that the cursor is in a window of this height, with some lines around it.
    pub fn keep_visible(&mut self, height: usize) {
        self.go_to(self.cursor);
        let margin = (height / 4).min(3);
        let last = self.shown.len().saturating_sub(height);
        let lowest = (self.cursor + 1 + margin).saturating_sub(height);
        let highest = self.cursor.saturating_sub(margin).max(lowest);
        self.top = self.top.clamp(lowest, highest).min(last);
    }

    /// Returns the position of the first row that changes, else of the first row.
    fn first_position(&self, plan: &Plan) -> usize {
        let row = |index: &usize| self.tree.nodes()[*index].row;
        let changes = |index: &usize| row(index).is_some_and(|row| plan.rows[row].verb.changes());
        let change = self.shown.iter().position(changes);
        change
            .or_else(|| self.shown.iter().position(|index| row(index).is_some()))
            .unwrap_or(0)
    }

    fn refresh(&mut self, plan: &Plan) {
        let here = self.current().map(|node| node.id.clone());
        let parsed = filter::parse(&self.filters.query);
        self.found = self.index.search(plan, &parsed.terms);
        self.filter_error = parsed.error.map(|error| error.to_string());
        let kept = self.kept(plan);
        self.shown.clear();
        let mut index = 0;
        while let Some(node) = self.tree.nodes().get(index) {
            // A node without kept rows below it is not kept itself, so its whole subtree can be skipped.
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

    /// Keeps the cursor on its node, or moves it to the nearest visible ancestor.
    fn go_to_nearest(&mut self, id: &NodeId) {
        let mut index = self.tree.position(id);
        while let Some(at) = index {
            if let Ok(position) = self.shown.binary_search(&at) {
                self.cursor = position;
                return;
            }
            index = self.tree.parent(at);
        }
        self.go_to(self.cursor);
    }

    /// Returns which nodes are kept: those whose row passes the filters, and their ancestors.
    fn kept(&self, plan: &Plan) -> Vec<bool> {
        let mut kept: Vec<bool> = self
            .tree
            .nodes()
            .iter()
            .map(|node| node.row.is_some_and(|row| self.passes(plan, row)))
            .collect();
        // The ancestors of the current node. A subtree is a range of the node list, so an ancestor has ended as soon as
        // its range has: one pass is enough, even for thousands of rows.
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

    /// Whether a row passes the filters.
    pub fn passes(&self, plan: &Plan, row: usize) -> bool {
        let found = self.found.as_ref().is_none_or(|found| found.rows[row]);
        let row = &plan.rows[row];
        found
            && !self.filters.hidden.contains(&RowKind::of(row.verb))
            && (!self.filters.changes_only || row.is_notable())
    }
}
