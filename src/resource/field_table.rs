//! Tables of fields: one line names a field, gives access to its value, and states how the server clears it.
//!
//! Comparing, creating, updating, reading back and checking a resource all go through the table of its kind, so that a
//! new field is one line there.

use serde_json::{Map, Value, json};

use super::value::same;

/// One field of a resource of type `T`.
pub struct Field<T: 'static> {
    /// The name on the wire, in requests and in plans.
    pub name: &'static str,
    /// The keys that lead to the value in a response. `None` when it is found under `name`.
    response_path: Option<&'static [&'static str]>,
    kind: FieldKind<T>,
    absent: Absent,
    /// Whether the server accepts the field only when the resource is created.
    pub is_fixed: bool,
}

/// Gives access to the value of a field that has the type `V` in a resource of the type `T`.
struct FieldAccess<T, V> {
    // Function pointers, because a constant table cannot hold boxed closures.
    get: fn(&T) -> &V,
    get_mut: fn(&mut T) -> &mut V,
}

enum FieldKind<T> {
    Required(FieldAccess<T, String>),
    Text(FieldAccess<T, Option<String>>),
    Json(FieldAccess<T, Option<Value>>),
    Flag(FieldAccess<T, Option<bool>>),
}

/// The value that means "no value" to the server, both when it is sent and when it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// No value: the field cannot be cleared.
    Never,
    /// `null`.
    Null,
    /// This text: an empty one, or the default of the field.
    Text(&'static str),
    /// An empty list.
    List,
    /// An empty table.
    Table,
    /// `false`.
    False,
}

/// The error for a value that a field cannot have. In a response it means that the server is not a Lobu server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` as {expected}")]
pub struct FieldMismatch {
    name: &'static str,
    expected: &'static str,
}

impl<T> Field<T> {
    /// Creates a text field that is never absent.
    pub const fn required(name: &'static str, get: fn(&T) -> &String, get_mut: fn(&mut T) -> &mut String) -> Self {
        Self::new(name, FieldKind::Required(FieldAccess { get, get_mut }), Absent::Never)
    }

    /// Creates a text field. An empty text in a response counts as absent.
    pub const fn text(
        name: &'static str,
        get: fn(&T) -> &Option<String>,
        get_mut: fn(&mut T) -> &mut Option<String>,
    ) -> Self {
        Self::new(name, FieldKind::Text(FieldAccess { get, get_mut }), Absent::Null)
    }

    /// Creates a field that holds any JSON.
    pub const fn json(
        name: &'static str,
        get: fn(&T) -> &Option<Value>,
        get_mut: fn(&mut T) -> &mut Option<Value>,
    ) -> Self {
        Self::new(name, FieldKind::Json(FieldAccess { get, get_mut }), Absent::Null)
    }

    /// Creates a field that is true or false. Absent means false.
    pub const fn flag(
        name: &'static str,
        get: fn(&T) -> &Option<bool>,
        get_mut: fn(&mut T) -> &mut Option<bool>,
    ) -> Self {
        Self::new(name, FieldKind::Flag(FieldAccess { get, get_mut }), Absent::False)
    }

    const fn new(name: &'static str, kind: FieldKind<T>, absent: Absent) -> Self {
        Self {
            name,
            response_path: None,
            kind,
            absent,
            is_fixed: false,
        }
    }

    /// Returns the field with another value that means "no value".
    pub const fn cleared_by(mut self, absent: Absent) -> Self {
        self.absent = absent;
        self
    }

