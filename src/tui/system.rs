//! Signals on Unix: those that the loop handles, and how the process stops for Ctrl-Z.

use futures_util::stream::BoxStream;

use super::terminal_host::Input;

#[cfg(unix)]
mod unix {
    use std::time::Duration;

    use futures_util::stream::{self, BoxStream, StreamExt};
    use rustix::process::{Signal, kill_current_process_group};
    use tokio::signal::unix::{SignalKind, signal};

    use super::Input;

    pub(super) fn signals() -> Vec<BoxStream<'static, Input>> {
        let known = [
            (SignalKind::interrupt(), Input::Interrupt),
            (SignalKind::terminate(), Input::Terminate),
            (SignalKind::hangup(), Input::Terminate),
            (continued(), Input::Continued),
        ];
        known
            .into_iter()
            .filter_map(|(kind, input)| listen(kind, input))
            .collect()
    }

    fn continued() -> SignalKind {
        SignalKind::from_raw(Signal::CONT.as_raw())
    }

    fn listen(kind: SignalKind, input: Input) -> Option<BoxStream<'static, Input>> {
        let listener = signal(kind).ok()?;
        let next = |(mut listener, input): (tokio::signal::unix::Signal, Input)| async move {
            listener.recv().await?;
            Some((input.clone(), (listener, input)))
        };
        Some(stream::unfold((listener, input), next).boxed())
    }

    pub(super) async fn stop() {
        // Listening begins before the stop, or the signal that continues the process could be missed.
        let listener = signal(continued());
        let stopped = kill_current_process_group(Signal::TSTP);
        if let (Ok(mut listener), Ok(())) = (listener, stopped) {
            // A process without a job-controlling shell is not stopped at all: go on after a moment.
            let _ = tokio::time::timeout(Duration::from_millis(300), listener.recv()).await;
        }
    }
}

/// Returns the signals that the loop handles, one stream for each.
pub(super) fn signals() -> Vec<BoxStream<'static, Input>> {
    #[cfg(unix)]
    return unix::signals();
    #[cfg(not(unix))]
    Vec::new()
}

/// Stops the process, with its whole job, until it is continued.
pub(super) async fn stop() {
    #[cfg(unix)]
    unix::stop().await;
}
