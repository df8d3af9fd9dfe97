//! `--log-file`: one line for each request, 0600, never a secret: paths hold none, and bodies are not logged.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::apply::event::{Event, EventKind};
use crate::failure::Failure;
use crate::host::Host;
use crate::remote::Attempt;

/// A log of requests; clones write to the same file.
#[derive(Clone)]
pub struct RequestLog {
    file: Arc<Mutex<File>>,
    host: Host,
}

impl RequestLog {
    /// Opens the file for appending, and makes it readable for its owner only.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(host: &Host, path: &Path) -> Result<Self, Failure> {
        let path = host.absolute(path);
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(|error| {
            Failure::failed(format!("the log file {} cannot be opened", path.display())).because(&error)
        })?;
        Ok(Self {
            file: Arc::new(Mutex::new(file)),
            host: host.clone(),
        })
    }

    /// A try of a request while reading.
    pub fn attempt(&self, attempt: &Attempt) {
        let took = attempt.took.as_millis();
        self.line(
            attempt.method.as_str(),
            &attempt.path,
            attempt.status,
            took,
            attempt.attempt,
        );
    }

    /// A try of a request while applying; other events are not requests.
    pub fn event(&self, event: &Event) {
        if let EventKind::Request {
            method,
            path,
            status,
            took_ms,
            attempt,
            ..
        } = &event.kind
        {
            self.line(method, path, *status, u128::from(*took_ms), *attempt);
        }
    }

    fn line(&self, method: &str, path: &str, status: Option<u16>, took_ms: u128, attempt: u32) {
        let status = status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // A full disk must not stop an apply.
        let _ = writeln!(
            file,
            "{} {method} {path} {status} {took_ms} ms, try {attempt}",
            self.host.now()
        );
    }
}
