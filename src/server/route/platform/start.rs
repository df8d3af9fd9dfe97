//! Waiting for the runtime, within the time limit of a start.

use crate::server::app::App;
use crate::server::runtime::{BoxFuture, Instance, RuntimeError, Started};
use crate::server::vault_use::ResolvedInstance;

/// Waits for a start or a restart. It counts as failed after [`Limits::start`](crate::server::options::Limits::start); the
/// runtime may still complete it then.
async fn start_in_time(
    app: &App,
    start: BoxFuture<'_, Result<Started, RuntimeError>>,
) -> Result<Started, RuntimeError> {
    match tokio::time::timeout(app.limits.start, start).await {
        Ok(outcome) => outcome,
        Err(_) => Err(RuntimeError::new("TimeoutError", "the platform did not start in time")),
    }
}

/// Starts an instance, in place of the one that is running, if any. The result repeats no value of a secret.
pub(super) async fn start_resolved(
    app: &App,
    running: Option<&Instance>,
    new: &ResolvedInstance,
) -> Result<Started, RuntimeError> {
    let start = match running {
        Some(running) => app.runtime.restart(running, &new.instance),
        None => app.runtime.start(&new.instance),
    };
    new.without_values(start_in_time(app, start).await)
}

/// Returns an error as the platform's row stores it and `errorMessage` shows it.
pub(super) fn stored_error(error: &RuntimeError) -> String {
    format!("{}: {}", error.name, error.message)
}
