//! One line on standard error that says how far a slow plan or apply has got; only on a terminal, erased at the end.

use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::host::Host;
use crate::show::progress::silence_text;

/// How long a step may take before the line appears, so that quick steps do not flicker.
const SHOWN_AFTER: Duration = Duration::from_millis(300);
/// The time between two drawings of the line.
const TICK: Duration = Duration::from_millis(200);
/// How long a step has to run before its rate means something.
const RATE_AFTER: Duration = Duration::from_secs(1);

/// The status line of a terminal. It has to be erased before anything else is printed, and comes back with the next tick.
#[derive(Clone, Default)]
pub(super) struct StatusLine(Option<Arc<Mutex<Drawn>>>);

struct Drawn {
    host: Host,
    /// The width of the terminal, in columns.
    width: usize,
    is_visible: bool,
    /// How far the current step is; `None` between steps.
    step: Option<StepCount>,
    /// The number of steps that have begun.
    begun: u64,
}

/// A step and how far it is.
#[derive(Clone, Copy)]
struct StepCount {
    /// The number of the step, from 1.
    number: u64,
    verb: &'static str,
    done: usize,
    total: usize,
    started: Timestamp,
    /// When the server was last heard.
    heard: Timestamp,
}

impl StatusLine {
    /// Returns the status line of this terminal; one that never appears where standard error is no terminal.
    pub(super) fn new(host: &Host) -> Self {
        let size = host.size.filter(|_| host.can_redraw_stderr());
        Self(size.map(|size| {
            Arc::new(Mutex::new(Drawn {
                host: host.clone(),
                width: usize::from(size.columns),
                is_visible: false,
                step: None,
                begun: 0,
            }))
        }))
    }

    /// Erases the line, if it is visible.
    pub(super) fn erase(&self) {
        if let Some(mut drawn) = self.lock() {
            drawn.draw("");
        }
    }

    /// Begins a step such as `reading`; the line shows how far it is until the returned step is dropped.
    pub(super) fn begin(&self, verb: &'static str) -> StatusStep {
        if let Some(mut drawn) = self.lock() {
            let now = drawn.host.now();
            drawn.begun += 1;
            drawn.step = Some(StepCount {
                number: drawn.begun,
                verb,
                done: 0,
                total: 0,
                started: now,
                heard: now,
            });
            // The ticker ends by itself when another step has begun or this one is over.
            let (line, number) = (self.clone(), drawn.begun);
            tokio::spawn(async move { line.tick(number).await });
        }
        StatusStep(self.clone())
    }

    /// Draws the line again and again while the step of this number lasts. The next step has a ticker of its own.
    async fn tick(&self, number: u64) {
        loop {
            tokio::time::sleep(TICK).await;
            let Some(elapsed) = self.elapsed(number) else { return };
            if elapsed >= SHOWN_AFTER {
                self.redraw();
            }
        }
    }

    /// Returns how long the step of this number has taken, or `None` when it is over.
    fn elapsed(&self, number: u64) -> Option<Duration> {
        let drawn = self.lock()?;
        let step = drawn.step.filter(|step| step.number == number)?;
        Some(drawn.since(step.started))
    }

    /// Draws the line again, if there is a step.
    fn redraw(&self) {
        if let Some(mut drawn) = self.lock()
            && let Some(step) = drawn.step
        {
            let text = progress(&step, drawn.since(step.started), drawn.since(step.heard));
            drawn.draw(&text);
        }
    }

