//! A plan with its tree and detail: what the review and the run have in common.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use jiff::civil::Date;
use tui_input::Input;

use super::detail::DetailPane;
use super::looked::LookedRows;
use super::outline::Outline;
use super::tree::{Arrangement, NodeId, TreeNode};
use super::workbench::{LoadedPlan, PullFacts, SecretUsage, Title};
use crate::plan::{Plan, Row};
use crate::resource::Address;
use crate::show::Line;
use crate::show::summary::PlanSummary;

/// What was loaded together with a plan.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// The config file and the target.
    pub title: Title,
    /// The secrets that the files use.
    pub secrets: Vec<SecretUsage>,
    /// The warnings of the files and of the session. Those of the plan are in the plan.
    pub warnings: Vec<Line>,
    /// Whether the organization has to be typed before an apply.
    pub protected: bool,
    /// How long loading took, in milliseconds.
    pub took_ms: u64,
    /// The current day, in UTC.
    pub today: Date,
    /// The last day on which drift is ignored, unless another one is typed.
    pub ignore_until: Date,
    /// Set where the plan is one of a pull.
    pub pull: Option<PullFacts>,
    /// Why nothing can be done with the plan; `None` where it is one of files and server.
    pub read_only: Option<String>,
}

impl Facts {
    fn of(loaded: &LoadedPlan) -> Self {
        Self {
            title: loaded.title.clone(),
            secrets: loaded.secrets.clone(),
            warnings: loaded.warnings.clone(),
            protected: loaded.protected,
            took_ms: loaded.took_ms,
            today: loaded.today,
            ignore_until: loaded.ignore_until,
            pull: loaded.pull.clone(),
            read_only: loaded.recorded.as_ref().map(|recorded| recorded.reason.clone()),
        }
    }
}

/// The pane that has the keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Focus {
    /// The tree.
    #[default]
    Tree,
    /// The detail beside it.
    Detail,
}

/// A plan with tree and detail.
#[derive(Debug, Clone)]
pub struct Board {
    /// What was loaded together with the plan.
    pub facts: Facts,
    /// The plan.
    pub plan: Plan,
    /// The plan as a whole, in lines.
    pub summary: PlanSummary,
    /// The tree as it is folded and filtered, with the cursor.
    pub outline: Outline,
    /// The row at the cursor in full.
    pub detail: DetailPane,
    /// The pane that has the keys.
    pub focus: Focus,
    /// Whether only the focused pane is shown.
    pub zoom: bool,
    /// The filter line while it is open; `None` when it is closed, even if a filter applies.
    pub filter: Option<Input>,
    /// The line that searches the detail while it is open.
    pub search: Option<Input>,
    /// Drift rows to delete, and rows whose drifted fields are to be cleared.
    pub prune: BTreeSet<Address>,
    /// What the user has looked at.
    pub looked: LookedRows,
    /// The node at which the marked range begins; it ends at the cursor. `None` when no range is marked.
    pub range_from: Option<NodeId>,
}

impl Board {
    /// Creates a board for a plan that was just loaded. Folds, filter, cursor and focus come from the previous board, if
    /// there is one.
    pub fn of(loaded: LoadedPlan, before: Option<&Self>) -> Self {
        let outline = match before {
            Some(before) => before.outline.rebuilt_for(&loaded.plan),
            None => Outline::of(&loaded.plan, Arrangement::of(loaded.pull.is_some())),
        };
        let looked = match before {
            Some(before) => {
                let rescoped = before.facts.title.targets != loaded.title.targets;
                before.looked.following(&before.plan, &loaded.plan, rescoped)
            }
            None => loaded.looked.clone(),
        };
        Self {
            looked,
            outline,
            detail: before.map(Self::fresh_detail).unwrap_or_default(),
            focus: before.map(|before| before.focus).unwrap_or_default(),
            zoom: before.is_some_and(|before| before.zoom),
            filter: None,
            search: None,
            range_from: None,
            facts: Facts::of(&loaded),
            prune: loaded.marked,
            summary: PlanSummary::of(&loaded.plan),
            plan: loaded.plan,
        }
    }

    /// Replaces the plan by a newer one, and keeps cursor, folds, filters, the marked range, what is being typed and the
    /// place in the detail. Returns whether anything is different.
    pub fn follow(&mut self, loaded: LoadedPlan) -> bool {
        let facts = Facts {
            took_ms: self.facts.took_ms,
            ..Facts::of(&loaded)
        };
        if loaded.plan == self.plan && facts == self.facts && loaded.marked == self.prune {
            return false;
        }
        self.prune = loaded.marked;
        self.facts = facts;
        self.facts.took_ms = loaded.took_ms;
        let looked = self.looked.following(&self.plan, &loaded.plan, false);
        self.put(loaded.plan, looked);
        true
    }

    /// Replaces the plan by another one of the same files and server.
    pub fn replace_plan(&mut self, plan: Plan) {
        let mut looked = self.looked.following(&self.plan, &plan, false);
        // What is different only because the user has marked it is no news.
        looked.fresh.retain(|row| self.looked.fresh.contains(row));
        self.put(plan, looked);
    }

    fn put(&mut self, plan: Plan, looked: LookedRows) {
        self.outline = self.outline.rebuilt_for(&plan);
        self.looked = looked;
        self.summary = PlanSummary::of(&plan);
        self.plan = plan;
        self.detail.forget();
    }

    /// Returns the node at the cursor, and its row if it has one.
    pub fn current(&self) -> Option<(&TreeNode, Option<&Row>)> {
        let node = self.outline.current()?;
        Some((node, node.row.map(|row| &self.plan.rows[row])))
    }

    /// Returns the row at the cursor, or `None` on a heading.
    pub fn row(&self) -> Option<&Row> {
        self.current().and_then(|(_, row)| row)
    }

    /// Returns the indices of the rows at the cursor and below it in the tree.
    pub fn rows_here(&self) -> Vec<usize> {
        let here = self.outline.current_index();
        here.map(|index| self.outline.tree().rows(index).collect())
            .unwrap_or_default()
    }

    /// Returns the positions of the marked range in [`Outline::shown`], or of the cursor alone.
    pub fn range(&self) -> RangeInclusive<usize> {
        let cursor = self.outline.cursor();
        let from = self.range_from.as_ref().and_then(|id| self.outline.shown_position(id));
        let from = from.unwrap_or(cursor);
        from.min(cursor)..=from.max(cursor)
    }

    /// Returns the rows that a key is about, as indices of the plan: those of the marked range or at the cursor, with what is
    /// below them, as far as the filters let them through.
    pub fn chosen_rows(&self) -> BTreeSet<usize> {
        let nodes = self.outline.shown().get(self.range()).unwrap_or_default();
        let rows = nodes.iter().flat_map(|node| self.outline.tree().rows(*node));
        rows.filter(|row| self.outline.passes(&self.plan, *row)).collect()
    }

    /// Moves the cursor to a resource and unfolds what hides it.
    pub fn reveal(&mut self, address: &Address) {
        if let Some(index) = self.outline.tree().position(&NodeId::Row(address.clone())) {
            self.outline.reveal(&self.plan, index);
        }
    }

    fn fresh_detail(&self) -> DetailPane {
        let mut detail = self.detail.clone();
        detail.forget();
        detail
    }
}
