//! A plan laid out to be worked on: what review and run have in common.

use std::collections::BTreeSet;

use tui_input::Input;

use super::detail::Detail;
use super::outline::Outline;
use super::tree::{Node, NodeId};
use super::workbench::{Loaded, SecretRow, Title};
use crate::plan::{Plan, Row};
use crate::resource::Address;
use crate::show::Line;

/// What is known around a plan.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// From where to where.
    pub title: Title,
    /// Names that the files use.
    pub secrets: Vec<SecretRow>,
    /// What loading had to say.
    pub warnings: Vec<Line>,
    /// Whether applying wants the organisation's name typed.
    pub protected: bool,
    /// How long loading took.
    pub took_ms: u64,
}

/// Which pane the keys go to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Focus {
    /// The tree.
    #[default]
    Tree,
    /// The pane beside it.
    Detail,
}

/// A plan with tree and detail.
#[derive(Debug, Clone)]
pub struct Board {
    /// What is known around the plan.
    pub facts: Facts,
    /// What would happen.
    pub plan: Plan,
    /// The tree.
    pub outline: Outline,
    /// The pane beside it.
    pub detail: Detail,
    /// Which of the two the keys go to.
    pub focus: Focus,
    /// Only the focused pane is on the screen.
    pub zoom: bool,
    /// The filter that is being typed.
    pub filter: Option<Input>,
    /// Rows that are to be deleted, or whose drifted fields are.
    pub prune: BTreeSet<Address>,
}

impl Board {
    /// A plan that was just loaded; with folds, lens and cursor of the one before it.
    pub fn of(loaded: Loaded, before: Option<&Self>) -> Self {
        let outline = match before {
            Some(before) => before.outline.over(&loaded.plan),
            None => Outline::of(&loaded.plan),
        };
        Self {
            outline,
            detail: before.map(Self::fresh_detail).unwrap_or_default(),
            focus: Focus::Tree,
            zoom: false,
            filter: None,
            prune: before.map(|before| before.prune.clone()).unwrap_or_default(),
            plan: loaded.plan,
            facts: Facts {
                title: loaded.title,
                secrets: loaded.secrets,
                warnings: loaded.warnings,
                protected: loaded.protected,
                took_ms: loaded.took_ms,
            },
        }
    }

    /// Takes another plan of the same files and server.
    pub fn replace_plan(&mut self, plan: Plan) {
        self.outline = self.outline.over(&plan);
        self.plan = plan;
        self.detail.forget();
    }

    /// The node below the cursor and its row.
    pub fn current(&self) -> Option<(&Node, Option<&Row>)> {
        let node = self.outline.current()?;
        Some((node, node.row.map(|row| &self.plan.rows[row])))
    }

    /// The row below the cursor.
    pub fn row(&self) -> Option<&Row> {
        self.current().and_then(|(_, row)| row)
    }

    /// Rows of the plan at the cursor and below it.
    pub fn rows_here(&self) -> Vec<usize> {
        let here = self.outline.current_index();
        here.map(|index| self.outline.tree().rows(index).collect())
            .unwrap_or_default()
    }

    /// Puts the cursor on a resource.
    pub fn reveal(&mut self, address: &Address) {
        if let Some(index) = self.outline.tree().position(&NodeId::Row(address.clone())) {
            self.outline.reveal(&self.plan, index);
        }
    }

    fn fresh_detail(&self) -> Detail {
        let mut detail = self.detail.clone();
        detail.forget();
        detail
    }
}
