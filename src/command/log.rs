//! The log of requests: one line for each, never a secret, because paths hold none and bodies are not logged.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::status::StatusLine;
use crate::apply::event::{Event, EventKind};
use crate::failure::Failure;
use crate::host::Host;
use crate::private_file::{Existing, open_private};
use crate::remote::Attempt;

/// A log of requests to the file of `--log-file`, and with `-vv` to standard error. Clones share the file.
#[derive(Clone)]
pub(super) struct RequestLog {
    file: Option<Arc<Mutex<File>>>,
    /// Requests of an apply are printed by its report, so that only readings are printed here.
    prints_readings: Option<StatusLine>,
    host: Host,
}

impl RequestLog {
    /// Opens the log; `prints_readings` also prints the requests of a reading to standard error.
    ///
    /// # Errors
    /// When the file cannot be opened, or other users can read it and that cannot be changed.
    pub(super) fn open(host: &Host, path: Option<&Path>, prints_readings: Option<StatusLine>) -> Result<Self, Failure> {
        let file = path.map(|path| open_log(&host.absolute(path))).transpose()?;
        Ok(Self {
            file: file.map(|file| Arc::new(Mutex::new(file))),
            prints_readings,
            host: host.clone(),
        })
    }

    /// Logs one attempt of a request that reads.
    pub(super) fn attempt(&self, attempt: &Attempt) {
        let line = line(
            attempt.method.as_str(),
            &attempt.path,
            attempt.status,
            attempt.took.as_millis(),
            attempt.attempt,
        );
        if let Some(status) = &self.prints_readings {
            status.erase();
            // Nothing can be reported about a standard error that cannot be written to.
            let _ = writeln!(self.host.stderr.clone(), "{line}");
        }
        self.append(&line);
    }

    /// Logs the requests among the events of a run.
    pub(super) fn event(&self, event: &Event) {
        if let EventKind::Request {
            method,
            path,
            status,
            took_ms,
            attempt,
            ..
        } = &event.kind
        {
            self.append(&line(method, path, *status, u128::from(*took_ms), *attempt));
        }
    }

    fn append(&self, line: &str) {
        let Some(file) = &self.file else { return };
        let line = self.host.redactor.text(line);
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        // A full disk must not stop an apply.
        let _ = writeln!(file, "{} {line}", self.host.now());
    }
}

fn line(method: &str, path: &str, status: Option<u16>, took_ms: u128, attempt: u32) -> String {
    let status = status.map_or_else(|| "no response".to_owned(), |status| status.to_string());
    format!("{method} {path} {status} {took_ms} ms, attempt {attempt}")
}

fn open_log(path: &Path) -> Result<File, Failure> {
    let opened = open_private(path, Existing::Append);
    opened.map_err(|error| Failure::failed(format!("cannot use the log file {}", path.display())).because(&error))
}
