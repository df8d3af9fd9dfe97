//! The shapes that several lines share, as definitions of a schema.

use serde_json::{Map, Value, json};

use crate::plan::{ChangeKind, EntryState, Impact, Presentation, Verb};

/// The keys of an object with their shapes. A key with a question mark may be absent. A shape is the name of a definition;
/// with a question mark it may be null, in brackets it is a list.
pub(super) type Fields = &'static [(&'static str, &'static str)];

/// The keys of a plan.
pub(super) const PLAN_FIELDS: Fields = &[
    ("target", "target"),
    ("rows", "[row]"),
    ("undeclared_entities?", "count"),
    ("warnings?", "[text]"),
    ("counts", "counts"),
    ("id", "planId"),
];

/// Shapes that are objects.
const OBJECTS: &[(&str, Fields)] = &[
    ("plan", PLAN_FIELDS),
    ("target", &[("organization", "text"), ("url", "text")]),
    ("origin", &[("file", "text"), ("line", "count")]),
    (
        "endpoint",
        &[("name", "text?"), ("version", "text?"), ("protocol", "text")],
    ),
    ("ignored", &[("reason", "text"), ("until", "day")]),
    (
        "row",
        &[
            ("address", "text"),
            ("verb", "verb"),
            ("changes?", "[change]"),
            ("warnings?", "[text]"),
            ("impact?", "impact"),
            ("recheck?", "flag"),
            ("depends_on?", "[text]"),
            ("cascade?", "text"),
            ("origin?", "origin"),
            ("ignored?", "ignored"),
            ("is_undo?", "flag"),
        ],
    ),
    (
        "change",
        &[
            ("path", "text"),
            ("kind", "changeKind"),
            ("reading", "presentation"),
            ("before?", "shown"),
            ("after?", "shown"),
            ("origin?", "origin"),
            ("ignored?", "ignored"),
        ],
    ),
    ("shown", &[("as", "shownAs"), ("value?", "anything")]),
    (
        "counts",
        &[
            ("create", "count"),
            ("update", "count"),
            ("noop", "count"),
            ("drift", "count"),
            ("delete", "count"),
            ("restart", "count"),
            ("may_restart", "count"),
            ("field_drift", "count"),
            ("ignored?", "count"),
            ("recheck", "count"),
        ],
    ),
    (
        "step",
        &[
            ("address", "text"),
            ("verb", "verb"),
            ("restarts", "flag"),
            ("may_restart", "flag"),
        ],
    ),
    (
        "tally",
        &[
            ("total", "count"),
            ("created", "count"),
            ("updated", "count"),
            ("deleted", "count"),
            ("unchanged", "count"),
            ("failed", "count"),
            ("unknown", "count"),
            ("stale", "count"),
            ("skipped", "count"),
            ("running", "count"),
            ("restarted", "count"),
            ("possible_restarts", "count"),
            ("unpredicted_restarts", "count"),
            ("missed_restarts", "count"),
        ],
    ),
    (
        "fileChange",
        &[
            ("path", "text"),
            ("action", "fileAction"),
            ("added", "count"),
            ("removed", "count"),
        ],
    ),
    ("unit", &[("address", "text"), ("field", "text?")]),
    (
        "secretPush",
        &[
            ("name", "text"),
            ("op", "text"),
            ("before", "text?"),
            ("after", "text"),
            ("from", "text"),
        ],
    ),
    (
        "providerKey",
        &[("name", "text"), ("provider", "text"), ("from", "text")],
    ),
    (
        "conflict",
        &[("address", "text"), ("field", "text?"), ("reason", "text")],
    ),
    (
        "driftItem",
        &[
            ("address", "text"),
            ("field?", "text"),
            ("reason?", "text"),
            ("until?", "day"),
        ],
    ),
    (
        "ignoreEntry",
        &[
            ("subject", "text"),
            ("reason", "text"),
            ("until", "day"),
            ("origin", "origin"),
            ("state", "entryState"),
        ],
    ),
    (
        "runHead",
        &[
            ("version", "count"),
            ("id", "text"),
            ("began_ms", "count"),
            ("lobuctl", "text"),
            ("origin", "runOrigin"),
            ("target", "target"),
            ("plan", "planId"),
            ("config?", "text"),
            ("undoes?", "text"),
            ("rows", "count"),
        ],
    ),
    (
        "runOrigin",
        &[
            ("user?", "text"),
            ("machine?", "text"),
            ("job?", "text"),
            ("file?", "text"),
            ("revision?", "text"),
            ("dirty?", "flag"),
        ],
    ),
    (
        "settledRow",
        &[
            ("at_ms", "count"),
            ("address", "text"),
            ("outcome", "outcome"),
            ("restarted?", "flag?"),
            ("message?", "text"),
            ("hint?", "text"),
            ("partly_written?", "flag"),
            ("reason?", "text"),
            ("later?", "flag"),
        ],
    ),
    ("person", &[("id", "text?"), ("name", "text?"), ("email", "text?")]),
    ("membership", &[("slug", "text"), ("name", "text"), ("role", "text?")]),
];

