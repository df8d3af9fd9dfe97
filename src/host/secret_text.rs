//! Reading a text that holds secrets: bounded, and zeroed when it is dropped.

use std::io::{self, Read};

use zeroize::Zeroizing;

/// Reads everything of a reader, at most `limit` bytes.
///
/// # Errors
/// When it cannot be read, has more, or is not UTF-8.
pub fn read_secret_text(reader: impl Read, limit: u64) -> io::Result<Zeroizing<String>> {
    let capacity = usize::try_from(limit).map_err(io::Error::other)? + 1;
    // The whole room at once: a buffer that grows leaves copies behind. Pages that are not touched cost nothing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
    reader.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() == capacity {
        return Err(io::Error::other(format!("it has more than {limit} bytes")));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| io::Error::other("it is not UTF-8"))?;
    Ok(Zeroizing::new(text.to_owned()))
}
