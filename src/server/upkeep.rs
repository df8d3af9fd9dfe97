//! Periodic work: deletes old rows, and stores the current time and the last use of tokens.

use std::time::Duration;

use super::app::Shared;
use super::db::DbResult;
use super::{audit, clock, idempotency, oauth, session};

/// The time between two rounds.
const INTERVAL: Duration = Duration::from_mins(1);

/// Runs one round every minute until the task is aborted.
pub(crate) async fn run(app: Shared) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        // A round that fails is not repeated at once: the next one does the same work.
        if let Err(error) = run_once(&app).await {
            tracing::warn!(reason = %error, "the upkeep of the database failed; it is tried again in a minute");
        }
    }
}

/// Runs what must not wait for the next start, when the server stops.
pub(crate) async fn run_last(app: &Shared) {
    if let Err(error) = app.last_uses.write(&app.db).await {
        tracing::warn!(reason = %error, "the last use of tokens was not written");
    }
}

/// Runs one round.
pub(crate) async fn run_once(app: &Shared) -> DbResult<()> {
    clock::remember(&app.db).await?;
    app.last_uses.write(&app.db).await?;
    oauth::prune(&app.db).await?;
    session::prune(&app.db).await?;
    idempotency::prune(&app.db).await?;
    audit::prune(&app.db, app.audit_limits).await
}
