//! The output streams, which strike secrets out of everything that is written to them.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use crate::redact::Redactor;
use crate::resource::Secret;

/// A clonable handle of an output stream. Secrets are struck out of every line before it is written.
#[derive(Clone)]
pub struct Output(Arc<Mutex<RedactedStream>>);

impl Output {
    /// Creates a handle of `writer`, to which text goes through `redactor`.
    pub fn new(writer: impl Write + Send + 'static, redactor: &Redactor) -> Self {
        Self(Arc::new(Mutex::new(RedactedStream {
            writer: Box::new(writer),
            redactor: redactor.clone(),
            pending: Vec::new(),
        })))
    }
}

impl Output {
    /// Writes a secret and a line end, without striking it out.
    ///
    /// # Errors
    /// When the stream cannot be written to.
    pub fn write_secret(&self, secret: &Secret) -> io::Result<()> {
        let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stream.write_pending()?;
        stream.writer.write_all(secret.expose().as_bytes())?;
        stream.writer.write_all(b"\n")?;
        stream.writer.flush()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stream.add(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stream.write_pending()?;
        stream.writer.flush()
    }
}

/// Holds text back until its line is complete or flushed, because a secret could be written in two pieces.
struct RedactedStream {
    writer: Box<dyn Write + Send>,
    redactor: Redactor,
    pending: Vec<u8>,
}

impl RedactedStream {
    fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else {
            self.pending.extend_from_slice(bytes);
            return Ok(());
        };
        self.pending.extend_from_slice(&bytes[..=end]);
        let written = self.write_pending();
        self.pending.extend_from_slice(&bytes[end + 1..]);
        written
    }

    fn write_pending(&mut self) -> io::Result<()> {
        // Taken first, so that a line whose writing failed is not written a second time by the next call.
        let pending = std::mem::take(&mut self.pending);
        let text = String::from_utf8_lossy(&pending);
        for line in text.split_inclusive('\n') {
            let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
            self.writer.write_all(self.redactor.line(line).as_bytes())?;
            self.writer.write_all(end.as_bytes())?;
        }
        Ok(())
    }
}

impl Drop for RedactedStream {
    fn drop(&mut self) {
        // Ignored: an earlier write has reported the error, and `drop` has no caller to report to.
        let _ = self.write_pending().and_then(|()| self.writer.flush());
    }
}
