//! Strikes the secrets of a run out of every text that leaves the program.
//!
//! A [`Redactor`] knows the API token and every secret that the run has resolved. It finds a value in its plain form, in
//! the forms in which servers echo it (JSON, percent and HTML escapes, base64, hex), and split by white space or invisible
//! characters. This room does not know where values come from or where texts go.

mod escape;
mod pattern;
mod stream;
mod view;

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use aho_corasick::{AhoCorasick, MatchKind};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::resource::{Secret, with_visible_escapes};
pub use stream::RedactedText;
use view::{Decoding, View};
use zeroize::Zeroizing;

/// The text that replaces a secret. It has one length, so that it does not reveal the length of the value.
pub const STRUCK: &str = "***";

/// The minimum length, in bytes, of a value that is searched for. A shorter one occurs in ordinary text by chance.
const MIN_LENGTH: usize = 6;

/// Keys of records whose values are kept, because rows are found by their addresses.
const ADDRESS_KEYS: [&str; 3] = ["address", "depends_on", "steps"];

/// Whether a value is too short to be struck out without garbling ordinary text.
pub fn is_too_short(secret: &Secret) -> bool {
    pattern::stripped(secret.expose()).len() < MIN_LENGTH
}

/// A set of secret values that are struck out of text. Clones share the set, so a value that is added later is struck
/// out by all of them.
#[derive(Clone, Default)]
pub struct Redactor(Arc<RwLock<Known>>);

#[derive(Default)]
struct Known {
    /// Sorted by their texts: each write of a platform asks whether its secrets are here.
    values: Vec<Secret>,
    /// Every form of every value, sorted.
    patterns: Vec<Zeroizing<Vec<u8>>>,
    /// Finds every form of every value. `None` while there are no values.
    matcher: Option<AhoCorasick>,
}

impl Known {
    fn has(&self, secret: &Secret) -> bool {
        let found = self
            .values
            .binary_search_by(|known| known.expose().cmp(secret.expose()));
        found.is_ok()
    }

    /// Adds values that are not here yet.
    // Apart from `Redactor::add`, which is compiled for each kind of iterator.
    fn add(&mut self, new: Vec<Secret>) {
        self.values.extend(new);
        self.values.sort_by(|one, other| one.expose().cmp(other.expose()));
        self.values.dedup();
        let patterns = pattern::patterns(self.values.iter().map(Secret::expose), MIN_LENGTH);
        // The builder fails only above limits that values from files and environments cannot reach. Overlapping
        // matches, which `find` needs, exist for the standard kind only.
        self.matcher = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(patterns.iter().map(|pattern| pattern.as_slice()))
            .ok();
        self.patterns = patterns;
    }
}

/// The end of a text that may be the start of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tail {
    /// Where it begins in the text, in bytes.
    start: usize,
    /// The number of bytes of a value that it has, at most.
    length: usize,
}

