//! A clock that never goes back: a token that has expired once stays expired when the system's clock is set back, in this
//! process and, through a mark in the database, in the following ones.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use super::db::{Db, DbResult, params};
use super::meta;

const NAME: &str = "latest_time";
/// A difference that is worth a warning, in milliseconds.
const NOTABLE_MS: i64 = 60_000;

/// The latest time that this process has seen or read from a database.
static LATEST: AtomicI64 = AtomicI64::new(0);

fn system_time() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}

/// Returns the current time in milliseconds since 1970. It stands still while the system's clock is behind the latest
/// time seen.
pub(crate) fn now() -> i64 {
    let time = system_time();
    LATEST.fetch_max(time, Ordering::Relaxed).max(time)
}

/// Takes over the latest time that a database has seen.
pub(crate) async fn restore(db: &Db) -> DbResult<()> {
    let stored = meta::read(db, NAME).await?;
    let stored = stored.and_then(|text| text.parse().ok()).unwrap_or_default();
    let behind = stored - system_time();
    if behind > NOTABLE_MS {
        let seconds = behind / 1000;
        tracing::warn!(
            seconds,
            "the system's clock is behind the latest time that the database has seen, which counts"
        );
    }
    LATEST.fetch_max(stored, Ordering::Relaxed);
    Ok(())
}

/// Stores the current time as the latest that the database has seen.
pub(crate) async fn remember(db: &Db) -> DbResult<()> {
    let mut tx = db.begin().await?;
    // PostgreSQL and SQLite both compare the texts as numbers only after the cast. Another server may be ahead.
    tx.execute(
        "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value \
         WHERE CAST(meta.value AS BIGINT) < CAST(excluded.value AS BIGINT)",
        params![NAME, &now().to_string()],
    )
    .await?;
    tx.commit().await
}
