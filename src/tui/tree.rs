//! The tree of a plan: groups, agents with what belongs to them, memory. Derived from addresses; a subtree is a range.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use super::equal_changes::change_shapes;
use crate::plan::{Plan, Row, Verb};
use crate::resource::Address;

/// A top-level heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Agents, their settings and platforms.
    Agents,
    /// Entity types and relationship types.
    Memory,
    /// Rows that only the server has.
    Drift,
}

impl Group {
    /// Every group, in display order.
    pub const ALL: [Self; 3] = [Self::Agents, Self::Memory, Self::Drift];

    /// Returns the text of the heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Agents => "agents",
            Self::Memory => "memory",
            Self::Drift => "drift",
        }
    }
}

/// What the rows of a tree are below.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Arrangement {
    /// Agents, memory and drift.
    #[default]
    ByKind,
    /// The files in which they are, for a pull.
    ByFile,
    /// What happens to them: rows that change in the same way are together.
    ByChange,
}

impl Arrangement {
    /// Returns the arrangement of a plan, or of a pull.
    pub fn of(is_pull: bool) -> Self {
        if is_pull { Self::ByFile } else { Self::ByKind }
    }
}

/// The identity of a node, the same in every plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeId {
    /// A heading.
    Group(Group),
    /// A file, above the rows in it. Empty for rows that are in no file.
    File(PathBuf),
    /// Rows of which the same fields change, by the title.
    Shape(String),
    /// Rows that change to the same values, by the first of them.
    Same(Address),
    /// The rows of a plan that change as no other row does, or not at all.
    Rest(&'static str),
    /// A heading below `drift`, above the rows of one kind.
    Kind(&'static str),
    /// A resource.
    Row(Address),
    /// An agent that is not part of the plan, above rows that belong to it: `--target` left it out.
    Parent(Address),
}

/// A line of the tree: a heading, or a row of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeNode {
    /// The identity, by which a node is found again in another plan.
    pub id: NodeId,
    /// The index of its row in the plan; headings have none.
    pub row: Option<usize>,
    /// The number of nodes above it: 0 for headings.
    pub depth: usize,
    /// The index after the last node of its subtree.
    pub end: usize,
}

/// The number of drift rows above which each kind of them has a heading of its own, folded at first.
const MANY: usize = 20;

/// Every node, in display order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanTree {
    nodes: Vec<TreeNode>,
    arrangement: Arrangement,
}

impl PlanTree {
    /// Creates the tree of a plan.
    pub fn of(plan: &Plan, arrangement: Arrangement) -> Self {
        let mut tree = Self {
            arrangement,
            ..Self::default()
        };
        if arrangement == Arrangement::ByFile {
            tree.add_files(plan);
            return tree;
        }
        if arrangement == Arrangement::ByChange {
            tree.add_shapes(plan);
            return tree;
        }
        let groups = groups(plan);
        for group in Group::ALL {
            tree.add_group(plan, &groups, group);
        }
        tree
    }

    /// Returns what the rows are below.
    pub fn arrangement(&self) -> Arrangement {
        self.arrangement
    }

    /// Returns every node, in display order.
    pub fn nodes(&self) -> &[TreeNode] {
        &self.nodes
    }

    /// Returns a node by its index.
    pub fn node(&self, index: usize) -> Option<&TreeNode> {
        self.nodes.get(index)
    }

    /// Returns the range of this node and its descendants.
    pub fn subtree(&self, index: usize) -> Range<usize> {
        index..self.nodes.get(index).map_or(index, |node| node.end)
    }

    /// Returns the rows of this node and its descendants, as indices of the plan.
    pub fn rows(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        self.nodes[self.subtree(index)].iter().filter_map(|node| node.row)
    }

    /// Whether a node has children.
    pub fn has_children(&self, index: usize) -> bool {
        self.subtree(index).len() > 1
    }

    /// Returns the parent of a node, or `None` for a heading.
    pub fn parent(&self, index: usize) -> Option<usize> {
        let depth = self.nodes.get(index)?.depth;
        // Nodes are in pre-order: the parent is the nearest one before that is less deep.
        (0..index).rev().find(|above| self.nodes[*above].depth < depth)
    }

    /// Returns the index of a node.
    pub fn position(&self, id: &NodeId) -> Option<usize> {
        self.nodes.iter().position(|node| node.id == *id)
    }

    /// Adds each file that declares rows, with these rows.
    fn add_files(&mut self, plan: &Plan) {
        let mut files: BTreeMap<PathBuf, Vec<usize>> = BTreeMap::new();
        for (index, row) in plan.rows.iter().enumerate() {
            let file = row.origin.as_ref().map(|origin| origin.file.to_path_buf());
            files.entry(file.unwrap_or_default()).or_default().push(index);
        }
        for (file, rows) in files {
            let start = self.nodes.len();
            self.push(NodeId::File(file), None, 0);
            for index in rows {
                self.push(NodeId::Row(plan.rows[index].address.clone()), Some(index), 1);
            }
            self.nodes[start].end = self.nodes.len();
        }
    }

