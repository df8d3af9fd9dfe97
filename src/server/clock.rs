//! A clock that never goes back: a token that has expired once stays expired when the system's clock is set back, in this
//! process and, because the database stores the latest time, in later ones.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use super::db::{Db, DbResult, params};
use super::meta;

/// The name in `meta` of the latest time that the database has seen.
const META_NAME: &str = "latest_time";
/// How far the system's clock has to be behind for a warning, in milliseconds.
const MIN_WARNED_MS: i64 = 60_000;

/// The latest time that this process has seen or read from a database.
static LATEST: AtomicI64 = AtomicI64::new(0);

fn system_time() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}

/// Returns the current time in milliseconds since 1970. While the system's clock is behind the latest time seen, it returns
/// that one.
pub(crate) fn now() -> i64 {
    let time = system_time();
    LATEST.fetch_max(time, Ordering::Relaxed).max(time)
}

/// Makes [`now`] return at least the latest time that the database has seen.
pub(crate) async fn restore(db: &Db) -> DbResult<()> {
    let stored = meta::read(db, META_NAME).await?;
    let stored = stored.and_then(|text| text.parse().ok()).unwrap_or_default();
    let behind = stored - system_time();
    if behind > MIN_WARNED_MS {
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
    // Another server may have stored a later time. The column is a text, which has to be cast to compare as a number.
    tx.execute(
        "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value \
         WHERE CAST(meta.value AS BIGINT) < CAST(excluded.value AS BIGINT)",
        params![META_NAME, &now().to_string()],
    )
    .await?;
    tx.commit().await
}
