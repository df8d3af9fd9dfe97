//! One event of the audit, as the server writes it. Knows no request: the command line writes events too.

use serde_json::json;

use super::app::now;
use super::db::{DbResult, Tx, params};

/// The maximum number of field names in an event. Further ones are counted.
pub(crate) const MAX_FIELDS: usize = 32;
/// The maximum number of characters of a field name.
const MAX_FIELD_CHARS: usize = 64;
/// The maximum number of characters of a target.
const MAX_TARGET_CHARS: usize = 300;
/// The user of events that happen on the command line of the server's machine.
pub(crate) const COMMAND_LINE: &str = "command-line";

/// One event, before it is written.
#[derive(Debug, Default)]
pub(crate) struct AuditEvent<'a> {
    pub(crate) organization: &'a str,
    /// The user. Empty when the credentials are unknown.
    pub(crate) account: &'a str,
    /// The row id of the token. Empty when there is none.
    pub(crate) token: &'a str,
    pub(crate) action: &'a str,
    pub(crate) target: &'a str,
    /// Names of what changed, never values.
    pub(crate) fields: &'a [&'a str],
    pub(crate) request_id: Option<&'a str>,
}

impl AuditEvent<'_> {
    /// Writes the event.
    pub(crate) async fn write(&self, tx: &mut Tx<'_>) -> DbResult<()> {
        tx.execute(
            "INSERT INTO audit (organization_id, at, account_id, token_id, action, target, fields, request_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            params![
                self.organization,
                now(),
                self.account,
                self.token,
                self.action,
                &target_text(self.target),
                &json!(field_names(self.fields)).to_string(),
                self.request_id
            ],
        )
        .await?;
        Ok(())
    }
}

/// Returns a target as it is stored.
pub(crate) fn target_text(target: &str) -> String {
    target.chars().take(MAX_TARGET_CHARS).collect()
}

/// Returns the names of fields as they are stored.
pub(crate) fn field_names(fields: &[&str]) -> Vec<String> {
    let short = |name: &&str| name.chars().take(MAX_FIELD_CHARS).collect();
    let mut names: Vec<String> = fields.iter().take(MAX_FIELDS).map(short).collect();
    if fields.len() > MAX_FIELDS {
        names.push(format!("and {} more", fields.len() - MAX_FIELDS));
    }
    names
}
