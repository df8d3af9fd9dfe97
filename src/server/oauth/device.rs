//! Requests that wait for a person: begun by a client, found by the code that the person types, redeemed by the client.

use secrecy::{ExposeSecret, SecretString};

use super::client::RegisteredClient;
use super::error::{invalid_grant, refused, too_many};
use super::scope::ScopeSet;
use crate::server::app::now;
use crate::server::db::{Db, Tx, params, table_row};
use crate::server::error::ServerError;
use crate::server::random::{random_text, random_user_code};
use crate::server::reply::{ApiError, ApiResult};
use crate::server::token;

/// How long a person has to approve a request, in milliseconds.
pub(crate) const LIFETIME_MS: i64 = 15 * 60 * 1000;
/// The seconds that a client is told to wait between two polls.
pub(crate) const POLL_SECONDS: i64 = 5;
/// The maximum number of requests that wait for a decision at one time. Those that have expired are not among them: they are
/// kept for an hour, and nobody should wait so long to sign in.
const MAX_REQUESTS: i64 = 5000;

/// What a client asks for.
pub(crate) struct NewDeviceRequest<'a> {
    /// The client.
    pub(crate) client: &'a RegisteredClient,
    /// The scopes. `None` when it does not name any.
    pub(crate) scope: Option<ScopeSet>,
    /// The URL of the organization that it is for, if it says.
    pub(crate) resource: Option<&'a str>,
    /// The address that the request came from.
    pub(crate) peer: Option<&'a str>,
}

/// The two codes of a new request.
pub(crate) struct DeviceCodes {
    /// What the client polls with.
    pub(crate) device: SecretString,
    /// What the person types.
    pub(crate) user: String,
}

table_row! {
    /// A request that waits for a decision, with the name of its client.
    pub(crate) struct PendingRequest, columns pending_columns {
        client_name: String = "c.name",
        scope: Option<String> = "d.scope",
        resource: Option<String> = "d.resource",
        peer: Option<String> = "d.peer",
        created_at: i64 = "d.created_at",
    }
}

impl PendingRequest {
    /// Returns the scopes that the client gets at most.
    pub(crate) fn wanted(&self) -> ScopeSet {
        self.scope.as_deref().map_or(ScopeSet::DEFAULT, ScopeSet::parse)
    }

    /// Returns the slug of the organization that the client asks for, as in `https://host/mcp/SLUG`. `None` when it leaves
    /// the choice to the person.
    pub(crate) fn organization_slug(&self) -> Option<&str> {
        let (_, rest) = self.resource.as_deref()?.split_once("://")?;
        let (_, path) = rest.split_once('/')?;
        let slug = path.strip_prefix("mcp/")?.split(['/', '?', '#']).next()?;
        (!slug.is_empty()).then_some(slug)
    }
}

/// Begins a request.
///
/// # Errors
/// 429 when too many requests wait already.
pub(crate) async fn begin(db: &Db, new: &NewDeviceRequest<'_>) -> ApiResult<DeviceCodes> {
    let internal = |error: ServerError| ApiError::internal(&error);
    let codes = DeviceCodes {
        device: SecretString::from(random_text().map_err(internal)?),
        user: random_user_code().map_err(internal)?,
    };
    let mut tx = db.begin().await?;
    let waiting = "SELECT COUNT(*) AS count FROM device_request WHERE state = 'pending' AND expires_at > $1";
    let count: Option<i64> = tx.value(waiting, params![now()]).await?;
    if count.unwrap_or_default() >= MAX_REQUESTS {
        return Err(too_many("too many sign-ins are under way; try again later"));
    }
    tx.execute(
        "INSERT INTO device_request \
         (device_hash, user_code_hash, client_id, scope, resource, peer, state, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7, $8)",
        params![
            &token::hash(codes.device.expose_secret()),
            &token::hash(&codes.user),
            &new.client.id,
            new.scope.map(|scope| scope.to_string()).as_deref(),
            new.resource,
            new.peer,
            now(),
            now() + LIFETIME_MS
        ],
    )
    .await?;
    tx.commit().await?;
    Ok(codes)
}

const PENDING: &str = concat!(
    "SELECT ",
    pending_columns!(),
    " FROM device_request d JOIN oauth_client c ON c.id = d.client_id \
     WHERE d.user_code_hash = $1 AND d.state = 'pending' AND d.expires_at > $2"
);

/// Finds the request that a person has typed the code of. `None` when there is none that can still be decided.
pub(crate) async fn find_pending(db: &Db, user_code: &str) -> ApiResult<Option<PendingRequest>> {
    Ok(db.row(PENDING, params![&token::hash(user_code), now()]).await?)
}

table_row! {
    /// A request as its client sees it.
    pub(crate) struct PolledRequest, columns polled_columns {
        client_id: String = "client_id",
        state: String = "state",
        expires_at: i64 = "expires_at",
    }
}

table_row! {
    /// What a person has approved.
    pub(crate) struct ApprovedRequest, columns approved_columns {
        account: Option<String> = "account_id",
        organization: Option<String> = "organization_id",
        scope: Option<String> = "granted_scope",
        token: Option<String> = "token_id",
    }
}

const POLL: &str = concat!(
    "SELECT ",
    polled_columns!(),
    " FROM device_request WHERE device_hash = $1"
);
// The one statement that ends an approved request: of several polls at the same moment, one gets the row.
const REDEEM: &str = concat!(
    "DELETE FROM device_request WHERE device_hash = $1 AND state = 'approved' RETURNING ",
    approved_columns!()
);

/// Ends an approved request, in the transaction that creates its grant.
///
/// # Errors
/// As recorded: `authorization_pending`, `access_denied`, `expired_token`, and `invalid_grant` for a code that is unknown,
/// was redeemed before, or belongs to another client.
pub(crate) async fn redeem(
    tx: &mut Tx<'_>,
    client: &RegisteredClient,
    device_code: &str,
) -> ApiResult<ApprovedRequest> {
    let hash = token::hash(device_code);
    let unknown = || invalid_grant("Unknown device_code");
    let polled: PolledRequest = tx.row(POLL, params![&hash]).await?.ok_or_else(unknown)?;
    if polled.client_id != client.id {
        return Err(invalid_grant("Client ID mismatch"));
    }
    if polled.state == "denied" {
        return Err(refused("access_denied", "User denied the authorization request"));
    }
    if polled.expires_at <= now() {
        return Err(refused("expired_token", "Device code has expired"));
    }
    if polled.state == "pending" {
        return Err(refused("authorization_pending", "User has not yet authorized"));
    }
    tx.row(REDEEM, params![&hash]).await?.ok_or_else(unknown)
}
