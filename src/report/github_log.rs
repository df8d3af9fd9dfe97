//! The log of a job of GitHub Actions, whose runner obeys what it finds in it.
//!
//! The runner takes `##[…]` anywhere in a line, and `::…::` behind blanks at its start, for a command to itself: to set an
//! output, to hide a text, to stop listening. Texts of files and servers are in the log too, and must not command it.

use std::io::{self, Write};

/// What of a line was written so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineStart {
    /// Nothing but blanks.
    Blank,
    /// One colon behind them.
    Colon,
    /// More.
    Past,
}

/// Writes text to a log without commands: a mark is put into each, so that it can be read and is obeyed by nobody.
#[derive(Debug)]
pub struct WithoutCommands<W> {
    writer: W,
    /// What replaces the bracket of a command.
    bracket: &'static [u8],
    start: LineStart,
    /// The number of `#` directly before, at most two.
    hashes: u8,
}

impl<W: Write> WithoutCommands<W> {
    /// Wraps the writer of a log. In JSON a command is written in another way that means the same.
    pub const fn new(writer: W, is_json: bool) -> Self {
        Self {
            writer,
            bracket: if is_json { br"\u005b" } else { b"<[>" },
            start: LineStart::Blank,
            hashes: 0,
        }
    }

    fn add(&mut self, byte: u8, text: &mut Vec<u8>) {
        let (start, hashes) = (self.start, self.hashes);
        self.hashes = if byte == b'#' { (hashes + 1).min(2) } else { 0 };
        self.start = match byte {
            b'\n' | b'\r' => LineStart::Blank,
            b':' if start == LineStart::Blank => LineStart::Colon,
            // The runner trims every character that Unicode calls white space. No other one needs to be told from these.
            0x21..=0x7e => LineStart::Past,
            _ if start == LineStart::Colon => LineStart::Past,
            _ => start,
        };
        match byte {
            b'[' if hashes == 2 => text.extend(self.bracket),
            b':' if start == LineStart::Colon => text.extend(b"<:>"),
            other => text.push(other),
        }
    }
}

impl<W: Write> Write for WithoutCommands<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut text = Vec::with_capacity(bytes.len());
        for byte in bytes {
            self.add(*byte, &mut text);
        }
        self.writer.write_all(&text).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(pieces: &[&str], is_json: bool) -> String {
        let mut log = WithoutCommands::new(Vec::new(), is_json);
        for piece in pieces {
            log.write_all(piece.as_bytes()).unwrap();
        }
        String::from_utf8(log.writer).unwrap()
    }

    #[test]
    fn breaks_commands_and_nothing_else() {
        for (text, expected) in [
            ("- x ##[set-output name=a]b\n", "- x ##<[>set-output name=a]b\n"),
            ("###[a]", "###<[>a]"),
            ("a\r \u{a0}::error::b", "a\r \u{a0}:<:>error::b"),
            ("::stop::\n::a::", ":<:>stop::\n:<:>a::"),
            ("a::b, # [c] ## [d] : :e", "a::b, # [c] ## [d] : :e"),
        ] {
            assert_eq!(logged(&[text], false), expected);
        }
        assert_eq!(logged(&["a #", "#", "[b]\n:", ":c"], false), "a ##<[>b]\n:<:>c");
        assert_eq!(logged(&[r###"{"a":"##[b]"}"###], true), r###"{"a":"##\u005bb]"}"###);
    }
}
