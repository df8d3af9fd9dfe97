//! Waiting for the runtime, within the time limit of a start.

use crate::server::app::App;
use crate::server::runtime::{BoxFuture, RuntimeError, Started};

/// Waits for a start or a restart. It counts as failed after [`Limits::start`](crate::server::options::Limits::start); the
/// runtime may still complete it then.
pub(super) async fn start_in_time(
    app: &App,
    start: BoxFuture<'_, Result<Started, RuntimeError>>,
) -> Result<Started, RuntimeError> {
    match tokio::time::timeout(app.limits.start, start).await {
        Ok(outcome) => outcome,
        Err(_) => Err(RuntimeError::new("TimeoutError", "the platform did not start in time")),
    }
}

/// Returns an error as the platform's row stores it and `errorMessage` shows it.
pub(super) fn stored_error(error: &RuntimeError) -> String {
    format!("{}: {}", error.name, error.message)
}
