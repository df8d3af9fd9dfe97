//! The objects of a schema as nodes, each with the subschemas to which it leads.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::reference::Places;

/// An object of a schema. Objects that are no subschemas are nodes too, to which nothing leads.
#[derive(Debug, Default)]
pub(super) struct SchemaNode {
    /// The subschemas that apply to the same part of a value. Each is one of several where a reference has several readings.
    pub(super) same_part: Vec<Vec<usize>>,
    /// The subschemas of properties by name. `None` for `true` and `false`.
    pub(super) properties: HashMap<String, Option<usize>>,
    /// Those of properties whose names fit a pattern. Which do is not looked at: all of them count for each property.
    pub(super) patterns: Vec<usize>,
    /// That of the properties without one by name.
    pub(super) other_properties: Option<usize>,
    /// That of the names of properties.
    pub(super) names: Option<usize>,
    /// Those of the first items.
    pub(super) first_items: Vec<Option<usize>>,
    /// Those of every item.
    pub(super) items: Vec<usize>,
    /// That of the items behind the first ones.
    pub(super) other_items: Option<usize>,
    /// The size of what a value is compared with.
    pub(super) compared: u64,
}

impl SchemaNode {
    /// Returns the steps of the keywords that look at a part themselves. One step is the time of some thirty comparisons.
    pub(super) fn own_steps(&self, part: &Value) -> u64 {
        let size = match part {
            Value::String(text) => text.len(),
            Value::Array(items) => items.len(),
            Value::Object(fields) => fields.len().saturating_mul(1 + self.patterns.len()),
            _ => 0,
        };
        1 + (size as u64).saturating_add(self.compared) / 32
    }

    /// Returns the subschemas of a property.
    pub(super) fn of_property(&self, name: &str) -> impl Iterator<Item = usize> {
        let (named, other) = match self.properties.get(name) {
            Some(named) => (*named, None),
            None => (None, self.other_properties),
        };
        self.patterns.iter().copied().chain(named).chain(other)
    }

    /// Returns the subschemas of an item.
    pub(super) fn of_item(&self, index: usize) -> impl Iterator<Item = usize> {
        let (first, other) = match self.first_items.get(index) {
            Some(first) => (*first, None),
            None => (None, self.other_items),
        };
        self.items.iter().copied().chain(first).chain(other)
    }
}

/// Returns the number of values in a value, long texts counted as several.
pub(super) fn size(value: &Value) -> u64 {
    match value {
        Value::Array(items) => items.iter().map(size).fold(1, u64::saturating_add),
        Value::Object(fields) => fields.values().map(size).fold(1, u64::saturating_add),
        Value::String(text) => 1 + text.len() as u64 / 8,
        _ => 1,
    }
}

/// Reads a schema: its nodes, and which of them it begins with. `None` when one of its references could mean too many places.
pub(super) fn read(schema: &Value, name: &str) -> Option<(Vec<SchemaNode>, Option<usize>)> {
    let places = Places::of(schema, name);
    let reader = NodeReader { places: &places };
    let nodes = places.objects.iter().map(|it| reader.node(it.fields, it.resource));
    Some((nodes.collect::<Option<_>>()?, places.node(schema)))
}

/// Reads nodes, with everything that references can lead to.
struct NodeReader<'a> {
    places: &'a Places<'a>,
}

impl NodeReader<'_> {
    fn node(&self, fields: &Map<String, Value>, resource: usize) -> Option<SchemaNode> {
        let mut node = SchemaNode {
            same_part: self.same_part(fields),
            compared: ["enum", "const", "required"]
                .iter()
                .filter_map(|key| fields.get(*key))
                .map(size)
                .sum(),
            ..SchemaNode::default()
        };
        for key in ["$ref", "$dynamicRef", "$recursiveRef"] {
            if let Some(Value::String(reference)) = fields.get(key) {
                node.same_part.push(self.places.targets(key, reference, resource)?);
            }
        }
        self.read_properties(fields, &mut node);
        self.read_items(fields, &mut node);
        Some(node)
    }

    fn same_part(&self, fields: &Map<String, Value>) -> Vec<Vec<usize>> {
        let mut found = Vec::new();
        for key in ["not", "if", "then", "else"] {
            found.extend(fields.get(key).and_then(|it| self.places.node(it)));
        }
        for key in ["allOf", "anyOf", "oneOf"] {
            let list = fields.get(key).and_then(Value::as_array);
            found.extend(list.into_iter().flatten().filter_map(|it| self.places.node(it)));
        }
        for key in ["dependentSchemas", "dependencies"] {
            let map = fields.get(key).and_then(Value::as_object);
            found.extend(
                map.into_iter()
                    .flat_map(Map::values)
                    .filter_map(|it| self.places.node(it)),
            );
        }
        found.into_iter().map(|node| vec![node]).collect()
    }

    fn read_properties(&self, fields: &Map<String, Value>, node: &mut SchemaNode) {
        let map = |key: &str| fields.get(key).and_then(Value::as_object).into_iter().flatten();
        node.properties = map("properties")
            .map(|(name, it)| (name.clone(), self.places.node(it)))
            .collect();
        node.patterns = map("patternProperties")
            .filter_map(|(_, it)| self.places.node(it))
            .collect();
        let other = fields
            .get("additionalProperties")
            .or_else(|| fields.get("unevaluatedProperties"));
        node.other_properties = other.and_then(|it| self.places.node(it));
        node.names = fields.get("propertyNames").and_then(|it| self.places.node(it));
    }

    // Drafts differ in which of these they know. What one ignores counts too.
    fn read_items(&self, fields: &Map<String, Value>, node: &mut SchemaNode) {
        let one = |key: &str| fields.get(key).and_then(|it| self.places.node(it));
        node.items.extend(one("items"));
        node.items.extend(one("contains"));
        let list = fields.get("items").and_then(Value::as_array);
        if let Some(list) = list {
            node.first_items = list.iter().map(|it| self.places.node(it)).collect();
            node.other_items = one("additionalItems");
        } else if let Some(list) = fields.get("prefixItems").and_then(Value::as_array) {
            node.first_items = list.iter().map(|it| self.places.node(it)).collect();
        }
        if !fields.contains_key("items") {
            node.items.extend(one("unevaluatedItems"));
        }
    }
}
