//! When each token was used last: collected in memory and written by the upkeep, so that a request that reads stays one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::db::{Db, DbResult, params};

/// The last use of each token since the last write.
#[derive(Debug, Default)]
pub(crate) struct LastUses {
    /// By row id of the token, in milliseconds since 1970. Only tokens that were accepted get an entry.
    at: Mutex<HashMap<String, i64>>,
}

impl LastUses {
    /// Notes that a token was accepted at `now`, in milliseconds since 1970.
    pub(crate) fn note(&self, token: &str, now: i64) {
        let mut at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        match at.get_mut(token) {
            Some(last) => *last = now,
            None => drop(at.insert(token.to_owned(), now)),
        }
    }

    /// Writes what was noted since the last call. When that fails, the next call writes it.
    pub(crate) async fn write(&self, db: &Db) -> DbResult<()> {
        let mut noted: Vec<(String, i64)> = {
            let mut at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
            at.drain().collect()
        };
        if noted.is_empty() {
            return Ok(());
        }
        // In one order, so that two servers on one database cannot wait for each other's rows.
        noted.sort();
        let written = write_all(db, &noted).await;
        if written.is_err() {
            let mut at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
            for (token, last) in noted {
                at.entry(token).or_insert(last);
            }
        }
        written
    }
}

async fn write_all(db: &Db, noted: &[(String, i64)]) -> DbResult<()> {
    let mut tx = db.begin().await?;
    for (token, last) in noted {
        // Another server may have written a later use.
        let sql = "UPDATE token SET last_used_at = $1 WHERE id = $2 AND (last_used_at IS NULL OR last_used_at < $1)";
        tx.execute(sql, params![*last, token]).await?;
    }
    tx.commit().await
}
