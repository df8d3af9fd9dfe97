//! Waiting for what another thread, task or process does. The only place of the tests that sleeps.

use std::time::{Duration, Instant};

/// The longest wait for anything.
const DEADLINE: Duration = Duration::from_secs(20);

/// The pause between two looks.
const INTERVAL: Duration = Duration::from_millis(2);

/// Calls `look` until it returns a value; fails after the deadline with the text of `describe`.
pub fn wait_for<T>(mut look: impl FnMut() -> Option<T>, describe: impl Fn() -> String) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < DEADLINE, "{}", describe());
        std::thread::sleep(INTERVAL);
    }
}

/// The same for a task, which lets the other tasks run meanwhile.
pub async fn wait_for_async<T>(mut look: impl FnMut() -> Option<T>, describe: impl Fn() -> String) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < DEADLINE, "{}", describe());
        tokio::time::sleep(INTERVAL).await;
    }
}

/// Waits this long. For what has no event that could be waited for: that nothing happens, or that a terminal must take
/// two keys for two keys. Say at the call which one it is.
pub fn settle(time: Duration) {
    std::thread::sleep(time);
}

/// The same for a task.
pub async fn settle_async(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Waits for something that has to happen.
pub async fn within<T>(happens: impl Future<Output = T>) -> T {
    let happened = tokio::time::timeout(DEADLINE, happens).await;
    happened.unwrap_or_else(|_| panic!("nothing happened in {DEADLINE:?}"))
}
