//! What all routes share: the database, the key, the locks, the runtime, and work that outlives its request.

use std::future::Future;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{RwLock, Semaphore};

use super::clock;
pub(crate) use super::clock::now;
use super::db::Db;
use super::denial::DenialBudget;
use super::keyring::Keyring;
use super::lock::Locks;
use super::options::{AuditLimits, Limits, PlatformMode};
use super::reply::ApiError;
use super::runtime::PlatformRuntime;

/// The shared state of all routes.
pub(crate) struct App {
    pub(crate) db: Db,
    /// Opens sealed values. Transactions know the key that seals; see [`super::db::Tx::key`].
    pub(crate) keys: Arc<Keyring>,
    pub(crate) locks: Locks,
    pub(crate) runtime: Arc<dyn PlatformRuntime>,
    pub(crate) mode: PlatformMode,
    pub(crate) limits: Limits,
    pub(crate) public_url: OnceLock<String>,
    /// Held for reading by every change that is under way.
    pub(crate) working: Arc<RwLock<()>>,
    /// Bounds the memory of all request bodies together; see [`super::body`].
    pub(crate) bodies: Arc<Semaphore>,
    /// Bounds the records of denied requests.
    pub(crate) denials: DenialBudget,
    /// Bounds the audit.
    pub(crate) audit_limits: AuditLimits,
    /// The latest expiry of a token that the database remembers as passed.
    pub(crate) remembered_expiry: AtomicI64,
}

/// The state as handlers receive it.
pub(crate) type Shared = Arc<App>;

impl App {
    /// Returns the origin that clients see, without a trailing slash.
    pub(crate) fn origin(&self) -> &str {
        self.public_url.get().map_or("http://localhost", String::as_str)
    }

    /// Makes sure that a token which has expired at that time stays expired, should the clock be set back.
    pub(crate) async fn remember_expiry(&self, expired_at: i64) {
        if self.remembered_expiry.fetch_max(expired_at, Ordering::Relaxed) >= expired_at {
            return;
        }
        if let Err(error) = clock::remember(&self.db).await {
            tracing::warn!(reason = %error, "the time was not remembered");
        }
    }

    /// Runs a change to its end, even when the client disconnects or the request times out.
    pub(crate) async fn finish<T, F>(&self, work: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, ApiError>> + Send + 'static,
    {
        let working = self.working.clone().read_owned().await;
        let task = tokio::spawn(async move {
            let done = work.await;
            drop(working);
            done
        });
        task.await.unwrap_or_else(|error| Err(ApiError::internal(&error)))
    }

    /// Waits until no change is under way, for at most `timeout`.
    pub(crate) async fn wait_until_idle(&self, timeout: Duration) {
        if tokio::time::timeout(timeout, self.working.write()).await.is_err() {
            tracing::warn!("stopped while changes were still under way");
        }
    }
}

/// Formats milliseconds since 1970 as the type rows do: `2026-04-30T12:00:00.000Z`.
pub(crate) fn iso(at: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