    /// Returns the field, found at this path in responses.
    pub const fn found_at(mut self, path: &'static [&'static str]) -> Self {
        self.response_path = Some(path);
        self
    }

    /// Returns the field, accepted by the server only when the resource is created.
    pub const fn fixed(mut self) -> Self {
        self.is_fixed = true;
        self
    }

    /// Whether the field always has a value.
    pub fn is_required(&self) -> bool {
        matches!(self.kind, FieldKind::Required(_))
    }

    /// Whether a value means "no value".
    pub fn is_absent(&self, value: &Value) -> bool {
        self.cleared().is_some_and(|absent| same(&absent, value))
    }

    /// Returns the value that clears the field. `None` when it cannot be cleared.
    pub fn cleared(&self) -> Option<Value> {
        match self.absent {
            Absent::Never => None,
            Absent::Null => Some(Value::Null),
            Absent::Text(text) => Some(json!(text)),
            Absent::List => Some(json!([])),
            Absent::Table => Some(json!({})),
            Absent::False => Some(json!(false)),
        }
    }

    /// Returns the value of the field in a resource.
    pub fn get(&self, resource: &T) -> Option<Value> {
        match &self.kind {
            FieldKind::Required(access) => Some(Value::String((access.get)(resource).clone())),
            FieldKind::Text(access) => (access.get)(resource).clone().map(Value::String),
            FieldKind::Json(access) => (access.get)(resource).clone(),
            FieldKind::Flag(access) => (access.get)(resource).map(Value::Bool),
        }
    }

    /// Sets the field in a resource. `None` and `null` mean that there is no value.
    ///
    /// # Errors
    /// When the value is not of the field's type, or a required field has none.
    pub fn set(&self, resource: &mut T, value: Option<Value>) -> Result<(), FieldMismatch> {
        let value = value.filter(|value| !value.is_null());
        match (&self.kind, value) {
            (FieldKind::Required(access), Some(Value::String(text))) => *(access.get_mut)(resource) = text,
            (FieldKind::Text(access), None) => *(access.get_mut)(resource) = None,
            (FieldKind::Text(access), Some(Value::String(text))) => *(access.get_mut)(resource) = Some(text),
            (FieldKind::Json(access), value) => *(access.get_mut)(resource) = value,
            (FieldKind::Flag(access), None) => *(access.get_mut)(resource) = None,
            (FieldKind::Flag(access), Some(Value::Bool(flag))) => *(access.get_mut)(resource) = Some(flag),
            (FieldKind::Required(_) | FieldKind::Text(_), _) => return Err(self.mismatch("a text")),
            (FieldKind::Flag(_), Some(_)) => return Err(self.mismatch("`true` or `false`")),
        }
        Ok(())
    }

    /// Sets the field in a resource to its value in a response.
    ///
    /// # Errors
    /// When the response has a value of another type, or none for a required field.
    pub fn read(&self, resource: &mut T, response: &Map<String, Value>) -> Result<(), FieldMismatch> {
        let value = match self.response_path {
            None => response.get(self.name),
            Some([first, rest @ ..]) => rest
                .iter()
                .try_fold(response.get(*first), |value, key| Some(value?.get(*key)))
                .flatten(),
            Some([]) => None,
        };
        // Some texts cannot be cleared with `null` (contract section 8.1), so clients store an empty one instead.
        let is_empty_text = |value: &&Value| matches!(self.kind, FieldKind::Text(_)) && value.as_str() == Some("");
        self.set(resource, value.filter(|value| !is_empty_text(value)).cloned())
    }

    fn mismatch(&self, expected: &'static str) -> FieldMismatch {
        FieldMismatch {
            name: self.name,
            expected,
        }
    }
}

/// Returns the body of a request that creates a resource: its fields that have a value, by their names on the wire.
pub fn to_body<T>(fields: &[Field<T>], resource: &T) -> Map<String, Value> {
    let values = fields.iter().map(|field| (field.name.to_owned(), field.get(resource)));
    values.filter_map(|(name, value)| Some((name, value?))).collect()
}

/// Sets all fields of a resource to their values in a response.
///
/// # Errors
/// The first field that the response has in another type, or that it lacks although it is required.
pub fn read_body<T>(fields: &[Field<T>], resource: &mut T, response: &Map<String, Value>) -> Result<(), FieldMismatch> {
    fields.iter().try_for_each(|field| field.read(resource, response))
}

/// Whether two resources have the same values in these fields. No value equals `null`.
pub fn have_same_fields<'a, T: 'static>(fields: impl IntoIterator<Item = &'a Field<T>>, left: &T, right: &T) -> bool {
    let value = |field: &Field<T>, resource: &T| field.get(resource).unwrap_or(Value::Null);
    let mut fields = fields.into_iter();
    fields.all(|field| same(&value(field, left), &value(field, right)))
}
