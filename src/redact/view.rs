//! A text as its reader would decode it, without white space and invisible characters, with the source of each byte.

use std::ops::Range;

use super::escape::{self, Escape};
use crate::resource::is_invisible;

/// The escapes that are decoded in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decoding {
    /// Backslash escapes of JSON and of programming languages.
    backslash: bool,
    /// Percent escapes of URLs, such as `%41`.
    percent: bool,
    /// `+` as a space, as forms encode it.
    plus: bool,
    /// Character references of HTML, such as `&amp;` and `&#65;`.
    html: bool,
    /// The number of times that the text is decoded.
    rounds: u8,
}

impl Decoding {
    const RAW: Self = Self {
        backslash: false,
        percent: false,
        plus: false,
        html: false,
        rounds: 0,
    };

    /// Returns the decodings that can differ for a text: the raw one, each escape by itself, and all of them mixed.
    pub(super) fn of(text: &str) -> impl Iterator<Item = Self> + use<> {
        let has = |sign: u8| text.as_bytes().contains(&sign);
        let (backslash, percent, plus, html) = (has(b'\\'), has(b'%'), has(b'+'), has(b'&'));
        let any = backslash || percent || html;
        let raw = Self::RAW;
        let mixed = Self {
            backslash: true,
            percent: true,
            html: true,
            ..raw
        };
        let form = Self { percent, plus, ..raw };
        let backslashes = Self { backslash, ..raw };
        let percents = Self { percent, ..raw };
        let entities = Self { html, ..raw };
        // A body that is quoted in an error is escaped twice. Whether a decoding can differ comes first in each line.
        let decodings = [
            (true, raw, 0),
            (backslash, backslashes, 1),
            (backslash, backslashes, 2),
            (percent, percents, 1),
            (percent, percents, 2),
            (plus, form, 1),
            (html, entities, 1),
            (html, entities, 2),
            (any, mixed, 1),
            (any, mixed, 2),
            (any, mixed, 3),
        ];
        let differing = decodings.into_iter().filter(|(differs, ..)| *differs);
        differing.map(|(_, decoding, rounds)| Self { rounds, ..decoding })
    }

    /// Whether an escape that begins with this byte is decoded.
    fn reads(self, byte: u8) -> bool {
        match byte {
            b'\\' => self.backslash,
            b'%' => self.percent,
            b'&' => self.html,
            _ => false,
        }
    }
}

/// A decoded text.
pub(super) struct View {
    /// The decoded bytes, which need not be UTF-8.
    pub(super) bytes: Vec<u8>,
    /// The range of the text that each byte comes from. It takes eight times the memory of the bytes, so most views have
    /// none.
    sources: Option<Vec<SourceRange>>,
    /// Where the text may go on.
    end: End,
}

/// What is known about the end of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Nothing follows.
    Closed,
    /// More may follow. An escape that the end cuts off is left out of the view.
    Open,
    /// More may follow, and an escape that begins at this byte of the text was left out.
    Cut(u32),
}

/// The start and the end of a range of the text, in bytes. Half the size of a `Range<usize>`; no text has 4 GiB.
type SourceRange = (u32, u32);

impl View {
    /// Decodes a text, without the source of each byte.
    pub(super) fn new(text: &str, decoding: Decoding) -> Self {
        let raw = Self {
            bytes: text.as_bytes().to_vec(),
            sources: None,
            end: End::Closed,
        };
        raw.decoded(decoding)
    }

    /// Decodes a text, and keeps the source of each byte.
    pub(super) fn located(text: &str, decoding: Decoding) -> Self {
        Self::with_sources(text, End::Closed).decoded(decoding)
    }

    /// Decodes the beginning of a text whose rest is not known yet, and keeps the source of each byte.
    pub(super) fn beginning(text: &str, decoding: Decoding) -> Self {
        Self::with_sources(text, End::Open).decoded(decoding)
    }

    fn with_sources(text: &str, end: End) -> Self {
        let sources = (0..text.len() as u32).map(|at| (at, at + 1)).collect();
        Self {
            bytes: text.as_bytes().to_vec(),
            sources: Some(sources),
            end,
        }
    }

    /// Returns the byte of the text where an escape begins that the end of the text cuts off.
    pub(super) fn cut(&self) -> Option<usize> {
        match self.end {
            End::Cut(at) => Some(at as usize),
            End::Open | End::Closed => None,
        }
    }

    /// Returns the range of the text that a range of the bytes comes from. The range must not end at 0.
    pub(super) fn range(&self, range: Range<usize>) -> Range<usize> {
        let sources = self.sources.as_deref().unwrap_or_default();
        let start = sources.get(range.start).map_or(0, |source| source.0 as usize);
        let end = sources.get(range.end - 1).map_or(start, |source| source.1 as usize);
        start..end
    }

