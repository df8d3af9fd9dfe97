//! A text as its reader would decode it, without white space and invisible characters, with the place of each byte.

use std::ops::Range;

use super::escape::{self, Escape};
use crate::resource::is_invisible;

/// How a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decoding {
    /// Backslash escapes of JSON and of programming languages.
    backslash: bool,
    /// `%41`.
    percent: bool,
    /// `+` as a space, as forms encode it.
    plus: bool,
    /// `&amp;`, `&#65;`.
    html: bool,
    /// How many times.
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

    /// Returns the readings that can differ for a text: the raw one, each escape by itself, and all of them mixed.
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
        // A body that is quoted in an error is escaped twice.
        let readings = [
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
        let differing = readings.into_iter().filter(|(differs, ..)| *differs);
        differing.map(|(_, reading, rounds)| Self { rounds, ..reading })
    }
}

/// The bytes of a text in one reading.
pub(super) struct View {
    /// The bytes.
    pub(super) bytes: Vec<u8>,
    /// The range of the text that each byte comes from. Costs eight times the memory of the bytes, so most views do
    /// without.
    places: Option<Vec<Place>>,
}

/// The start and the end of a byte's origin in the text, in bytes.
type Place = (u32, u32);

impl View {
    /// Decodes a text.
    pub(super) fn new(text: &str, decoding: Decoding) -> Self {
        let raw = Self {
            bytes: text.as_bytes().to_vec(),
            places: None,
        };
        raw.decoded(decoding)
    }

    /// Decodes a text, and keeps the place of each byte.
    pub(super) fn located(text: &str, decoding: Decoding) -> Self {
        let places = (0..text.len() as u32).map(|at| (at, at + 1)).collect();
        let raw = Self {
            bytes: text.as_bytes().to_vec(),
            places: Some(places),
        };
        raw.decoded(decoding)
    }

    /// Returns the range of the text that a range of the bytes comes from.
    pub(super) fn range(&self, range: Range<usize>) -> Range<usize> {
        let places = self.places.as_deref().unwrap_or_default();
        let start = places.get(range.start).map_or(0, |place| place.0 as usize);
        let end = places.get(range.end - 1).map_or(start, |place| place.1 as usize);
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
            places: self.places.as_ref().map(|places| Vec::with_capacity(places.len())),
        }
    }

    /// Adds bytes that come from this range of another view.
    fn push(&mut self, from: &Self, bytes: &[u8], range: Range<usize>) {
        self.bytes.extend_from_slice(bytes);
        if let Some(places) = &mut self.places {
            let place = from.range(range);
            let place = (place.start as u32, place.end as u32);
            places.extend(std::iter::repeat_n(place, bytes.len()));
        }
    }
}

/// Whether a character is left out of views: it can stand between the letters of a secret without being seen.
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
    // The final byte of a control sequence is one of these.
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
