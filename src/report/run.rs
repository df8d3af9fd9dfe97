//! A run as it happens: one line for each row that ended, on the stream of the result; retries and notes on the other.

use std::io::{self, Write};

use jiff::Timestamp;

use super::{ansi, json};
use crate::apply::event::{Event, EventKind};
use crate::show::outcome::{duration, outcome_line};
use crate::show::{Line, Role};

/// Where a run is told, and how.
pub struct RunReport<'a> {
    /// Takes the result.
    pub out: &'a mut dyn Write,
    /// Takes what happens on the way.
    pub err: &'a mut dyn Write,
    /// Whether the result is coloured.
    pub colour_out: bool,
    /// Whether the rest is coloured.
    pub colour_err: bool,
    /// 0: results only, 1: retries and notes, 2: every request.
    pub verbosity: u8,
}

impl RunReport<'_> {
    /// Tells an event to people.
    ///
    /// # Errors
    /// What a writer says.
    pub fn text(&mut self, event: &Event) -> io::Result<()> {
        match &event.kind {
            EventKind::StepFinished {
                address,
                outcome,
                took_ms,
            } => ansi::write_line(self.out, &outcome_line(address, outcome, *took_ms), self.colour_out),
            kind => match aside(kind).filter(|(level, _)| *level <= self.verbosity) {
                Some((_, line)) => ansi::write_line(self.err, &line, self.colour_err),
                None => Ok(()),
            },
        }
    }

    /// Tells an event to programs.
    ///
    /// # Errors
    /// What a writer says.
    pub fn json(&mut self, event: &Event, now: Timestamp) -> io::Result<()> {
        json::write(self.out, &json::event_type(event), now, event)
    }
}

/// What is said on the way, and from which verbosity on.
fn aside(kind: &EventKind) -> Option<(u8, Line)> {
    match kind {
        EventKind::Retrying {
            address,
            attempt,
            of,
            reason,
            delay_ms,
        } => {
            let text = format!("try {attempt} of {of} in {}: {reason}", duration(*delay_ms));
            Some((
                1,
                Line::at(0)
                    .push(Role::Warning, "retrying ")
                    .push(Role::Id, address.to_string())
                    .plain(format!(": {text}")),
            ))
        }
        EventKind::Note { address, message } => Some((
            1,
            Line::at(0)
                .push(Role::Dim, "note: ")
                .push(Role::Id, address.to_string())
                .plain(format!(": {message}")),
        )),
        EventKind::Cancelling => Some((
            0,
            Line::at(0).push(
                Role::Warning,
                "stopping: no new request starts, those in flight finish; Ctrl-C again to leave at once",
            ),
        )),
        EventKind::Request {
            method,
            path,
            status,
            took_ms,
            ..
        } => {
            let status = status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
            Some((
                2,
                Line::at(0).push(Role::Dim, format!("{method} {path} {status} {}", duration(*took_ms))),
            ))
        }
        _ => None,
    }
}