impl Redactor {
    /// Adds values. Those that are [too short](is_too_short) are left out.
    pub fn add<'a>(&self, secrets: impl IntoIterator<Item = &'a Secret>) {
        // Poisoning is ignored here and in `find`: after a panic its message still has to be redacted.
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let secrets = secrets.into_iter().filter(|secret| !is_too_short(secret));
        let new: Vec<Secret> = secrets.filter(|secret| !known.has(secret)).cloned().collect();
        if !new.is_empty() {
            known.add(new);
        }
    }

    /// Returns the number of values that are known.
    pub fn count(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).values.len()
    }

    /// Returns the text with each value replaced by [`STRUCK`]. Takes time linear in the length of the text.
    pub fn text(&self, text: &str) -> String {
        self.find(text)
            .map_or_else(|| text.to_owned(), |found| strike(text, &found))
    }

    /// Strikes the values out of every string, number and key of a JSON value. Returns whether anything was found.
    pub fn json(&self, value: &mut Value) -> bool {
        self.json_except(value, &[])
    }

    /// Returns a record (a plan, an event) without the values. Addresses are kept, because rows are found by them.
    ///
    /// A record that cannot take the struck text (a number in place of a text) is returned as it is; the sinks of text
    /// strike it once more.
    pub fn record<T: Serialize + DeserializeOwned>(&self, record: T) -> T {
        self.changed_record(&record).unwrap_or(record)
    }

    /// Returns a record as [`Redactor::record`] does, or `None` where that is the record as it is.
    pub fn changed_record<T: Serialize + DeserializeOwned>(&self, record: &T) -> Option<T> {
        let mut value = serde_json::to_value(record).ok()?;
        if !self.json_except(&mut value, &ADDRESS_KEYS) {
            return None;
        }
        serde_json::from_value(value).ok()
    }

    /// Returns one line, without its line end, as it may leave the program. A line of JSON stays JSON.
    pub fn line(&self, line: &str) -> String {
        // In the raw line a match could begin in one string and end in the next, and striking it out would break the
        // JSON. The parsed strings are free of escapes as well.
        if line.starts_with('{')
            && let Ok(mut value) = serde_json::from_str::<Value>(line)
        {
            return if self.json(&mut value) {
                with_visible_escapes(value.to_string())
            } else {
                line.to_owned()
            };
        }
        self.text(line)
    }

    fn json_except(&self, value: &mut Value, kept: &[&str]) -> bool {
        match value {
            Value::String(text) => match self.find(text) {
                Some(found) => {
                    *text = strike(text, &found);
                    true
                }
                None => false,
            },
            Value::Number(number) => {
                let found = self.find(&number.to_string()).is_some();
                if found {
                    *value = Value::from(STRUCK);
                }
                found
            }
            Value::Array(items) => items
                .iter_mut()
                .fold(false, |found, item| self.json_except(item, kept) | found),
            Value::Object(map) => {
                let mut found = false;
                if map.keys().any(|key| self.find(key).is_some()) {
                    let entries = std::mem::take(map).into_iter();
                    *map = entries.map(|(key, value)| (self.text(&key), value)).collect();
                    found = true;
                }
                let values = map.iter_mut().filter(|(key, _)| !kept.contains(&key.as_str()));
                values.fold(found, |found, (_, value)| self.json_except(value, kept) | found)
            }
            Value::Null | Value::Bool(_) => false,
        }
    }

    /// Returns the ranges of the text that hold a value, sorted and not overlapping, or `None` when there are none.
    fn find(&self, text: &str) -> Option<Vec<Range<usize>>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let matcher = known.matcher.as_ref()?;
        let mut found = Vec::new();
        for decoding in Decoding::of(text) {
            // Most texts hold no secret, so the view with the costly source ranges is made only after a match.
            if matcher.is_match(&View::new(text, decoding).bytes) {
                let view = View::located(text, decoding);
                let matches = matcher.find_overlapping_iter(&view.bytes);
                add_merged(&mut found, matches.map(|found| view.range(found.range())));
            }
        }
        if found.is_empty() {
            return None;
        }
        // Source ranges already begin and end between characters. Rounding keeps a mistake in a decoder from panicking.
        for range in &mut found {
            *range = text.floor_char_boundary(range.start)..text.ceil_char_boundary(range.end);
        }
        found.sort_by_key(|range| range.start);
        let mut merged = Vec::new();
        add_merged(&mut merged, found.into_iter());
        Some(merged)
    }

    /// Returns the end of the text that may be the start of a value, which what follows could complete.
    fn tail(&self, text: &str) -> Option<Tail> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.matcher.as_ref()?;
        let of_view = |decoding| {
            let view = View::beginning(text, decoding);
            let length = known.start_at_end(&view.bytes);
            let started = (length > 0).then(|| view.range(view.bytes.len() - length..view.bytes.len()).start);
            let start = started.or(view.cut())?;
            let start = text.floor_char_boundary(start);
            Some(Tail { start, length })
        };
        let tails = Decoding::of(text).filter_map(of_view);
        tails.reduce(|one, other| Tail {
            start: one.start.min(other.start),
            length: one.length.max(other.length),
        })
    }
}

impl Known {
    /// Returns how many of the last bytes are the start of a value, without being all of it.
    fn start_at_end(&self, bytes: &[u8]) -> usize {
        let longest = self.patterns.iter().map(|pattern| pattern.len()).max().unwrap_or(0);
        let lengths = (1..longest.min(bytes.len() + 1)).rev();
        lengths
            .into_iter()
            .find(|length| {
                let end = &bytes[bytes.len() - length..];
                let next = self.patterns.partition_point(|pattern| pattern.as_slice() <= end);
                self.patterns.get(next).is_some_and(|pattern| pattern.starts_with(end))
            })
            .unwrap_or(0)
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Redactor")
    }
}

/// Adds ranges, each joined with the last one if they touch. Without that, a text full of secrets would need memory for
/// every overlapping match.
fn add_merged(merged: &mut Vec<Range<usize>>, ranges: impl Iterator<Item = Range<usize>>) {
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end && range.end >= last.start => {
                last.start = last.start.min(range.start);
                last.end = last.end.max(range.end);
            }
            _ => merged.push(range),
        }
    }
}

/// Replaces the ranges, which are sorted and do not overlap. Color sequences within them are kept, so that a color that
/// ends within a value does not extend beyond it.
fn strike(text: &str, ranges: &[Range<usize>]) -> String {
    let mut struck = String::with_capacity(text.len());
    let mut from = 0;
    for range in ranges {
        struck.push_str(&text[from..range.start]);
        struck.push_str(STRUCK);
        struck.extend(view::color_sequences(&text[range.clone()]));
        from = range.end;
    }
    struck.push_str(&text[from..]);
    struck
}
