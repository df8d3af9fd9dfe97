//! The body of a request, which may hold secrets.

use std::fmt;

use bytes::Bytes;
use serde::Serialize;
use zeroize::Zeroizing;

/// JSON or form fields that may hold secrets. All attempts of a request share the bytes; they are zeroed when the last clone is dropped,
/// and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Body {
    bytes: Bytes,
    content_type: &'static str,
}

impl Body {
    /// Creates the JSON of a value.
    pub fn json(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        // A buffer that grows leaves copies behind, so its size is measured first.
        let mut length = Length(0);
        serde_json::to_writer(&mut length, value)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(length.0));
        serde_json::to_writer(&mut *bytes, value)?;
        Ok(Self {
            bytes: Bytes::from_owner(bytes),
            content_type: "application/json",
        })
    }

    /// Creates form fields.
    pub fn form(fields: &[(&str, &str)]) -> Self {
        let longest = fields
            .iter()
            .map(|(name, value)| 3 * (name.len() + value.len()) + 2)
            .sum();
        let mut text = Zeroizing::new(String::with_capacity(longest));
        for (name, value) in fields {
            if !text.is_empty() {
                text.push('&');
            }
            encode(&mut text, name);
            text.push('=');
            encode(&mut text, value);
        }
        let bytes = Zeroizing::new(std::mem::take(&mut *text).into_bytes());
        Self {
            bytes: Bytes::from_owner(bytes),
            content_type: "application/x-www-form-urlencoded",
        }
    }

    /// Returns the value of the header `Content-Type`.
    pub fn content_type(&self) -> &'static str {
        self.content_type
    }

    /// Returns the bytes, for sending.
    pub fn bytes(&self) -> Bytes {
        self.bytes.clone()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Body")
    }
}

/// Appends a text with everything percent-encoded that could have a meaning in a path or a form.
pub(super) fn encode(encoded: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(HEX[usize::from(byte >> 4)]));
            encoded.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

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
