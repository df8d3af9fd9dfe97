//! Where the references of a schema lead.
//!
//! A validator resolves URLs. Here a reference leads to every place that could be meant, of which the worst one counts, so
//! that no way of writing a URL hides anything.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// Stands for a schema that is not part of the document, which can only be one of JSON Schema itself.
pub(super) const OUTSIDE: usize = usize::MAX;
/// The maximum number of places that one reference can mean.
const MAX_READINGS: usize = 64;

/// An object of a schema.
pub(super) struct SchemaObject<'a> {
    pub(super) fields: &'a Map<String, Value>,
    /// The innermost part with an id of its own around it.
    pub(super) resource: usize,
}

/// A part of a schema with an id of its own, or the schema itself.
struct SchemaResource<'a> {
    root: &'a Value,
    around: Option<usize>,
}

/// The places of a schema, by what references call them.
pub(super) struct Places<'a> {
    pub(super) objects: Vec<SchemaObject<'a>>,
    /// The objects by address.
    nodes: HashMap<usize, usize>,
    resources: Vec<SchemaResource<'a>>,
    /// The resources by the last part of their URL, in lower case.
    names: HashMap<String, Vec<usize>>,
    /// The resources whose URLs are written in a way that may end in any name.
    odd: Vec<usize>,
    anchors: HashMap<String, Vec<usize>>,
    /// The objects with `$recursiveAnchor`.
    recursive: Vec<usize>,
}

impl<'a> Places<'a> {
    /// Finds the places of a schema that is compiled under a URL ending in `/name`.
    pub(super) fn of(schema: &'a Value, name: &str) -> Self {
        let root = SchemaResource {
            root: schema,
            around: None,
        };
        let mut places = Self {
            objects: Vec::new(),
            nodes: HashMap::new(),
            resources: vec![root],
            names: HashMap::from([(name.to_ascii_lowercase(), vec![0])]),
            odd: Vec::new(),
            anchors: HashMap::new(),
            recursive: Vec::new(),
        };
        places.add(schema, 0);
        places
    }

    /// Returns the node of an object.
    pub(super) fn node(&self, value: &Value) -> Option<usize> {
        self.nodes.get(&std::ptr::from_ref(value).addr()).copied()
    }

    fn add(&mut self, value: &'a Value, around: usize) {
        match value {
            Value::Array(items) => items.iter().for_each(|it| self.add(it, around)),
            Value::Object(fields) => {
                let node = self.objects.len();
                self.nodes.insert(std::ptr::from_ref(value).addr(), node);
                let resource = self.name(value, fields, node, around);
                self.objects.push(SchemaObject { fields, resource });
                fields.values().for_each(|it| self.add(it, resource));
            }
            _ => {}
        }
    }

    /// Notes what an object is called. Returns the resource that it is part of, which may be itself.
    fn name(&mut self, value: &'a Value, fields: &Map<String, Value>, node: usize, around: usize) -> usize {
        let text = |key: &str| fields.get(key).and_then(Value::as_str);
        for anchor in ["$anchor", "$dynamicAnchor"].into_iter().filter_map(text) {
            self.anchors.entry(anchor.to_owned()).or_default().push(node);
        }
        if fields.get("$recursiveAnchor") == Some(&Value::Bool(true)) {
            self.recursive.push(node);
        }
        let mut resource = around;
        for id in ["$id", "id"].into_iter().filter_map(text) {
            let (url, anchor) = id.split_once('#').unwrap_or((id, ""));
            if !anchor.is_empty() {
                self.anchors.entry(decoded(anchor)).or_default().push(node);
            }
            if url.is_empty() {
                continue;
            }
            resource = self.resources.len();
            self.resources.push(SchemaResource {
                root: value,
                around: Some(around),
            });
            match last_part(url) {
                Some(name) => self.names.entry(name).or_default().push(resource),
                None => self.odd.push(resource),
            }
        }
        resource
    }

    /// Returns the nodes that a reference can mean. `None` when these are too many.
    pub(super) fn targets(&self, key: &str, reference: &str, resource: usize) -> Option<Vec<usize>> {
        let (url, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let resources = self.resources_of(url, resource);
        if resources.len() > MAX_READINGS {
            return None;
        }
        if resources.is_empty() {
            // Whoever overrides the names that JSON Schema's own schemas are made of gets a schema that is not known here.
            let overrides = !self.recursive.is_empty() || self.anchors.contains_key("meta");
            return (!overrides).then(|| vec![OUTSIDE]);
        }
        let fragment = decoded(fragment);
        let roots = resources.iter().filter_map(|it| self.resources.get(*it));
        let mut found: Vec<usize> = if fragment.is_empty() || fragment.starts_with('/') {
            let below = roots.filter_map(|it| it.root.pointer(&fragment));
            below.filter_map(|it| self.node(it)).collect()
        } else {
            self.anchors.get(&fragment).cloned().unwrap_or_default()
        };
        if key == "$recursiveRef" {
            found.extend(&self.recursive);
        }
        found.sort_unstable();
        found.dedup();
        (found.len() <= MAX_READINGS).then_some(found)
    }

    /// Returns the resources that a URL can mean. Without one these are those around the reference: which of their ids
    /// count depends on the draft.
    fn resources_of(&self, url: &str, resource: usize) -> Vec<usize> {
        if url.is_empty() {
            let around = |it: &usize| self.resources.get(*it).and_then(|it| it.around);
            return std::iter::successors(Some(resource), around).collect();
        }
        match last_part(url) {
            Some(name) => {
                let named = self.names.get(&name).into_iter().flatten();
                named.chain(&self.odd).copied().collect()
            }
            None => (0..self.resources.len()).collect(),
        }
    }
}

/// Returns the last part of a URL in lower case. `None` when it is written so that normalizing could change that part.
fn last_part(url: &str) -> Option<String> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._-~:/".contains(letter);
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?.1,
        None if url.contains(':') && !url.starts_with("urn:") => return None,
        None => url,
    };
    let last = path.rsplit('/').next()?;
    let is_known = url.chars().all(is_plain) && !["", ".", ".."].contains(&last);
    is_known.then(|| last.to_ascii_lowercase())
}

/// Returns a fragment without its percent signs.
fn decoded(fragment: &str) -> String {
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        let code = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