    fn decoded(mut self, decoding: Decoding) -> Self {
        for _ in 0..decoding.rounds {
            self = self.round(decoding);
        }
        self.stripped()
    }

    fn round(&self, decoding: Decoding) -> Self {
        let mut decoded = self.empty();
        let mut at = 0;
        while let Some(byte) = self.bytes.get(at) {
            let rest = &self.bytes[at..];
            let escape = match byte {
                b'\\' if decoding.backslash => escape::backslash(rest),
                b'%' if decoding.percent => escape::percent(rest),
                b'+' if decoding.plus => Some(Escape::byte(b' ', 1)),
                b'&' if decoding.html => escape::html(rest),
                _ => None,
            };
            if escape.is_none() && decoding.reads(*byte) && self.end != End::Closed && escape::may_go_on(rest) {
                decoded.end = End::Cut(self.range(at..at + 1).start as u32);
                break;
            }
            let escape = escape.unwrap_or(Escape::byte(*byte, 1));
            decoded.push(self, escape.bytes(), at..at + escape.consumed);
            at += escape.consumed;
        }
        decoded
    }

    /// Leaves out white space, control and invisible characters, marks for them, and color sequences.
    fn stripped(&self) -> Self {
        let mut stripped = self.empty();
        let mut at = 0;
        for chunk in self.bytes.utf8_chunks() {
            let valid = chunk.valid();
            let mut skip_until = 0;
            for (offset, character) in valid.char_indices() {
                if offset < skip_until {
                    continue;
                }
                let rest = &valid[offset..];
                let is_last = at + valid.len() == self.bytes.len();
                if self.end != End::Closed && is_last && is_cut_off(rest) {
                    stripped.end = End::Cut(self.range(at + offset..at + offset + 1).start as u32);
                    return stripped;
                }
                if let Some(length) = sequence_length(rest).or_else(|| mark_length(rest)) {
                    skip_until = offset + length;
                } else if !is_ignored(character) {
                    let length = character.len_utf8();
                    stripped.push(self, &rest.as_bytes()[..length], at + offset..at + offset + length);
                }
            }
            at += valid.len();
            stripped.push(self, chunk.invalid(), at..at + chunk.invalid().len());
            at += chunk.invalid().len();
        }
        stripped
    }

    fn empty(&self) -> Self {
        Self {
            bytes: Vec::with_capacity(self.bytes.len()),
            sources: self.sources.as_ref().map(|sources| Vec::with_capacity(sources.len())),
            end: self.end,
        }
    }

    /// Adds bytes that come from this range of another view.
    fn push(&mut self, from: &Self, bytes: &[u8], range: Range<usize>) {
        self.bytes.extend_from_slice(bytes);
        if let Some(sources) = &mut self.sources {
            let source = from.range(range);
            let source = (source.start as u32, source.end as u32);
            sources.extend(std::iter::repeat_n(source, bytes.len()));
        }
    }
}

/// Whether a character is left out of views, because it can split a secret without being seen.
pub(super) fn is_ignored(character: char) -> bool {
    character.is_whitespace() || character.is_control() || is_invisible(character)
}

/// Returns the color sequences of a text, in order.
pub(super) fn color_sequences(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('\u{1b}').filter_map(|(at, _)| {
        let rest = &text[at..];
        sequence_length(rest).map(|length| &rest[..length])
    })
}

/// Returns the length of the control sequence that a text starts with: `ESC [ 1 ; 31 m`.
fn sequence_length(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("\u{1b}[")?;
    let end = rest.find(|letter: char| !matches!(letter, ' '..='?'))?;
    // Only `@` to `~` end a sequence; before any other character it is incomplete, and its text stays.
    matches!(rest.as_bytes()[end], b'@'..=b'~').then_some(end + 3)
}

/// Returns the length of the mark for an invisible character that a text starts with: `<U+200B>`.
fn mark_length(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("<U+")?;
    let digits = rest.bytes().take(7).take_while(u8::is_ascii_hexdigit).count();
    let code = u32::from_str_radix(&rest[..digits], 16).ok()?;
    let closed = rest.as_bytes().get(digits) == Some(&b'>');
    (closed && is_ignored(char::from_u32(code)?)).then_some(digits + 4)
}

/// Whether a text is the beginning of a control sequence or of a mark for an invisible character.
fn is_cut_off(text: &str) -> bool {
    if let Some(sequence) = text.strip_prefix('\u{1b}') {
        let parameters = sequence.strip_prefix('[').unwrap_or(sequence);
        return parameters.chars().all(|letter| matches!(letter, ' '..='?'));
    }
    let mark = "<U+";
    mark.starts_with(text)
        || text
            .strip_prefix(mark)
            .is_some_and(|code| code.len() < 7 && code.bytes().all(|digit| digit.is_ascii_hexdigit()))
}
