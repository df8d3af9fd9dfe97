//! Writes a run as it happens: outcomes to the stream of results; retries, notes and requests to the stream of progress.

use std::io::{self, Write};

use super::ansi;
use crate::apply::event::{Event, EventKind};
use crate::show::event::{Verbosity, event_line};

/// The streams to which a run is reported, and how.
pub struct RunReport<'a> {
    /// The stream of results.
    pub out: &'a mut dyn Write,
    /// The stream of progress, warnings and errors.
    pub err: &'a mut dyn Write,
    /// Whether results are colored.
    pub color_out: bool,
    /// Whether progress is colored.
    pub color_err: bool,
    /// Which events are written.
    pub verbosity: Verbosity,
}

impl RunReport<'_> {
    /// Writes an event as text.
    ///
    /// # Errors
    /// When a stream cannot be written to.
    pub fn text(&mut self, event: &Event) -> io::Result<()> {
        let Some((_, line)) = event_line(&event.kind).filter(|(level, _)| *level <= self.verbosity) else {
            return Ok(());
        };
        // Outcomes are the result of the command; everything else happens on the way.
        if matches!(event.kind, EventKind::StepFinished { .. }) {
            ansi::write_line(self.out, &line, self.color_out)
        } else {
            ansi::write_line(self.err, &line, self.color_err)
        }
    }
}
