//! Waiting for the runtime, within the time limit of a start.

use crate::server::app::App;
use crate::server::runtime::{BoxFuture, RuntimeError, Started};

/// Waits for a start or a restart; after the limit it counts as failed.
pub(super) async fn start_in_time(
    app: &App,
    start: BoxFuture<'_, Result<Started, RuntimeError>>,
) -> Result<Started, RuntimeError> {
    match tokio::time::timeout(app.limits.start, start).await {
        Ok(outcome) => outcome,
        Err(_) => Err(RuntimeError::new("TimeoutError", "the platform did not start in time")),
    }
}

/// Formats an error as a platform's row stores it.
pub(super) fn stored_error(error: &RuntimeError) -> String {
    format!("{}: {}", error.name, error.message)
}
