//! The device flow of OAuth (RFC 8628): clients, requests that wait for a person, and grants with their tokens. The database
//! keeps codes and tokens as SHA-256 only, and every step that may happen once is one statement that one sender wins.
//!
//! It knows no requests and no pages; see `route::oauth`.

pub(crate) mod client;
pub(crate) mod decision;
pub(crate) mod device;
pub(crate) mod error;
pub(crate) mod grant;
pub(crate) mod issue;
pub(crate) mod scope;

use super::app::now;
use super::db::{Db, DbResult, params};

const HOUR_MS: i64 = 60 * 60 * 1000;

/// Deletes what has expired. An expired request is kept for an hour, so that its client learns that it has expired; so is a
/// client that nobody has signed in with.
pub(crate) async fn prune(db: &Db) -> DbResult<()> {
    let mut tx = db.begin().await?;
    let hour_ago = now() - HOUR_MS;
    tx.execute("DELETE FROM device_request WHERE expires_at < $1", params![hour_ago])
        .await?;
    tx.execute(
        "DELETE FROM token WHERE grant_id IS NOT NULL AND expires_at <= $1",
        params![now()],
    )
    .await?;
    tx.execute("DELETE FROM oauth_grant WHERE expires_at <= $1", params![now()])
        .await?;
    tx.execute(
        "DELETE FROM oauth_client WHERE created_at < $1 \
         AND NOT EXISTS (SELECT 1 FROM oauth_grant g WHERE g.client_id = oauth_client.id) \
         AND NOT EXISTS (SELECT 1 FROM device_request d WHERE d.client_id = oauth_client.id)",
        params![hour_ago],
    )
    .await?;
    tx.commit().await
}
