//! What every route shares: the database, the key, the locks, the runtime, and work that outlives its request.

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::RwLock;

use super::crypto::Crypto;
use super::db::Db;
use super::lock::Locks;
use super::options::{Limits, PlatformMode};
use super::reply::Failure;
use super::runtime::PlatformRuntime;

/// The state of the router.
pub(crate) struct App {
    pub(crate) db: Db,
    pub(crate) crypto: Crypto,
    pub(crate) locks: Locks,
    pub(crate) runtime: Arc<dyn PlatformRuntime>,
    pub(crate) mode: PlatformMode,
    pub(crate) limits: Limits,
    pub(crate) public_url: OnceLock<String>,
    pub(crate) working: Arc<RwLock<()>>,
}

/// How handlers hold the state.
pub(crate) type Shared = Arc<App>;

impl App {
    /// The origin that clients see, without a trailing slash.
    pub(crate) fn origin(&self) -> &str {
        self.public_url.get().map_or("http://localhost", String::as_str)
    }

    /// Runs a change to its end even when the client hangs up or the request runs out of time.
    pub(crate) async fn finish<T, F>(&self, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        let working = self.working.clone().read_owned().await;
        let task = tokio::spawn(async move {
            let done = work.await;
            drop(working);
            done
        });
        task.await.unwrap_or_else(|error| Err(Failure::internal(&error)))
    }

    /// Waits, for a while, until no change is under way.
    pub(crate) async fn idle(&self, patience: Duration) {
        if tokio::time::timeout(patience, self.working.write()).await.is_err() {
            tracing::warn!("stopped while changes were still under way");
        }
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}

/// Milliseconds since 1970 as the schema rows write them: `2026-04-30T12:00:00.000Z`.
pub(crate) fn iso(at: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