    fn lock(&self) -> Option<MutexGuard<'_, Drawn>> {
        let drawn = self.0.as_ref()?;
        Some(drawn.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drawn {
    /// Returns the time since a moment by the host's clock. A test stops that clock, and so never sees the line.
    fn since(&self, moment: Timestamp) -> Duration {
        Duration::try_from(self.host.now() - moment).unwrap_or_default()
    }

    fn draw(&mut self, text: &str) {
        if text.is_empty() && !self.is_visible {
            return;
        }
        // A line that wraps could not be erased again.
        let fitting: String = text.chars().take(self.width.saturating_sub(1)).collect();
        // Nothing can be reported about a standard error that cannot be written to.
        let _ = write!(self.host.stderr, "\r\u{1b}[K{fitting}").and_then(|()| self.host.stderr.flush());
        self.is_visible = !fitting.is_empty();
    }
}

/// A step that the status line shows.
pub(super) struct StatusStep(StatusLine);

impl StatusStep {
    /// Sets how many things are done, and how many there are as far as is known.
    pub(super) fn set(&self, done: usize, total: usize) {
        if let Some(mut drawn) = self.0.lock() {
            let heard = drawn.host.now();
            drawn.step = drawn.step.map(|step| StepCount {
                done,
                total,
                heard,
                ..step
            });
        }
    }

    /// Notes that the server has answered, although no row or resource is done.
    pub(super) fn hear(&self) {
        if let Some(mut drawn) = self.0.lock() {
            let heard = drawn.host.now();
            drawn.step = drawn.step.map(|step| StepCount { heard, ..step });
        }
    }
}

impl Drop for StatusStep {
    fn drop(&mut self) {
        if let Some(mut drawn) = self.0.lock() {
            // Under the same lock as the drawing, so that no tick can follow the erasure.
            drawn.step = None;
            drawn.draw("");
        }
    }
}

/// Returns `reading 32 of 60`, and after a second also the rate and the time left, or how long the server is silent.
fn progress(step: &StepCount, elapsed: Duration, silent: Duration) -> String {
    let StepCount { verb, done, total, .. } = *step;
    let silent_ms = u64::try_from(silent.as_millis()).unwrap_or(u64::MAX);
    let count = match (done, total) {
        (_, 0) => format!("{verb}, {} s", elapsed.as_secs()),
        _ => format!("{verb} {done} of {total}"),
    };
    // While the server is silent, a rate would be misleading.
    if let Some(silence) = silence_text(silent_ms) {
        return format!("{count}; {silence}");
    }
    if total == 0 || elapsed < RATE_AFTER {
        return count;
    }
    if done == 0 {
        return format!("{count}, {} s", elapsed.as_secs());
    }
    let rate = done as f64 / elapsed.as_secs_f64();
    let left = total.saturating_sub(done) as f64 / rate;
    format!("{count}, {rate:.1}/s, {left:.0} s left")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(verb: &'static str, done: usize, total: usize) -> StepCount {
        StepCount {
            number: 1,
            verb,
            done,
            total,
            started: Timestamp::UNIX_EPOCH,
            heard: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn shows_a_rate_and_the_time_left_after_a_second() {
        let at = |done, total, millis| {
            let elapsed = Duration::from_millis(millis);
            progress(&step("reading", done, total), elapsed, Duration::ZERO)
        };
        assert_eq!(at(32, 60, 800), "reading 32 of 60");
        assert_eq!(at(32, 60, 2000), "reading 32 of 60, 16.0/s, 2 s left");
        assert_eq!(at(0, 1, 4000), "reading 0 of 1, 4 s");
        assert_eq!(at(0, 0, 4000), "reading, 4 s");
    }

    #[test]
    fn says_how_long_a_silent_server_is_waited_for() {
        let (elapsed, silent) = (Duration::from_secs(9), Duration::from_millis(8_500));
        assert_eq!(
            progress(&step("applying", 3, 60), elapsed, silent),
            "applying 3 of 60; no answer for 8 s, gives up after 45 s"
        );
    }

    #[tokio::test]
    async fn appears_on_a_terminal_only_and_is_erased_at_the_end() {
        let (host, captured) = Host::fake("/");
        for host in [host.clone(), host.with_terminal(16, 24, "")] {
            let line = StatusLine::new(&host);
            let step = line.begin("reading");
            step.set(1, 4);
            line.redraw();
            drop(step);
            let next = line.begin("applying");
            assert_eq!(line.elapsed(1), None, "the ticker of the first step ends");
            line.redraw();
            drop(next);
            line.redraw();
        }
        let lines = [
            "\r\u{1b}[Kreading 1 of 4",
            "\r\u{1b}[K",
            "\r\u{1b}[Kapplying, 0 s",
            "\r\u{1b}[K",
        ];
        assert_eq!(captured.stderr(), lines.concat());
    }
}
