//! The objects that commands print, and their keys.

use serde_json::{Value, json};

use super::shape::{Fields, PLAN_FIELDS, object};
use crate::report::json::SCHEMA;

/// A type of line.
pub(super) struct LineSchema {
    kind: &'static str,
    /// The keys that every line of this family has.
    common: Fields,
    fields: Fields,
}

/// A plan.
pub(super) const PLAN: LineSchema = line("plan", PLAN_FIELDS);

/// Every type of line.
pub(super) const LINES: &[LineSchema] = &[
    // Any command.
    line("warning", &[("message", "text")]),
    line(
        "error",
        &[
            ("message", "text"),
            ("causes", "[text]"),
            ("hints", "[text]"),
            ("exit_code", "count"),
        ],
    ),
    line(
        "diagnostic",
        &[
            ("severity", "severity"),
            ("code", "text"),
            ("message", "text"),
            ("file", "text?"),
            ("line", "count?"),
            ("column", "count?"),
            ("help", "[text]"),
        ],
    ),
    // plan, apply, undo, watch.
    PLAN,
    // apply, undo.
    event("run-started", &[("target", "target"), ("steps", "[step]")]),
    event("step-started", &[("address", "text")]),
    event(
        "waiting",
        &[
            ("address", "text"),
            ("method", "text"),
            ("path", "text"),
            ("silent_ms", "count"),
            ("attempt", "count"),
        ],
    ),
    event(
        "request",
        &[
            ("address", "text"),
            ("method", "text"),
            ("path", "text"),
            ("status?", "count"),
            ("took_ms", "count"),
            ("attempt", "count"),
        ],
    ),
    event(
        "retrying",
        &[
            ("address", "text"),
            ("attempt", "count"),
            ("of", "count"),
            ("reason", "text"),
            ("delay_ms", "count"),
        ],
    ),
    event("note", &[("address", "text"), ("message", "text")]),
    event(
        "step-finished",
        &[
            ("address", "text"),
            ("outcome", "outcome"),
            ("restarted?", "flag?"),
            ("message?", "text"),
            ("hint?", "text"),
            ("partly_written?", "flag"),
            ("reason?", "text"),
            ("took_ms", "count"),
        ],
    ),
    event("cancelling", &[]),
    event("run-finished", &[]),
    line(
        "summary",
        &[
            ("tally", "tally"),
            ("requests", "count"),
            ("retries", "count"),
            ("took_ms", "count"),
            ("verdict", "verdict"),
            ("run?", "text"),
        ],
    ),
    line(
        "valid",
        &[
            ("file", "text"),
            ("agents", "count"),
            ("platforms", "count"),
            ("entity_types", "count"),
            ("relationship_types", "count"),
        ],
    ),
    line(
        "pull",
        &[
            ("target", "target"),
            ("files", "[fileChange]"),
            ("pulled", "[unit]"),
            ("conflicts", "[conflict]"),
            ("new_secrets", "[text]"),
            ("only_in_files", "[text]"),
            ("ignored", "count"),
            ("without_file", "namesByAgent"),
            ("rewritten", "[text]"),
        ],
    ),
    line(
        "drift",
        &[
            ("target", "target"),
            ("open", "[driftItem]"),
            ("ignored", "[driftItem]"),
            ("entries", "[ignoreEntry]"),
        ],
    ),
    line(
        "run",
        &[
            ("head", "runHead"),
            ("ended", "flag"),
            ("writes", "count"),
            ("unknown", "countOrAddresses"),
            ("plan?", "plan"),
            ("rows?", "[settledRow]"),
        ],
    ),
    line(
        "run-difference",
        &[
            ("only_left", "[row]"),
            ("only_right", "[row]"),
            ("changed", "[rowPair]"),
            ("same", "count"),
        ],
    ),
    line(
        "check",
        &[
            ("check", "text"),
            ("ok", "flag"),
            ("verdict", "checkVerdict"),
            ("message", "text"),
            ("hint", "text?"),
        ],
    ),
    line(
        "session",
        &[
            ("url", "text"),
            ("url_from", "text"),
            ("organization", "text?"),
            ("organization_from", "text?"),
            ("token_from", "text?"),
            ("context", "text?"),
            ("protected", "flag"),
            ("person?", "person"),
            ("organizations?", "[membership]"),
            ("token_organization?", "text?"),
            ("role?", "text?"),
            ("scope?", "text?"),
            ("expires_at?", "text?"),
        ],
    ),
    line(
        "organization",
        &[
            ("slug", "text"),
            ("name", "text"),
            ("role", "text?"),
            ("current", "flag"),
        ],
    ),
    line(
        "context",
        &[
            ("name", "text"),
            ("url", "text?"),
            ("organization", "text?"),
            ("current", "flag"),
            ("logged_in", "flag"),
            ("protected", "flag"),
        ],
    ),
    line(
        "device_code",
        &[
            ("user_code", "text"),
            ("address", "text"),
            ("complete_address", "text?"),
            ("valid_for_seconds", "count"),
        ],
    ),
    line(
        "login",
        &[
            ("context", "text?"),
            ("url", "text"),
            ("name", "text?"),
            ("email", "text?"),
            ("organization", "text?"),
            ("scope", "text?"),
            ("expires_at", "text?"),
        ],
    ),
    line(
        "logout",
        &[
            ("context", "text?"),
            ("url", "text"),
            ("was_signed_in", "flag"),
            ("revoked", "flag"),
            ("stays_valid", "text?"),
        ],
    ),
    // memory.
    line(
        "memory-health",
        &[
            ("target", "target"),
            ("ok", "flag"),
            ("server", "endpoint"),
            ("tools", "count"),
        ],
    ),
    line(
        "memory-tool",
        &[("name", "text"), ("description", "text"), ("input_schema", "anything")],
    ),
    line(
        "memory-answer",
        &[
            ("tool", "text"),
            ("is_error", "flag"),
            ("content", "[anything]"),
            ("structured_content", "anything"),
        ],
    ),
    // secrets.
    line(
        "secrets-push",
        &[
            ("target", "target"),
            ("steps", "[secretPush]"),
            ("same", "[text]"),
            ("kept", "[text]"),
            ("only_there", "[text]"),
            ("missing", "[text]"),
        ],
    ),
    line(
        "secret-written",
        &[
            ("name", "text"),
            ("action", "text"),
            ("fingerprint", "text?"),
            ("restarts", "[text]"),
            ("restart_failed", "[text]"),
        ],
    ),
    line(
        "provider-keys-push",
        &[
            ("target", "target"),
            ("steps", "[providerKey]"),
            ("missing", "[text]"),
            ("without_provider", "[text]"),
        ],
    ),
    line(
        "provider-key-written",
        &[("name", "text"), ("provider", "text"), ("action", "text")],
    ),
    line(
        "secret",
        &[
            ("name", "text"),
            ("fingerprint", "text"),
            ("source", "text?"),
            ("updated_at", "text?"),
            ("updated_by", "text?"),
            ("used_by", "[text]"),
            ("uses", "[text]"),
        ],
    ),
    line("secret-difference", &[("name", "text"), ("difference", "text")]),
    line(
        "secret-event",
        &[
            ("at", "text"),
            ("action", "text"),
            ("name", "text"),
            ("user", "text?"),
            ("token", "text?"),
            ("fingerprint", "text?"),
            ("source", "text?"),
        ],
    ),
];

/// The keys of an event: its number within the run, and the time since the run began.
const EVENT: Fields = &[("seq", "count"), ("elapsed_ms", "count")];

const fn line(kind: &'static str, fields: Fields) -> LineSchema {
    LineSchema {
        kind,
        common: &[],
        fields,
    }
}

const fn event(kind: &'static str, fields: Fields) -> LineSchema {
    LineSchema {
        kind,
        common: EVENT,
        fields,
    }
}

impl LineSchema {
    /// Returns the schema of the line.
    pub(super) fn schema(&self) -> Value {
        let fields = [("ts", "time")].iter().chain(self.common).chain(self.fields);
        let mut schema = object(fields);
        schema["properties"]["type"] = json!({ "const": self.kind });
        schema["properties"]["schema"] = json!({ "const": SCHEMA });
        if let Value::Array(required) = &mut schema["required"] {
            required.extend([json!("type"), json!("schema")]);
        }
        schema
    }
}
