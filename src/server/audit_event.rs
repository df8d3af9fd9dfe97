//! One event of the audit, as it is written. It knows no request, because the command line writes events too.

use serde_json::json;

use super::app::now;
use super::db::{DbResult, Tx, params};

/// The maximum number of field names in an event. Further ones are only counted.
pub(crate) const MAX_FIELDS: usize = 32;
/// The maximum number of characters of a field name.
const MAX_FIELD_CHARS: usize = 64;
/// The maximum number of characters of a target.
const MAX_TARGET_CHARS: usize = 300;
/// The user in events of commands such as `serve token create`, which need no token.
pub(crate) const COMMAND_LINE: &str = "command-line";

/// One event, before it is written.
#[derive(Debug, Default)]
pub(crate) struct AuditEvent<'a> {
    /// The id of the organization in whose audit the event is.
    pub(crate) organization: &'a str,
    /// The id of the user. Empty when the credentials are unknown.
    pub(crate) account: &'a str,
    /// The row id of the token. Empty when there is none.
    pub(crate) token: &'a str,
    /// What happened, such as `platform.update`.
    pub(crate) action: &'a str,
    /// What it happened to: an id, a slug, or what was denied: the method and path of a request, or `MCP` and a tool.
    pub(crate) target: &'a str,
    /// The names of the fields that changed, never their values.
    pub(crate) fields: &'a [&'a str],
    /// The `x-request-id` of the response. `None` for events of a command.
    pub(crate) request_id: Option<&'a str>,
}

impl AuditEvent<'_> {
    /// Writes the event with the current time.
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

/// Returns a target as it is stored: cut after 300 characters.
pub(crate) fn target_text(target: &str) -> String {
    target.chars().take(MAX_TARGET_CHARS).collect()
}

/// Returns the names of fields as they are stored: at most 32, each cut after 64 characters, and the number of the others. A
/// client chooses the keys of a platform's config, and with unbounded names it could fill the disk.
pub(crate) fn field_names(fields: &[&str]) -> Vec<String> {
    let short = |name: &&str| name.chars().take(MAX_FIELD_CHARS).collect();
    let mut names: Vec<String> = fields.iter().take(MAX_FIELDS).map(short).collect();
    if fields.len() > MAX_FIELDS {
        names.push(format!("and {} more", fields.len() - MAX_FIELDS));
    }
    names
}
