//! What all routes share: the database, the key, the locks, the runtime, and work that outlives its request.

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{RwLock, Semaphore};

use super::db::Db;
use super::denial::DenialBudget;
use super::keyring::Keyring;
use super::lock::Locks;
use super::options::{Limits, PlatformMode};
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
}

/// The state as handlers receive it.
pub(crate) type Shared = Arc<App>;

impl App {
    /// Returns the origin that clients see, without a trailing slash.
    pub(crate) fn origin(&self) -> &str {
        self.public_url.get().map_or("http://localhost", String::as_str)
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

/// Returns the current time in milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}

/// Formats milliseconds since 1970 as the type rows do: `2026-04-30T12:00:00.000Z`.
pub(crate) fn iso(at: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
