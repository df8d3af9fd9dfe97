//! The output streams, which strike secrets out of everything that is written to them.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use crate::redact::{RedactedText, Redactor};
use crate::resource::Secret;

/// A clonable handle of an output stream. Secrets are struck out of the text before it is
/// written, also if they are written in pieces.
#[derive(Clone)]
pub struct Output(Arc<Mutex<RedactedStream>>);

impl Output {
    /// Creates a handle of `writer`, to which text goes through `redactor`.
    pub fn new(writer: impl Write + Send + 'static, redactor: &Redactor) -> Self {
        Self(Arc::new(Mutex::new(RedactedStream {
            writer: Box::new(writer),
            text: RedactedText::new(redactor.clone()),
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
        stream.finish()?;
        stream.writer.write_all(secret.expose().as_bytes())?;
        stream.writer.write_all(b"\n")?;
        stream.writer.flush()
    }

    /// Writes what was kept back because it may be the start of a secret. For the end of the program.
    ///
    /// # Errors
    /// When the stream cannot be written to.
    pub fn finish(&self) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).finish()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = stream.text.add(bytes);
        stream.writer.write_all(text.as_bytes()).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = stream.text.flush();
        stream.writer.write_all(text.as_bytes())?;
        stream.writer.flush()
    }
}

struct RedactedStream {
    writer: Box<dyn Write + Send>,
    text: RedactedText,
}

impl RedactedStream {
    fn finish(&mut self) -> io::Result<()> {
        let text = self.text.finish();
        self.writer.write_all(text.as_bytes())?;
        self.writer.flush()
    }
}

impl Drop for RedactedStream {
    fn drop(&mut self) {
        // Ignored: an earlier write has reported the error, and `drop` has no caller to report to.
        let _ = self.finish();
    }
}
