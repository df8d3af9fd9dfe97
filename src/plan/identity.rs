//! The id of a plan: a digest over everything that would be sent or go away.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::row::Row;
use super::target::Target;
use crate::resource::value::canonical;

/// Half of SHA-256: two plans with one id cannot be made on purpose, and an id still fits on a line.
const BYTES: usize = 16;

/// Equal for equal plans. Secrets are no part of it, so that it tells nothing about them: two plans that differ in the
/// value of a secret alone have one id.
pub(super) fn of(target: &Target, rows: &[Row]) -> String {
    let mut digest = Sha256::new();
    // Each part goes in with its length: no two plans can be cut differently into the same bytes.
    add(&mut digest, "lobuctl plan 2");
    add(&mut digest, &target.organization);
    add(&mut digest, &target.url);
    for row in rows.iter().filter(|row| row.writes()) {
        add(&mut digest, &row_digest(row));
    }
    hexadecimal(&digest.finalize()[..BYTES])
}

/// The digest of one row: what is sent for it, what goes away with it, and the warnings that a decision rests on.
pub fn row_digest(row: &Row) -> String {
    let changes: Vec<_> = row
        .changes
        .iter()
        .map(|it| json!([it.path, it.kind, it.before, it.after]))
        .collect();
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

/// The digest of a JSON value, whatever the order of its keys.
pub(super) fn digest(value: &Value) -> String {
    let mut digest = Sha256::new();
    add(&mut digest, &canonical(value).to_string());
    hexadecimal(&digest.finalize()[..BYTES])
}

/// Whether a text has the form of a plan id. No prefix of an id is one.
pub fn is_plan_id(text: &str) -> bool {
    text.len() == 2 * BYTES && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn add(digest: &mut Sha256, part: &str) {
    digest.update((part.len() as u64).to_be_bytes());
    digest.update(part.as_bytes());
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}
