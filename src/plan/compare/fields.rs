//! The fields of a resource, one by one: the differences to show, and the body that carries them out.

use serde_json::{Map, Value};

use super::json::differences;
use crate::plan::change::Change;
use crate::plan::undeclared::Undeclared;
use crate::resource::value::{is_empty, same};
use crate::resource::{FieldPath, Shown};

/// Collects the differences of a schema row and the body that carries them out.
pub(super) struct Fields {
    undeclared: Undeclared,
    exists: bool,
    /// In reading order.
    pub changes: Vec<Change>,
    /// Wire fields that change.
    pub body: Map<String, Value>,
}

impl Fields {
    pub(super) fn new(undeclared: Undeclared, exists: bool) -> Self {
        Self {
            undeclared,
            exists,
            changes: Vec::new(),
            body: Map::new(),
        }
    }

    /// One field: `reset` is what the wire takes for "no value".
    pub(super) fn compare(&mut self, name: &str, desired: Option<Value>, remote: Option<Value>, reset: Option<Value>) {
        let path = FieldPath::root(name);
        let remote = remote.filter(|value| !is_empty(value) || value.is_object());
        match (desired, remote) {
            (Some(wanted), found) if !equal(&wanted, found.as_ref()) => {
                self.changes.extend(differences(&path, found.as_ref(), Some(&wanted)));
                self.write(name, wanted);
            }
            (None, Some(found)) if self.exists && !is_empty(&found) => {
                self.changes
                    .push(Change::server_only(path, Shown::Plain(found), self.undeclared));
                if let Some(reset) = reset.filter(|_| self.undeclared.clears()) {
                    self.write(name, reset);
                }
            }
            _ => {}
        }
    }

    fn write(&mut self, name: &str, value: Value) {
        self.body.insert(name.to_owned(), value);
    }
}

fn equal(wanted: &Value, found: Option<&Value>) -> bool {
    match found {
        Some(found) => same(wanted, found),
        None => is_empty(wanted) && !wanted.is_object(),
    }
}
