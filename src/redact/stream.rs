//! Strikes secrets out of a text that is written in pieces.

use std::ops::Range;

use super::{MIN_LENGTH, Redactor, Tail, strike};

/// The maximum length of an end that is kept back or remembered, in bytes. A longer one is full of white space.
const MAX_TAIL: usize = 1 << 16;

/// A text that is written in pieces, and leaves without secrets. Only what may be the start of a secret is kept back.
pub struct RedactedText {
    redactor: Redactor,
    /// What has not left yet.
    pending: Vec<u8>,
    /// The end of what has left, if it may be the start of a secret whose rest is to be struck out.
    released: String,
}

/// Which end of a text is kept back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeptBack {
    /// The one that may be the start of a secret.
    Start,
    /// None, because nothing follows.
    Nothing,
}

impl RedactedText {
    /// Creates an empty text, to which the redactor's values are secret.
    pub fn new(redactor: Redactor) -> Self {
        Self {
            redactor,
            pending: Vec::new(),
            released: String::new(),
        }
    }

    /// Adds bytes. Returns the complete lines that may leave.
    pub fn add(&mut self, bytes: &[u8]) -> String {
        let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else {
            self.pending.extend_from_slice(bytes);
            return String::new();
        };
        self.pending.extend_from_slice(&bytes[..=end]);
        let released = self.release(KeptBack::Start);
        self.pending.extend_from_slice(&bytes[end + 1..]);
        released
    }

    /// Returns what may leave, also of a line that is not complete.
    pub fn flush(&mut self) -> String {
        self.release(KeptBack::Start)
    }

    /// Returns the rest, after which nothing follows.
    pub fn finish(&mut self) -> String {
        self.release(KeptBack::Nothing)
    }

    fn release(&mut self, kept: KeptBack) -> String {
        let pending = std::mem::take(&mut self.pending);
        let (pending, cut) = match kept {
            KeptBack::Start => pending.split_at(complete_length(&pending)),
            KeptBack::Nothing => (pending.as_slice(), [].as_slice()),
        };
        let text = String::from_utf8_lossy(pending);
        let (mut out, mut from) = (String::new(), 0);
        for range in json_lines(&text) {
            // A value does not begin before a line of JSON and end in it.
            out.push_str(&self.release_text(&text[from..range.start], KeptBack::Nothing));
            self.released.clear();
            out.push_str(&self.redactor.line(&text[range.clone()]));
            from = range.end;
        }
        out.push_str(&self.release_text(&text[from..], kept));
        self.pending.extend_from_slice(cut);
        out
    }

    /// Returns what may leave of a text, and keeps the rest.
    fn release_text(&mut self, text: &str, kept: KeptBack) -> String {
        if text.is_empty() {
            return String::new();
        }
        let from = self.released.len();
        let all = std::mem::take(&mut self.released) + text;
        let found = self.redactor.find(&all).unwrap_or_default();
        let tail = match kept {
            KeptBack::Start => self.tail(&all),
            KeptBack::Nothing => None,
        };
        let cut = tail
            .filter(|tail| is_kept_back(*tail, &all))
            .map_or(all.len(), |tail| tail.start.max(from));
        // What is struck out leaves as a whole.
        let around = found.iter().find(|range| range.start < cut && cut < range.end);
        let cut = around.map_or(cut, |range| range.end);
        // What has left cannot be taken back: only the rest of such a value is struck out.
        let ranges = found.iter().filter(|range| range.end > from && range.start < cut);
        let ranges: Vec<Range<usize>> = ranges
            .map(|range| range.start.max(from) - from..range.end - from)
            .collect();
        if let Some(tail) = tail.filter(|tail| tail.start < cut) {
            self.released.push_str(&all[tail.start..cut]);
        }
        self.pending.extend_from_slice(&all.as_bytes()[cut..]);
        strike(&all[from..cut], &ranges)
    }

    /// Returns the end of a text that may be the start of a secret. Only the last part of a long text is looked at.
    fn tail(&self, text: &str) -> Option<Tail> {
        let skipped = text.ceil_char_boundary(text.len().saturating_sub(MAX_TAIL));
        let tail = self.redactor.tail(&text[skipped..])?;
        Some(Tail {
            start: skipped + tail.start,
            ..tail
        })
    }
}

/// Whether the end of a text waits for what follows. After a line end it does only if it has enough of a value to be no
/// chance: the ends of many lines have a letter or two, and people wait for those lines.
fn is_kept_back(tail: Tail, text: &str) -> bool {
    tail.length >= MIN_LENGTH || !text[tail.start..].contains('\n')
}

/// Returns the length without a character whose last bytes are missing.
fn complete_length(bytes: &[u8]) -> usize {
    let last = bytes.utf8_chunks().last();
    let incomplete = last.map_or(0, |chunk| chunk.invalid().len());
    // Within a text, bytes that are no character stay as they are.
    let is_start =
        std::str::from_utf8(&bytes[bytes.len() - incomplete..]).is_err_and(|error| error.error_len().is_none());
    bytes.len() - if is_start { incomplete } else { 0 }
}

/// Returns the ranges of the lines, without their ends, that look like objects of JSON.
fn json_lines(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches('\n');
        if content.starts_with('{') && content.ends_with('}') {
            ranges.push(start..start + content.len());
        }
        start += line.len();
    }
    ranges
}
