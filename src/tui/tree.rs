//! The tree of a plan: groups, agents with what belongs to them, memory. Derived from addresses; a subtree is a range.

use std::ops::Range;

use crate::plan::{Plan, Row, Verb};
use crate::resource::Address;

/// A top-level heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Agents, their settings and platforms.
    Agents,
    /// Entity types and relationship types.
    Memory,
    /// What only the server has.
    Drift,
}

impl Group {
    /// Every group, in display order.
    pub const ALL: [Self; 3] = [Self::Agents, Self::Memory, Self::Drift];

    /// The heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Agents => "agents",
            Self::Memory => "memory",
            Self::Drift => "drift",
        }
    }
}

/// What a line of the tree stands for; survives another plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeId {
    /// A heading.
    Group(Group),
    /// A resource.
    Row(Address),
}

/// A line of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What it stands for.
    pub id: NodeId,
    /// Which row of the plan, unless it is a heading.
    pub row: Option<usize>,
    /// 0 for headings.
    pub depth: usize,
    /// The node after the last one below this one.
    pub end: usize,
}

/// Every node, in display order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    /// The tree of a plan.
    pub fn of(plan: &Plan) -> Self {
        let mut tree = Self::default();
        let groups = groups(plan);
        for group in Group::ALL {
            tree.add_group(plan, &groups, group);
        }
        tree
    }

    /// Every node, in display order.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// One node.
    pub fn node(&self, index: usize) -> Option<&Node> {
        self.nodes.get(index)
    }

    /// This node and all below it.
    pub fn subtree(&self, index: usize) -> Range<usize> {
        index..self.nodes.get(index).map_or(index, |node| node.end)
    }

    /// Rows of the plan at this node and below it.
    pub fn rows(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        self.nodes[self.subtree(index)].iter().filter_map(|node| node.row)
    }

    /// Whether anything stands below it.
    pub fn has_children(&self, index: usize) -> bool {
        self.subtree(index).len() > 1
    }

    /// The node that this one stands below.
    pub fn parent(&self, index: usize) -> Option<usize> {
        let depth = self.nodes.get(index)?.depth;
        (0..index).rev().find(|above| self.nodes[*above].depth < depth)
    }

    /// Where a node is.
    pub fn position(&self, id: &NodeId) -> Option<usize> {
        self.nodes.iter().position(|node| node.id == *id)
    }

    fn add_group(&mut self, plan: &Plan, groups: &[Group], group: Group) {
        let start = self.nodes.len();
        self.push(NodeId::Group(group), None, 0);
        let mut root: Option<(usize, &Address)> = None;
        for (index, row) in plan.rows.iter().enumerate() {
            if groups[index] != group {
                continue;
            }
            let below = root.filter(|(_, address)| row.address.parent().as_ref() == Some(*address));
            let depth = if below.is_some() { 2 } else { 1 };
            self.push(NodeId::Row(row.address.clone()), Some(index), depth);
            let end = self.nodes.len();
            match below {
                Some((at, _)) => self.nodes[at].end = end,
                None => root = Some((end - 1, &row.address)),
            }
        }
        let end = self.nodes.len();
        if end == start + 1 {
            self.nodes.truncate(start);
        } else {
            self.nodes[start].end = end;
        }
    }

    fn push(&mut self, id: NodeId, row: Option<usize>, depth: usize) {
        let end = self.nodes.len() + 1;
        self.nodes.push(Node { id, row, depth, end });
    }
}

/// The group of each row. What belongs to an agent that only the server has is drift; so is a row of its own that only
/// the server has.
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

/// What the tree calls a row: short, because its parent is on the screen.
pub fn label(address: &Address) -> String {
    match address {
        Address::Agent { id } => id.clone(),
        Address::Settings { .. } => "settings".to_owned(),
        Address::Platform { kind, name, .. } => match name {
            Some(name) => format!("{kind}/{}", name.trim_start_matches('#')),
            None => kind.clone(),
        },
        other => format!("{} {}", other.kind(), other.id()),
    }
}
