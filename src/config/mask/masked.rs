//! A masked text, with the position of each byte of the original.

use std::ops::Range;

use crate::resource::is_invisible;

/// The text that replaces a covered piece of a line. It has one length, so that it does not reveal that of the piece.
const COVER: &str = "***";

/// A text in which every piece that could be secret is replaced.
#[derive(Debug, Clone, Default)]
pub struct MaskedText {
    text: String,
    /// The bytes of each replaced piece in the original and in the masked text, in order.
    pieces: Vec<(Range<usize>, Range<usize>)>,
    /// The number of bytes of the original that were read so far.
    read: usize,
}

impl MaskedText {
    /// Returns the text that may be printed. It has as many lines as the original.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the span of the masked text that shows a span of the original. A replaced piece belongs to it as a whole.
    pub fn span(&self, original: &Range<usize>) -> Range<usize> {
        let (start, end) = (self.offset(original.start, false), self.offset(original.end, true));
        start..end.max(start)
    }

    fn offset(&self, original: usize, is_end: bool) -> usize {
        let before = self.pieces.partition_point(|(from, _)| from.start <= original);
        // Between replaced pieces both texts are equal, so the last piece before an offset decides where it is.
        let Some((from, to)) = before.checked_sub(1).map(|index| &self.pieces[index]) else {
            return original.min(self.text.len());
        };
        let offset = if original >= from.end {
            to.end + (original - from.end)
        } else if is_end && original > from.start {
            to.end
        } else {
            to.start
        };
        offset.min(self.text.len())
    }

    /// Appends text that may be shown, with [harmless] characters only.
    pub(super) fn plain(&mut self, text: &str) {
        for character in text.chars() {
            let shown = harmless(character);
            if shown.len_utf8() == character.len_utf8() {
                self.text.push(shown);
                self.read += character.len_utf8();
            } else {
                self.replace(character.len_utf8(), shown.encode_utf8(&mut [0; 4]));
            }
        }
    }

    /// Appends text that must not be shown: on each line, everything between the outer blanks becomes three stars.
    pub(super) fn cover(&mut self, text: &str) {
        for line in text.split_inclusive('\n') {
            let covered = line.trim_end();
            let hidden = covered.trim_start();
            self.plain(&covered[..covered.len() - hidden.len()]);
            if !hidden.is_empty() {
                self.replace(hidden.len(), COVER);
            }
            self.plain(&line[covered.len()..]);
        }
    }

    fn replace(&mut self, original: usize, with: &str) {
        let start = self.text.len();
        self.text.push_str(with);
        self.pieces
            .push((self.read..self.read + original, start..self.text.len()));
        self.read += original;
    }
}

/// Returns the character, or a replacement if it is a control character, which a terminal obeys, or invisible.
pub fn harmless(character: char) -> char {
    match character {
        '\n' | '\t' => character,
        '\r' => ' ',
        '\u{0}'..='\u{1f}' | '\u{7f}' => '?',
        '\u{80}'..='\u{9f}' => '\u{bf}',
        hidden if is_invisible(hidden) => '\u{fffd}',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_after_a_covered_piece_follow_it() {
        let mut masked = MaskedText::default();
        masked.plain("key = \"");
        masked.cover("abcdefghij");
        masked.plain("\", b = 1\n");
        assert_eq!(masked.text(), "key = \"***\", b = 1\n");
        assert_eq!(&masked.text()[masked.span(&(20..21))], "b");
        assert_eq!(&masked.text()[masked.span(&(6..18))], "\"***\"");
        assert_eq!(&masked.text()[masked.span(&(9..12))], "***");
    }
}
