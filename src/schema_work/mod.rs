//! How much work it makes to check a value against a JSON Schema, counted before anybody does it.
//!
//! References let a schema of a few kilobytes unfold without end: each of sixty definitions that names the next one twice
//! makes 2^60 of them, for one value. Whoever checks values in earnest asks here first, the client for its files and the
//! server for what it is sent, so that both have one bound.

mod graph;
mod reference;

use std::collections::HashMap;

use serde_json::Value;

use graph::SchemaNode;
use reference::OUTSIDE;

/// The maximum number of subschemas that apply to one value.
const MAX_SUBSCHEMAS: u64 = 10_000;
/// The maximum number of subschemas that lead into each other: validators call themselves for each, and the stack of a thread
/// without optimization holds some hundred.
const MAX_LEVELS: u32 = 80;
/// The maximum number of steps that checking one value takes. A step is a subschema that looks at a part of the value.
const MAX_STEPS: u64 = 250_000;

/// Why nobody should check values against a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SchemaWorkError {
    /// Its references multiply each other, for a single value.
    #[error("it unfolds to more than {MAX_SUBSCHEMAS} subschemas for one value")]
    Unfolds,
    /// Its references make a long chain.
    #[error("its subschemas lead more than {MAX_LEVELS} levels deep into each other")]
    TooDeep,
    /// A subschema leads to itself without a step into the value.
    #[error("a subschema of it refers to itself for the same value")]
    Circle,
    /// One value takes too many steps.
    #[error("checking this value against it takes more than {MAX_STEPS} steps")]
    Steps,
}

/// The subschemas of a schema, and where each of them leads.
#[derive(Debug)]
pub(crate) struct SchemaWork {
    nodes: Vec<SchemaNode>,
    root: Option<usize>,
}

impl SchemaWork {
    /// Reads a schema that is compiled under a URL ending in `/name`.
    ///
    /// # Errors
    /// When its references multiply each other, lead in a circle, or too deep.
    pub(crate) fn new(schema: &Value, name: &str) -> Result<Self, SchemaWorkError> {
        let (nodes, root) = graph::read(schema, name).ok_or(SchemaWorkError::Unfolds)?;
        let work = Self { nodes, root };
        let mut count = Count::new(&work, MAX_SUBSCHEMAS, SchemaWorkError::Unfolds);
        for node in 0..work.nodes.len() {
            count.cost(node, None, 0)?;
        }
        Ok(work)
    }

    /// Checks that a value can be checked against the schema.
    ///
    /// # Errors
    /// When that takes too many steps, or leads too deep.
    pub(crate) fn check(&self, value: &Value) -> Result<(), SchemaWorkError> {
        let Some(root) = self.root else { return Ok(()) };
        Count::new(self, MAX_STEPS, SchemaWorkError::Steps)
            .cost(root, Some(value), 0)
            .map(drop)
    }
}

/// What a subschema costs, with everything that it leads to.
#[derive(Debug, Clone, Copy)]
struct SchemaCost {
    steps: u64,
    levels: u32,
}

/// Counts the steps of one check. Each pair of a subschema and a part of the value is looked at once, however often it is
/// reached, so that counting is fast where checking is not.
struct Count<'a> {
    work: &'a SchemaWork,
    limit: u64,
    beyond: SchemaWorkError,
    /// The costs by subschema and address of the part. `None` while they are being counted.
    known: HashMap<(usize, usize), Option<SchemaCost>>,
}

impl<'a> Count<'a> {
    fn new(work: &'a SchemaWork, limit: u64, beyond: SchemaWorkError) -> Self {
        Self {
            work,
            limit,
            beyond,
            known: HashMap::new(),
        }
    }

    /// Returns what a subschema costs for a part of the value. Without one, only what applies to the same part counts.
    fn cost(&mut self, node: usize, part: Option<&Value>, level: u32) -> Result<SchemaCost, SchemaWorkError> {
        if node == OUTSIDE {
            return self.within_limit(SchemaCost {
                steps: 50_u64.saturating_mul(part.map_or(1, graph::size)),
                levels: 20,
            });
        }
        if level > MAX_LEVELS {
            return Err(SchemaWorkError::TooDeep);
        }
        let key = (node, part.map_or(0, |part| std::ptr::from_ref(part).addr()));
        match self.known.get(&key) {
            Some(Some(cost)) if level + cost.levels > MAX_LEVELS => return Err(SchemaWorkError::TooDeep),
            Some(Some(cost)) => return Ok(*cost),
            Some(None) => return Err(SchemaWorkError::Circle),
            None => {}
        }
        if self.known.len() as u64 > self.limit && part.is_some() {
            return Err(self.beyond);
        }
        self.known.insert(key, None);
        let cost = self.sum(node, part, level)?;
        self.known.insert(key, Some(cost));
        Ok(cost)
    }

    fn sum(&mut self, node: usize, part: Option<&Value>, level: u32) -> Result<SchemaCost, SchemaWorkError> {
        let work = self.work;
        let Some(schema) = work.nodes.get(node) else {
            return Ok(SchemaCost { steps: 1, levels: 0 });
        };
        let mut total = SchemaCost {
            steps: part.map_or(1, |part| schema.own_steps(part)),
            levels: 1,
        };
        for candidates in &schema.same_part {
            let mut worst = SchemaCost { steps: 1, levels: 0 };
            for candidate in candidates {
                worst = worst.worse(self.cost(*candidate, part, level + 1)?);
            }
            total = self.within_limit(total.plus(worst, 1))?;
        }
        match part {
            Some(Value::Object(fields)) => {
                for (name, inner) in fields {
                    for below in schema.of_property(name) {
                        let cost = self.cost(below, Some(inner), level + 1)?;
                        total = self.within_limit(total.plus(cost, 1))?;
                    }
                }
                if let Some(names) = schema.names {
                    let cost = self.cost(names, Some(&Value::Null), level + 1)?;
                    total = self.within_limit(total.plus(cost, fields.len() as u64))?;
                }
            }
            Some(Value::Array(items)) => {
                for (index, inner) in items.iter().enumerate() {
                    for below in schema.of_item(index) {
                        let cost = self.cost(below, Some(inner), level + 1)?;
                        total = self.within_limit(total.plus(cost, 1))?;
                    }
                }
            }
            _ => {}
        }
        Ok(total)
    }

    fn within_limit(&self, cost: SchemaCost) -> Result<SchemaCost, SchemaWorkError> {
        if cost.steps > self.limit {
            return Err(self.beyond);
        }
        Ok(cost)
    }
}

impl SchemaCost {
    /// Returns this cost with that of something below it, which happens a number of times.
    fn plus(self, below: Self, times: u64) -> Self {
        Self {
            steps: self.steps.saturating_add(below.steps.saturating_mul(times)),
            levels: self.levels.max(below.levels + 1),
        }
    }

    fn worse(self, other: Self) -> Self {
        Self {
            steps: self.steps.max(other.steps),
            levels: self.levels.max(other.levels),
        }
    }
}

#[cfg(test)]
mod tests;
