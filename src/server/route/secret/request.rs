//! The body of `POST …/secrets/manage`, checked before anything is written.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use crate::server::body::text_field;
use crate::server::reply::{ApiError, ApiResult};
use crate::server::vault_reference::{is_secret_name, key_provider};

/// The maximum number of actions in one request.
const MAX_ACTIONS: usize = 500;
/// The maximum number of characters of a name.
const MAX_NAME_CHARS: usize = 128;
/// The maximum size of a value, in bytes: enough for a key file of a cloud provider.
const MAX_VALUE_BYTES: usize = 64 * 1024;
/// Beginnings of texts that stand for a secret and are none.
const PLACEHOLDERS: [&str; 2] = ["lobu_secret_", "secret://"];
/// Begins every redaction.
const STARS: &str = "***";
/// Where a client may have a value from.
const SOURCES: [&str; 3] = ["env", "file", "stdin"];

/// What to do with a name.
pub(super) enum VaultOp {
    /// Store a value under a new name.
    Create(SecretString),
    /// Replace the value of a name; with a fingerprint only the value that has it.
    Rotate(SecretString, Option<String>),
    /// Delete the name. With `force` also where a platform uses it.
    Delete { force: bool },
}

/// One action of a request.
pub(super) struct VaultAction {
    pub(super) name: String,
    pub(super) op: VaultOp,
    /// Where the client has the value from: `env`, `file` or `stdin`. Empty when it does not say.
    pub(super) source: String,
}

/// Returns the actions of a body, in its order.
///
/// # Errors
/// 400 for a body that does not have them, for a name twice, and for a value that is refused. No message repeats a value.
pub(super) fn actions(mut fields: Map<String, Value>) -> ApiResult<Vec<VaultAction>> {
    let Some(Value::Array(list)) = fields.swap_remove("actions") else {
        return Err(ApiError::bad_request("actions must be a list"));
    };
    if list.is_empty() || list.len() > MAX_ACTIONS {
        let message = format!("a request has 1 to {MAX_ACTIONS} actions");
        return Err(ApiError::bad_request(message));
    }
    let actions: Vec<VaultAction> = list.into_iter().map(action).collect::<ApiResult<_>>()?;
    let mut names: Vec<&str> = actions.iter().map(|action| action.name.as_str()).collect();
    names.sort_unstable();
    if let Some(twice) = names
        .iter()
        .zip(names.iter().skip(1))
        .find_map(|(one, next)| (one == next).then_some(one))
    {
        return Err(ApiError::bad_request(format!("`{twice}` is named twice")));
    }
    Ok(actions)
}

fn action(item: Value) -> ApiResult<VaultAction> {
    let Value::Object(mut fields) = item else {
        return Err(ApiError::bad_request("an action must be an object"));
    };
    // Taken out first, so that it is zeroed whatever else is wrong.
    let value = match fields.swap_remove("value") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(SecretString::from(text)),
        Some(_) => return Err(ApiError::coded_bad_request("invalid_value", "value must be a string")),
    };
    let name = text_field(&fields, "name")?.unwrap_or_default();
    let is_delete = text_field(&fields, "op")? == Some("delete");
    check_name(name, is_delete)?;
    let source = text_field(&fields, "source")?.unwrap_or_default();
    if !source.is_empty() && !SOURCES.contains(&source) {
        return Err(ApiError::bad_request("source must be env, file or stdin"));
    }
    let op = match text_field(&fields, "op")? {
        Some("create") => VaultOp::Create(required(name, value)?),
        Some("rotate") => {
            let expected = text_field(&fields, "ifFingerprint")?.map(str::to_owned);
            VaultOp::Rotate(required(name, value)?, expected)
        }
        Some("delete") if value.is_none() => VaultOp::Delete {
            force: fields.get("force") == Some(&Value::Bool(true)),
        },
        Some("delete") => return Err(ApiError::bad_request("a delete has no value")),
        _ => return Err(ApiError::bad_request("op must be create, rotate or delete")),
    };
    Ok(VaultAction {
        name: name.to_owned(),
        op,
        source: source.to_owned(),
    })
}

/// Refuses a name that no `$NAME` can refer to. A provider's key has such a name, and can be deleted by it.
fn check_name(name: &str, is_delete: bool) -> ApiResult<()> {
    let is_provider_key = is_delete && key_provider(name).is_some();
    if is_provider_key || (is_secret_name(name) && name.len() <= MAX_NAME_CHARS) {
        return Ok(());
    }
    let message =
        format!("a name has at most {MAX_NAME_CHARS} upper-case letters, digits and `_`, and begins with a letter");
    Err(ApiError::coded_bad_request("invalid_name", message))
}

fn required(name: &str, value: Option<SecretString>) -> ApiResult<SecretString> {
    let value = value.unwrap_or_default();
    check_value(name, &value)?;
    Ok(value)
}

/// Refuses a value that is none.
///
/// # Errors
/// 400 with a code. The message does not repeat the value.
pub(super) fn check_value(name: &str, value: &SecretString) -> ApiResult<()> {
    let text = value.expose_secret();
    let invalid = |why: String| Err(ApiError::coded_bad_request("invalid_value", why));
    if text.trim().is_empty() {
        return invalid(format!("the value of `{name}` is empty"));
    }
    if text.len() > MAX_VALUE_BYTES {
        return invalid(format!("the value of `{name}` has more than {MAX_VALUE_BYTES} bytes"));
    }
    if text.starts_with(STARS) {
        return invalid(format!("the value of `{name}` is a redaction"));
    }
    if PLACEHOLDERS.iter().any(|start| text.starts_with(start)) {
        let message = format!("the value of `{name}` is the placeholder of a secret");
        return Err(ApiError::coded_bad_request("already_a_placeholder", message));
    }
    Ok(())
}
