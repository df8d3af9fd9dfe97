//! Work that no request asks for: old rows are deleted and the time is remembered.

use std::time::Duration;

use super::app::Shared;
use super::db::DbResult;
use super::{audit, clock, idempotency};

/// The time between two rounds.
const ROUND: Duration = Duration::from_mins(1);

/// Runs until it is aborted.
pub(crate) async fn run(app: Shared) {
    loop {
        tokio::time::sleep(ROUND).await;
        if let Err(error) = once(&app).await {
            tracing::warn!(reason = %error, "the upkeep of the database failed; it is tried again in a minute");
        }
    }
}

/// Runs one round.
pub(crate) async fn once(app: &Shared) -> DbResult<()> {
    clock::remember(&app.db).await?;
    idempotency::prune(&app.db).await?;
    audit::prune(&app.db, app.audit_limits).await
}
