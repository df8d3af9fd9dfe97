//! The short id of a plan: a digest of what would be done.

use serde_json::json;
use sha2::{Digest, Sha256};

use super::Target;
use super::row::Row;
use crate::resource::value::canonical;

/// Equal for equal plans. Secrets are no part of it, so that it tells nothing about them: two plans that differ in the
/// value of a secret alone have one id.
pub(super) fn of(target: &Target, rows: &[Row]) -> String {
    let mut digest = Sha256::new();
    digest.update(target.organization.as_bytes());
    digest.update(target.url.as_bytes());
    for row in rows.iter().filter(|row| row.writes()) {
        let changes: Vec<_> = row
            .changes
            .iter()
            .map(|it| json!([it.path, it.kind, it.before, it.after]))
            .collect();
        let line = json!([row.address, row.verb, row.impact, row.recheck, changes]);
        digest.update(canonical(&line).to_string().as_bytes());
    }
    let hex = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    digest
        .finalize()
        .iter()
        .take(6)
        .flat_map(|byte| [hex(byte >> 4), hex(byte & 15)])
        .collect()
}
