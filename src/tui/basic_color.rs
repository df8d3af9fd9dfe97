//! Writes the 16 basic colors as `30` to `37` and `90` to `97`.
//!
//! Crossterm writes every palette color as `38;5;N`, which terminals with only 16 colors (the Linux console, `vt100`) do
//! not know. The two forms mean the same color everywhere else.

use std::io::{self, Write};

/// A writer that rewrites color sequences on the way to another writer. A sequence may arrive in several writes.
pub struct BasicColors<W> {
    inner: W,
    sequence: Vec<u8>,
}

/// No sequence that the screen writes is longer; what is longer is passed on as it is.
const LONGEST: usize = 64;

impl<W: Write> BasicColors<W> {
    /// Creates a writer in front of another one.
    pub fn new(inner: W) -> Self {
        Self {
            inner,
            sequence: Vec::with_capacity(LONGEST),
        }
    }

    fn take(&mut self, byte: u8) -> io::Result<()> {
        self.sequence.push(byte);
        let length = self.sequence.len();
        let is_open = match length {
            1 => byte == 0x1b,
            2 => byte == b'[',
            // Parameter and intermediate bytes of a control sequence (ECMA-48); any other byte ends it.
            _ => matches!(byte, 0x20..=0x3f) && length < LONGEST,
        };
        if is_open {
            return Ok(());
        }
        let rewritten = (byte == b'm').then(|| basic(&self.sequence)).flatten();
        self.inner.write_all(rewritten.as_deref().unwrap_or(&self.sequence))?;
        self.sequence.clear();
        Ok(())
    }
}

impl<W: Write> Write for BasicColors<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.sequence.is_empty() {
                // Text between sequences goes through in one piece.
                let plain = rest.iter().position(|byte| *byte == 0x1b).unwrap_or(rest.len());
                self.inner.write_all(&rest[..plain])?;
                rest = &rest[plain..];
            }
            if let [first, after @ ..] = rest {
                self.take(*first)?;
                rest = after;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Returns a color sequence with its basic colors in the short form, or `None` when it is not one.
fn basic(sequence: &[u8]) -> Option<Vec<u8>> {
    let parameters = std::str::from_utf8(sequence.get(2..sequence.len() - 1)?).ok()?;
    let mut parameters = parameters.split(';').peekable();
    let mut written: Vec<String> = Vec::new();
    while let Some(parameter) = parameters.next() {
        let base: u16 = match parameter {
            "38" => 30,
            "48" => 40,
            other => {
                written.push(other.to_owned());
                continue;
            }
        };
        let is_palette = parameters.peek() == Some(&"5");
        if !is_palette {
            // A color by red, green and blue: none of its four parameters may be taken for another `38` or `48`.
            written.push(parameter.to_owned());
            written.extend(parameters.by_ref().take(4).map(str::to_owned));
            continue;
        }
        parameters.next();
        match parameters.next()?.parse::<u16>().ok()? {
            index @ 0..8 => written.push((base + index).to_string()),
            index @ 8..16 => written.push((base + 60 + index - 8).to_string()),
            index => written.extend([parameter.to_owned(), "5".to_owned(), index.to_string()]),
        }
    }
    Some(format!("\x1b[{}m", written.join(";")).into_bytes())
}
