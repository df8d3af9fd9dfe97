//! The id of a plan: a digest over everything that would be sent or go away.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::row::Row;
use super::row_list::RowList;
use super::target::Target;
use crate::resource::value::canonical;

/// Half of SHA-256: two plans with one id cannot be made on purpose, and an id still fits on a line.
const BYTES: usize = 16;

/// The number of digits of an id of older releases.
const OLD_DIGITS: usize = 12;

/// The id of a plan. Equal plans have equal ids.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct PlanId(String);

/// A text that is no plan id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlanIdError {
    /// The id has the form that older releases gave it. Such an id covered less than what a plan does.
    #[error("an id has 32 hexadecimal digits, and this one of 12 comes from an older release: plan again")]
    OldRelease,
    /// The text is anything else, such as the beginning of an id.
    #[error("an id has 32 hexadecimal digits, and no part of it is enough: plan again, and use all of it")]
    NoId,
}

impl PlanId {
    /// Returns the id as 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PlanId {
    type Err = PlanIdError;

    fn from_str(text: &str) -> Result<Self, PlanIdError> {
        let is_hexadecimal = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        match text.len() {
            length if length == 2 * BYTES && is_hexadecimal => Ok(Self(text.to_owned())),
            OLD_DIGITS if is_hexadecimal => Err(PlanIdError::OldRelease),
            _ => Err(PlanIdError::NoId),
        }
    }
}

impl fmt::Display for PlanId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PlanId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Returns the id of a plan with these rows. It does not cover secrets, so that it reveals nothing about them: two
/// plans that differ in the value of a secret alone have one id.
pub(super) fn of(target: &Target, rows: &RowList) -> PlanId {
    let mut digest = Sha256::new();
    // Each part goes in with its length: no two plans can be cut differently into the same bytes.
    add(&mut digest, "lobuctl plan 2");
    add(&mut digest, &target.organization);
    add(&mut digest, &target.url);
    for row in rows.iter().filter(|row| row.writes()) {
        add(&mut digest, &row_digest(row));
    }
    PlanId(hexadecimal(&digest.finalize()[..BYTES]))
}

/// The digest of one row: what is sent for it, what goes away with it, and the warnings that a decision rests on.
pub fn row_digest(row: &Row) -> String {
    let changes: Vec<_> = row
        .changes
        .iter()
        .map(|it| json!([it.path, it.kind, it.before, it.after]))
        .collect();
    // Locations and dependencies are left out: they change with the layout of a file, not with what is written.
    let fields = json!([
        row.address,
        row.verb,
        row.impact,
        row.recheck,
        changes,
        row.warnings,
        row.cascade
    ]);
    digest(&fields)
}

/// The digest of a server and an organization, as the name of what is kept for them.
pub fn target_digest(target: &Target) -> String {
    digest(&json!([target.url, target.organization]))
}

/// The digest of a JSON value, whatever the order of its keys.
pub(super) fn digest(value: &Value) -> String {
    let mut digest = Sha256::new();
    add(&mut digest, &canonical(value).to_string());
    hexadecimal(&digest.finalize()[..BYTES])
}

fn add(digest: &mut Sha256, part: &str) {
    digest.update((part.len() as u64).to_be_bytes());
    digest.update(part.as_bytes());
}

/// Returns bytes as hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}
