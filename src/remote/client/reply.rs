//! A response that is not a refusal, and the checks that it is what the request asked for.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::redact::Redactor;
use crate::remote::answer::{self, AnswerError};
use crate::remote::error::RemoteError;
use crate::remote::expectation::Expectation;
use crate::remote::method::Method;
use crate::remote::transport::Response;
use crate::resource::field_table::FieldMismatch;
use crate::wire::schema::{SchemaAction, SchemaType};

/// A response that is not a refusal.
pub(in crate::remote) struct Reply {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) writes: bool,
    pub(super) response: Response,
    pub(super) redactor: Redactor,
}

impl Reply {
    /// Returns the HTTP status, always 2xx.
    pub(super) fn status(&self) -> u16 {
        self.response.status
    }

    /// Returns the revision of the resource in the body, if the server names it.
    pub(super) fn expectation(&self) -> Expectation {
        self.response
            .revision
            .clone()
            .map(Expectation::Revision)
            .unwrap_or_default()
    }

    /// Whether an earlier attempt may have been carried out.
    pub(super) fn maybe_applied(&self) -> bool {
        self.response.maybe_applied
    }

    /// Parses the body.
    pub(in crate::remote) fn parse<T: DeserializeOwned>(&self) -> Result<T, RemoteError> {
        answer::decode(self.method, &self.path, &self.response, &self.redactor).map_err(|answer| {
            RemoteError::Malformed {
                answer,
                maybe_applied: self.writes,
            }
        })
    }

    /// Parses one key of the body. A body without the key is an error.
    pub(super) fn parse_key<T: DeserializeOwned>(&self, key: &str) -> Result<T, RemoteError> {
        let mut body: Map<String, Value> = self.parse()?;
        let value = body.remove(key).ok_or_else(|| self.malformed(&format!("`{key}`")))?;
        serde_json::from_value(value).map_err(|_| self.malformed(&format!("`{key}` of the expected shape")))
    }

    /// Parses one key of the body, if it has the key.
    pub(super) fn find_key<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, RemoteError> {
        let mut body: Map<String, Value> = self.parse()?;
        let value = body.remove(key).map(serde_json::from_value).transpose();
        value.map_err(|_| self.malformed(&format!("`{key}` of the expected shape")))
    }

    /// Returns a part of the body whose fields have been checked.
    pub(super) fn checked<T>(&self, fields: Result<T, FieldMismatch>) -> Result<T, RemoteError> {
        fields.map_err(|mismatch| self.malformed(&mismatch.to_string()))
    }

    /// Checks for the `{"success": true}` of a write. Where the body also has the platform, it has to be the one of
    /// the request.
    pub(super) fn expect_success(&self, id: &str) -> Result<(), RemoteError> {
        let body: Map<String, Value> = self.parse()?;
        if body.get("success") != Some(&Value::Bool(true)) {
            return Err(self.malformed("`success`"));
        }
        self.expect_id(body.get("platform").and_then(|it| it["id"].as_str()), id)
    }

    /// Checks that the schema tool answered this action on this type: its reply repeats `schema_type` and `action`.
    ///
    /// Nothing else of a reply can be relied on: a real server in local mode answers a creation with rubbish beside the
    /// echo (contract section 8.1), while a proxy or a catch-all route answers any JSON object.
    pub(super) fn expect_echo(&self, kind: SchemaType, action: SchemaAction, slug: &str) -> Result<(), RemoteError> {
        let body: Map<String, Value> = self.parse()?;
        let echoes = body.get("schema_type") == Some(&json!(kind)) && body.get("action") == Some(&json!(action));
        if !echoes {
            return Err(self.malformed("the echo of `schema_type` and `action`"));
        }
        let key = match kind {
            SchemaType::EntityType => "entity_type",
            SchemaType::RelationshipType => "relationship_type",
        };
        // A creation may answer rubbish here, and normalizes the slug.
        let found = body.get(key).filter(|_| action != SchemaAction::Create);
        self.expect_id(found.and_then(|it| it["slug"].as_str()), slug)
    }

    /// Checks that the body is about the resource of the request: `found` is its id in the body, where that has one.
    ///
    /// A cache or a proxy may answer with the response to another request, which looks like a success in all but this.
    pub(super) fn expect_id(&self, found: Option<&str>, id: &str) -> Result<(), RemoteError> {
        if found.is_none_or(|found| found == id) {
            return Ok(());
        }
        Err(self.malformed(&format!("`{id}`, which was asked for")))
    }

    /// Returns the error for a body that lacks what was expected.
    pub(in crate::remote) fn malformed(&self, expected: &str) -> RemoteError {
        let answer = AnswerError {
            method: self.method,
            path: self.path.clone(),
            status: self.response.status,
            what: format!("answered {} without {expected}", self.response.status),
            hint: Some("check that `--url` is a Lobu server, and its path prefix"),
        };
        RemoteError::Malformed {
            answer,
            maybe_applied: self.writes,
        }
    }
}