    /// Adds rows that change in the same way together, then all others.
    fn add_shapes(&mut self, plan: &Plan) {
        let found = change_shapes(plan);
        let address = |index: usize| plan.rows[index].address.clone();
        for shape in found.shapes {
            let start = self.nodes.len();
            self.push(NodeId::Shape(shape.title), None, 0);
            for rows in shape.equal {
                let same = self.nodes.len();
                self.push(NodeId::Same(address(rows[0])), None, 1);
                self.add_rows(plan, &rows, 2);
                self.nodes[same].end = self.nodes.len();
            }
            self.add_rows(plan, &shape.others, 1);
            self.nodes[start].end = self.nodes.len();
        }
        for (title, rows) in [("changes as no other row", found.single), ("unchanged", found.quiet)] {
            if !rows.is_empty() {
                let start = self.nodes.len();
                self.push(NodeId::Rest(title), None, 0);
                self.add_rows(plan, &rows, 1);
                self.nodes[start].end = self.nodes.len();
            }
        }
    }

    fn add_rows(&mut self, plan: &Plan, rows: &[usize], depth: usize) {
        for index in rows {
            self.push(NodeId::Row(plan.rows[*index].address.clone()), Some(*index), depth);
        }
    }

    fn add_group(&mut self, plan: &Plan, groups: &[Group], group: Group) {
        let start = self.nodes.len();
        self.push(NodeId::Group(group), None, 0);
        let mut root: Option<(usize, Address)> = None;
        let rows: Vec<(usize, &Row)> = plan
            .rows
            .iter()
            .enumerate()
            .filter(|(index, _)| groups[*index] == group)
            .collect();
        let by_kind = group == Group::Drift && rows.len() > MANY;
        let mut kind: Option<usize> = None;
        for (index, row) in rows {
            let top = row
                .address
                .parent()
                .map_or_else(|| row.address.kind(), |parent| parent.kind());
            if by_kind && kind.is_none_or(|at| self.nodes[at].id != NodeId::Kind(top)) {
                kind = Some(self.nodes.len());
                self.push(NodeId::Kind(top), None, 1);
                root = None;
            }
            let depth = 1 + usize::from(by_kind);
            let parent = row.address.parent();
            let is_below = |root: &(usize, Address)| parent.as_ref() == Some(&root.1);
            // With `--target`, a row may be in the plan without its agent: the agent gets a node without a row.
            if let Some(parent) = parent.clone().filter(|_| !root.as_ref().is_some_and(is_below)) {
                root = Some((self.nodes.len(), parent.clone()));
                self.push(NodeId::Parent(parent), None, depth);
            }
            let below = root.as_ref().filter(|root| is_below(root)).map(|root| root.0);
            self.push(
                NodeId::Row(row.address.clone()),
                Some(index),
                depth + usize::from(below.is_some()),
            );
            let end = self.nodes.len();
            match below {
                Some(at) => self.nodes[at].end = end,
                None => root = Some((end - 1, row.address.clone())),
            }
            if let Some(at) = kind {
                self.nodes[at].end = end;
            }
        }
        let end = self.nodes.len();
        // A heading without rows is not shown.
        if end == start + 1 {
            self.nodes.truncate(start);
        } else {
            self.nodes[start].end = end;
        }
    }

    fn push(&mut self, id: NodeId, row: Option<usize>, depth: usize) {
        let end = self.nodes.len() + 1;
        self.nodes.push(TreeNode { id, row, depth, end });
    }
}

/// Returns the group of each row. Drift is what only the server has: such an agent with all that belongs to it, and such
/// rows without a parent.
fn groups(plan: &Plan) -> Vec<Group> {
    let mut root: Option<&Row> = None;
    let mut found = Vec::with_capacity(plan.rows.len());
    for row in &plan.rows {
        if row.address.parent().is_none() {
            root = Some(row);
        }
        let above = root.filter(|root| row.address.parent().is_none_or(|parent| parent == root.address));
        let stray = matches!(above.unwrap_or(row).verb, Verb::Drift | Verb::Delete);
        found.push(match (stray, row.address.is_memory()) {
            (true, _) => Group::Drift,
            (false, true) => Group::Memory,
            (false, false) => Group::Agents,
        });
    }
    found
}

/// Returns the name of a row in the tree. It is short because its parent is above it.
pub fn label(address: &Address) -> String {
    match address {
        Address::Agent { id } => id.to_string(),
        Address::Settings { .. } => "settings".to_owned(),
        Address::Platform { kind, name, .. } => match name {
            Some(name) => format!("{kind}/{}", name.trim_start_matches('#')),
            None => kind.to_string(),
        },
        other => format!("{} {}", other.kind(), other.id()),
    }
}