/// Returns the schema of an object with these keys.
pub(super) fn object<'a>(fields: impl IntoIterator<Item = &'a (&'static str, &'static str)>) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for (key, shape) in fields {
        let name = key.trim_end_matches('?');
        properties.insert(name.to_owned(), property(shape));
        if name == *key {
            required.push(name);
        }
    }
    json!({ "type": "object", "required": required, "properties": properties })
}

/// Returns the schema of a key: the name of a definition, with a question mark where it may be null, in brackets for a list.
fn property(shape: &str) -> Value {
    if let Some(item) = shape.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return json!({ "type": "array", "items": property(item) });
    }
    if let Some(inner) = shape.strip_suffix('?') {
        return json!({ "anyOf": [property(inner), { "type": "null" }] });
    }
    json!({ "$ref": format!("#/definitions/{shape}") })
}

/// Returns the definitions of all shapes.
pub(super) fn definitions() -> Value {
    let objects = OBJECTS
        .iter()
        .map(|(name, fields)| ((*name).to_owned(), object(*fields)));
    let mut definitions: Map<String, Value> = objects.collect();
    if let Value::Object(others) = others() {
        definitions.extend(others);
    }
    Value::Object(definitions)
}

/// The shapes that are no objects, or have keys that are no names.
fn others() -> Value {
    json!({
        "text": { "type": "string" },
        "flag": { "type": "boolean" },
        "count": { "type": "integer", "minimum": 0 },
        "anything": {},
        "time": { "type": "string", "format": "date-time" },
        "day": { "type": "string", "format": "date" },
        "planId": { "type": "string", "pattern": "^[0-9a-f]{32}$" },
        "verb": { "enum": [Verb::Create, Verb::Update, Verb::Noop, Verb::Drift, Verb::Delete] },
        "impact": { "enum": [Impact::Restart, Impact::Replace] },
        "changeKind": { "enum": [
            ChangeKind::Added, ChangeKind::Changed, ChangeKind::Removed, ChangeKind::Drift,
            ChangeKind::SecretRotated, ChangeKind::SecretUnchanged, ChangeKind::SecretNotComparable,
        ] },
        "presentation": { "enum": [Presentation::Value, Presentation::Set, Presentation::List] },
        "shownAs": { "enum": ["plain", "secret"], "description": "A secret is present and has no `value`" },
        "outcome": { "enum": [
            "created", "updated", "deleted", "unchanged", "failed", "unknown", "stale", "skipped",
        ] },
        "verdict": { "enum": ["done", "nothing-written", "partly", "stale"] },
        "severity": { "enum": ["error", "warning"] },
        "checkVerdict": { "enum": ["ok", "warn", "no"] },
        "entryState": { "enum": [EntryState::Active, EntryState::Ended, EntryState::Unused] },
        "fileAction": { "enum": ["create", "change"] },
        "namesByAgent": {
            "type": "object",
            "additionalProperties": { "type": "array", "items": { "type": "string" } },
        },
        "rowPair": {
            "type": "array", "minItems": 2, "maxItems": 2, "items": { "$ref": "#/definitions/row" },
        },
        "countOrAddresses": {
            "description": "The number of writes of which nobody knows the end; with `runs show` their addresses",
            "anyOf": [{ "$ref": "#/definitions/count" }, { "type": "array", "items": { "type": "string" } }],
        },
    })
}
