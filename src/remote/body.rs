//! The body of a request, which may hold secrets.

use std::fmt;

use bytes::Bytes;
use serde::Serialize;
use zeroize::Zeroizing;

/// JSON that may hold secrets. All attempts of a request share the bytes; they are zeroed when the last clone is dropped,
/// and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Body(Bytes);

impl Body {
    /// Creates the JSON of a value.
    pub fn json(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        // A buffer that grows leaves copies behind, so its size is measured first.
        let mut length = Length(0);
        serde_json::to_writer(&mut length, value)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(length.0));
        serde_json::to_writer(&mut *bytes, value)?;
        Ok(Self(Bytes::from_owner(bytes)))
    }

    /// Returns the bytes, for sending.
    pub fn bytes(&self) -> Bytes {
        self.0.clone()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Body")
    }
}

struct Length(usize);

impl std::io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
