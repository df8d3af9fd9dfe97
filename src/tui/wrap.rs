//! Breaks lines at a width, between words where possible. Only positions are computed, so that a megabyte of text is not
//! copied.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::show::{Line, Role};

/// A part of a line's text that fits on one row of the screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cut {
    /// The first byte in the line's text.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
    /// Blank columns before it.
    pub indent: usize,
}

/// The number of columns by which continuation rows are indented further.
const HANG: usize = 2;

/// Returns where a line breaks at this width, in columns. An empty line has one empty cut.
pub fn cuts(line: &Line, width: usize) -> Vec<Cut> {
    // Half of the row is kept for text, however deep the line is indented.
    let indent = line.indent.min(width / 2);
    let text: usize = line.spans.iter().map(|span| span.text.len()).sum();
    // No character takes more columns than bytes, so that most lines need no measuring.
    if text + indent <= width {
        return vec![Cut {
            start: 0,
            end: text,
            indent,
        }];
    }
    let mut breaker = Breaker::new(indent, width);
    for span in &line.spans {
        breaker.feed(&span.text);
    }
    breaker.finish()
}

/// Returns the pieces of a line within a cut.
pub fn pieces(line: &Line, cut: Cut) -> impl Iterator<Item = (Role, &str)> {
    let mut offset = 0;
    line.spans.iter().filter_map(move |span| {
        let from = offset;
        offset += span.text.len();
        let start = cut.start.clamp(from, offset) - from;
        let end = cut.end.clamp(from, offset) - from;
        (start < end).then(|| (span.role, &span.text[start..end]))
    })
}

/// Returns the number of columns of a text.
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// Returns as much of a text as fits into these columns. A text that is cut ends with an ellipsis, which is counted.
pub fn fit(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 0;
    for piece in text.graphemes(true) {
        used += width(piece);
        if used + 1 > columns {
            break;
        }
        kept.push_str(piece);
    }
    if columns > 0 {
        kept.push('…');
    }
    kept
}

/// Breaks a line whose text arrives in pieces. Offsets are bytes of the line's text, widths are columns.
struct Breaker {
    cuts: Vec<Cut>,
    /// The indent of the current row.
    indent: usize,
    width: usize,
    /// Where the current row starts.
    start: usize,
    /// Where the text ends that has been fed so far.
    offset: usize,
    /// The width of the current row, without its indent.
    used: usize,
    /// The end of the last blank of the current row, and the width up to it.
    blank: Option<(usize, usize)>,
}

impl Breaker {
    fn new(indent: usize, width: usize) -> Self {
        Self {
            cuts: Vec::new(),
            indent,
            width: width.max(1),
            start: 0,
            offset: 0,
            used: 0,
            blank: None,
        }
    }

    fn feed(&mut self, text: &str) {
        if text.is_ascii() {
            text.bytes().for_each(|byte| self.step(1, 1, byte == b' '));
        } else {
            text.graphemes(true)
                .for_each(|piece| self.step(piece.len(), width(piece), piece == " "));
        }
    }

    fn step(&mut self, bytes: usize, columns: usize, blank: bool) {
        // A character that is wider than a row is put on one of its own.
        if self.used + columns > self.room() && self.offset > self.start {
            self.cut();
        }
        self.offset += bytes;
        self.used += columns;
        if blank {
            self.blank = Some((self.offset, self.used));
        }
    }

    fn room(&self) -> usize {
        (self.width - self.indent.min(self.width - 1)).max(1)
    }

    /// Ends a row at the last blank, or right here when the word is longer than half a row.
    fn cut(&mut self) {
        let (end, used) = match self.blank {
            Some((end, used)) if used * 2 > self.room() => (end, used),
            _ => (self.offset, self.used),
        };
        self.cuts.push(Cut {
            start: self.start,
            end,
            indent: self.indent,
        });
        // In a narrow column a deeper indent would leave too little room for text.
        if self.cuts.len() == 1 && self.width > self.indent + HANG * 4 {
            self.indent += HANG;
        }
        self.start = end;
        self.used -= used;
        self.blank = None;
    }

    fn finish(mut self) -> Vec<Cut> {
        self.cuts.push(Cut {
            start: self.start,
            end: self.offset,
            indent: self.indent,
        });
        self.cuts
    }
}
