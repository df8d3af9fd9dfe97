//! `Idempotency-Key` on creates: a client that got no response sends the same request again and receives the first answer.
//!
//! The answer is stored in the transaction of the create, so it exists exactly when the resource does. Only successes are
//! stored, because a request that failed has created nothing and may be tried again.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::app::now;
use super::auth::Caller;
use super::crypto::to_hex;
use super::db::{Db, DbResult, Tx, params, table_row};
use super::reply::{ApiError, ApiResult};

const HEADER: &str = "idempotency-key";
/// The maximum number of characters of a key.
const MAX_KEY_CHARS: usize = 255;
/// How long an answer is kept, in milliseconds: a day.
const KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// The value of the header, if any. It is checked in [`IdempotencyKey::of_request`].
#[derive(Debug, Clone, Default)]
pub(crate) struct IdempotencyKey(Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::from_headers(&parts.headers))
    }
}

/// A request that carries a key.
#[derive(Debug, Clone)]
pub(crate) struct IdempotentRequest {
    /// 1 to 255 visible ASCII characters, chosen by the client. Unique for each user and organization.
    key: String,
    /// The SHA-256 of the action and the body.
    digest: String,
}

impl IdempotencyKey {
    /// Reads the header.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Self {
        // A value that is no text becomes the empty key, which is refused: ignoring it would create twice on a retry.
        let sent = headers.get(HEADER).map(|value| value.to_str().unwrap_or_default());
        Self(sent.map(str::to_owned))
    }

    /// Binds the key to an action and a body. `None` when the request has no key.
    ///
    /// # Errors
    /// 400 for a key that is empty, too long or not visible ASCII.
    pub(crate) fn of_request(self, action: &str, fields: &Map<String, Value>) -> ApiResult<Option<IdempotentRequest>> {
        let Some(key) = self.0 else { return Ok(None) };
        let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
        if key.is_empty() || key.len() > MAX_KEY_CHARS || !visible {
            let message = format!("Idempotency-Key must be 1 to {MAX_KEY_CHARS} visible ASCII characters");
            return Err(ApiError::bad_request(message));
        }
        let body = serde_json::to_string(fields).map_err(|error| ApiError::internal(&error))?;
        let digest = Sha256::new()
            .chain_update(action)
            // Separates the two, so that no other action and body give the same bytes.
            .chain_update([0])
            .chain_update(body)
            .finalize();
        Ok(Some(IdempotentRequest {
            key,
            digest: to_hex(&digest),
        }))
    }
}

table_row! {
    /// The stored answer of a create. While that create is under way, its transaction alone sees a row with the status 0.
    pub(crate) struct RecordedAnswer, columns answer_columns {
        digest: String = "digest",
        status: i64 = "status",
        revision: Option<i64> = "revision",
        body: Value = "body",
    }
}

const FIND: &str = concat!(
    "SELECT ",
    answer_columns!(),
    " FROM idempotent_request WHERE organization_id = $1 AND account_id = $2 AND key = $3"
);

impl RecordedAnswer {
    /// Returns the status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        let code = u16::try_from(self.status).unwrap_or_default();
        StatusCode::from_u16(code).unwrap_or(StatusCode::OK)
    }
}

impl IdempotentRequest {
    /// Takes the key for this transaction, or returns the answer that an earlier request with the same key received. Waits
    /// while another transaction has the key.
    ///
    /// # Errors
    /// 422 when the earlier request had another action or body.
    pub(crate) async fn begin(&self, tx: &mut Tx<'_>, caller: &Caller) -> ApiResult<Option<RecordedAnswer>> {
        let (organization, account) = (&caller.organization.id, &caller.member.account);
        // The upkeep deletes old keys once a minute; this one has to be free as soon as its day is over.
        tx.execute(
            "DELETE FROM idempotent_request WHERE organization_id = $1 AND account_id = $2 AND key = $3 \
             AND created_at < $4",
            params![organization, account, &self.key, now() - KEPT_MS],
        )
        .await?;
        // On PostgreSQL, this waits for another transaction that has inserted the same key and has not ended; on SQLite,
        // transactions wait for each other anyway.
        let taken = tx
            .execute(
                "INSERT INTO idempotent_request (organization_id, account_id, key, digest, status, body, created_at) \
                 VALUES ($1, $2, $3, $4, 0, 'null', $5) ON CONFLICT (organization_id, account_id, key) DO NOTHING",
                params![organization, account, &self.key, &self.digest, now()],
            )
            .await?;
        if taken == 1 {
            return Ok(None);
        }
        let answer: Option<RecordedAnswer> = tx.row(FIND, params![organization, account, &self.key]).await?;
        // The row was deleted after the insert had found it, for example by the upkeep.
        let answer = answer.ok_or_else(|| ApiError::unavailable("the idempotency key is in use, try again"))?;
        if answer.digest != self.digest {
            let message = "this Idempotency-Key was sent with another request";
            return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, message));
        }
        Ok(Some(answer))
    }

    /// Stores the answer of the create, in the transaction of [`IdempotentRequest::begin`].
    pub(crate) async fn record(
        &self,
        tx: &mut Tx<'_>,
        caller: &Caller,
        status: StatusCode,
        revision: Option<i64>,
        body: &impl Serialize,
    ) -> ApiResult<()> {
        let body = serde_json::to_string(body).map_err(|error| ApiError::internal(&error))?;
        tx.execute(
            "UPDATE idempotent_request SET status = $1, revision = $2, body = $3 \
             WHERE organization_id = $4 AND account_id = $5 AND key = $6",
            params![
                i64::from(status.as_u16()),
                revision,
                &body,
                &caller.organization.id,
                &caller.member.account,
                &self.key
            ],
        )
        .await?;
        Ok(())
    }
}

/// Deletes the answers that are older than a day. Returns their number.
pub(crate) async fn prune(db: &Db) -> DbResult<u64> {
    let mut tx = db.begin().await?;
    let sql = "DELETE FROM idempotent_request WHERE created_at < $1";
    let deleted = tx.execute(sql, params![now() - KEPT_MS]).await?;
    tx.commit().await?;
    Ok(deleted)
}
