//! The fields of a resource by the table of its kind: the differences to show, and the body that carries them out.

use serde_json::{Map, Value};

use super::comparison::Comparison;
use super::json::differences;
use crate::plan::change::Change;
use crate::plan::operation::Operation;
use crate::plan::undeclared::Undeclared;
use crate::resource::field_table::Field;
use crate::resource::value::{is_empty, same};
use crate::resource::{FieldPath, SharedValue, Shown};

/// The differences between two resources of one kind.
#[derive(Debug, Default)]
pub(super) struct FieldDifferences {
    /// The differences, in the order of the table.
    pub changes: Vec<Change>,
    /// The fields to send, with their new values.
    pub body: Map<String, Value>,
    /// Whether a field changes that the server accepts only when the resource is created.
    pub replaces: bool,
}

/// Compares the fields of a declared resource with those on the server, if it exists there.
pub(super) fn compare_fields<T>(
    fields: &[Field<T>],
    desired: &T,
    remote: Option<&T>,
    undeclared: Undeclared,
) -> FieldDifferences {
    let mut differences = FieldDifferences::default();
    for field in fields {
        // An empty object is kept: `{}` is a schema, and differs from none.
        let found = remote.and_then(|remote| field.get(remote));
        let found = found.filter(|value| !is_empty(value) || value.is_object());
        differences.compare(field, field.get(desired), found, undeclared);
    }
    differences
}

/// Compares a resource that is nothing but its fields with the one on the server, if it exists there.
pub(super) fn compare_resource<T>(
    fields: &[Field<T>],
    (desired, remote): (&SharedValue<T>, Option<&SharedValue<T>>),
    undeclared: Undeclared,
    create: fn(SharedValue<T>) -> Operation,
    update: impl FnOnce(Map<String, Value>) -> Operation,
) -> Comparison {
    let differences = compare_fields(fields, desired, remote.map(|it| &**it), undeclared);
    let operation = match remote {
        None => Some(create(desired.clone())),
        Some(_) if differences.body.is_empty() => None,
        Some(_) => Some(update(differences.body)),
    };
    Comparison {
        changes: differences.changes,
        operation,
        ..Comparison::default()
    }
}

impl FieldDifferences {
    fn compare<T>(&mut self, field: &Field<T>, desired: Option<Value>, found: Option<Value>, undeclared: Undeclared) {
        let path = FieldPath::root(field.name);
        match (desired, found) {
            (Some(wanted), found) if !are_equal(field, &wanted, found.as_ref()) => {
                self.changes.extend(differences(&path, found.as_ref(), Some(&wanted)));
                self.write(field, Some(wanted));
            }
            (None, Some(found)) if !is_empty(&found) && !field.is_absent(&found) => {
                // Nothing clears some fields: their values stay, whatever the user asked for.
                let undeclared = field.cleared().map_or(Undeclared::Keep, |_| undeclared);
                self.changes
                    .push(Change::server_only(path, Shown::from(found), undeclared));
                if undeclared.clears() {
                    self.write(field, field.cleared());
                }
            }
            _ => {}
        }
    }

    fn write<T>(&mut self, field: &Field<T>, value: Option<Value>) {
        if field.is_fixed {
            self.replaces = true;
        } else {
            self.body.extend(value.map(|value| (field.name.to_owned(), value)));
        }
    }
}

fn are_equal<T>(field: &Field<T>, wanted: &Value, found: Option<&Value>) -> bool {
    match found {
        Some(found) => same(wanted, found),
        None => field.is_absent(wanted) || (is_empty(wanted) && !wanted.is_object()),
    }
}
