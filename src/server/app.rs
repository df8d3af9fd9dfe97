//! What all routes share: the database, the key, the locks, the runtime, and work that outlives its request.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{RwLock, Semaphore};

use super::attempt::AttemptBudgets;
use super::clock;
pub(crate) use super::clock::now;
use super::db::Db;
use super::denial::DenialBudget;
use super::keyring::Keyring;
use super::last_use::LastUses;
use super::lock::Locks;
use super::meta;
use super::options::{AuditLimits, Limits, PlatformMode};
use super::reply::ApiError;
use super::runtime::PlatformRuntime;

/// The shared state of all routes.
pub(crate) struct App {
    pub(crate) db: Db,
    /// Open sealed values. The key that seals comes from the transaction; see [`super::db::Tx::key`].
    pub(crate) keys: Arc<Keyring>,
    pub(crate) locks: Locks,
    pub(crate) runtime: Arc<dyn PlatformRuntime>,
    pub(crate) mode: PlatformMode,
    pub(crate) limits: Limits,
    /// The origin that clients see, without a trailing slash. Set at start, or else when the listening address is known.
    pub(crate) public_url: OnceLock<String>,
    /// Whether requests come through a proxy, which says for whom.
    pub(crate) behind_proxy: bool,
    /// Held for reading by every change that is under way, so that a server that stops can wait for all of them by taking
    /// it for writing.
    pub(crate) changes: Arc<RwLock<()>>,
    /// Bounds the memory of all request bodies together; see [`super::body`].
    pub(crate) bodies: Arc<Semaphore>,
    /// Bounds how many denied requests the audit records.
    pub(crate) denials: DenialBudget,
    /// How many events of the audit are kept, and for how long.
    pub(crate) audit_limits: AuditLimits,
    /// The latest expiry among the tokens that were refused as expired, in milliseconds since 1970.
    pub(crate) remembered_expiry: AtomicI64,
    /// When each token was used last.
    pub(crate) last_uses: LastUses,
    /// Bounds what senders without credentials may try.
    pub(crate) attempts: AttemptBudgets,
}

/// The shared state as handlers receive it.
pub(crate) type Shared = Arc<App>;

impl App {
    /// Returns the origin that clients see, without a trailing slash. A router without a listening address and without a
    /// public URL, as in tests, is `http://localhost`.
    pub(crate) fn origin(&self) -> &str {
        self.public_url.get().map_or("http://localhost", String::as_str)
    }

    /// Makes the listening address the origin that clients see, unless the options named one, and stores that origin for
    /// `login-link`, which runs beside the server.
    pub(crate) async fn announce(&self, address: SocketAddr) {
        let _ = self.public_url.set(format!("http://{address}"));
        if let Err(error) = meta::store(&self.db, meta::PUBLIC_URL, self.origin()).await {
            tracing::warn!(reason = %error, "the address of this server was not stored");
        }
    }

    /// Stores in the database that a token has expired at `expired_at`, so that it stays expired when the system's clock is
    /// set back and the server is started again.
    pub(crate) async fn remember_expiry(&self, expired_at: i64) {
        // Only a later expiry than all before is worth a write: a client may repeat a refused request any number of times.
        if self.remembered_expiry.fetch_max(expired_at, Ordering::Relaxed) >= expired_at {
            return;
        }
        // The request is refused anyway, and the upkeep writes the time every minute.
        if let Err(error) = clock::remember(&self.db).await {
            tracing::warn!(reason = %error, "the time was not remembered");
        }
    }

    /// Runs a change to its end, even when the client disconnects or the request times out: a dropped future would leave the
    /// runtime and the database in different states. A panic in it becomes an internal error.
    pub(crate) async fn run_to_completion<T, F>(&self, work: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, ApiError>> + Send + 'static,
    {
        let changes = self.changes.clone().read_owned().await;
        let task = tokio::spawn(async move {
            let result = work.await;
            drop(changes);
            result
        });
        task.await.unwrap_or_else(|error| Err(ApiError::internal(&error)))
    }

    /// Waits until no change is under way, for at most `timeout`.
    pub(crate) async fn wait_until_idle(&self, timeout: Duration) {
        if tokio::time::timeout(timeout, self.changes.write()).await.is_err() {
            tracing::warn!("stopped while changes were still under way");
        }
    }
}

/// Formats a time in milliseconds since 1970 as in `2026-04-30T12:00:00.000Z`, the form in which types and the audit answer
/// times. A time out of range becomes 1970.
pub(crate) fn iso(at: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
