//! What the server has done with a secret, as it is printed.

use serde_json::json;

use crate::cli::Format;
use crate::command::console::Console;
use crate::failure::Failure;
use crate::show::vault::{restart_failed_text, written_line};
use crate::wire::secret::WireSecretResult;

/// Prints one change that the server has made.
pub(super) fn report(console: &Console, result: &WireSecretResult) -> Result<(), Failure> {
    if console.format == Format::Json {
        let value = json!({
            "name": result.name, "action": result.action, "fingerprint": result.fingerprint,
            "restarts": result.will_restart, "restart_failed": result.restart_failed,
        });
        return console.object("secret-written", &value);
    }
    let fingerprint = result.fingerprint.as_deref();
    console.text(&(written_line(&result.name, &result.action, fingerprint, &result.will_restart) + "\n"))?;
    for id in &result.restart_failed {
        console.warning(&restart_failed_text(id));
    }
    Ok(())
}
