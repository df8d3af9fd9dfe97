//! Passes on what work sends while it runs.

use std::pin::pin;

use tokio::sync::mpsc::UnboundedReceiver;

/// Awaits the work, and passes on everything that it sends before it ends.
pub async fn relay<T, R>(work: impl Future<Output = R>, mut sent: UnboundedReceiver<T>, pass_on: impl Fn(T)) -> R {
    let mut work = pin!(work);
    // The end of the channel is not awaited: the work may leave clones of its sender behind.
    let result = loop {
        tokio::select! {
            Some(item) = sent.recv() => pass_on(item),
            result = &mut work => break result,
        }
    };
    // What was sent last may still be in the channel.
    while let Ok(item) = sent.try_recv() {
        pass_on(item);
    }
    result
}
