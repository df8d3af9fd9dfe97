//! The forms in which a value is searched for.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::NO_PAD;
use zeroize::Zeroizing;

use super::view;

/// The minimum length, in bytes, of a line that is searched for by itself, if the value has several lines.
const MIN_LINE: usize = 8;

/// Returns the byte strings to search for, without repetitions. Escaped forms are not among them, because texts are
/// decoded before they are searched.
pub(super) fn patterns<'a>(values: impl Iterator<Item = &'a str>, min_length: usize) -> Vec<Zeroizing<Vec<u8>>> {
    let mut patterns = Vec::new();
    for value in values {
        add(&mut patterns, value, min_length);
        // A key file is often printed line by line, each line with a prefix.
        if value.trim_end().contains('\n') {
            value.lines().for_each(|line| add(&mut patterns, line, MIN_LINE));
        }
    }
    patterns.sort_unstable_by(|left, right| left.as_slice().cmp(right.as_slice()));
    patterns.dedup();
    patterns
}

fn add(patterns: &mut Vec<Zeroizing<Vec<u8>>>, value: &str, min_length: usize) {
    let plain = stripped(value);
    if plain.len() < min_length {
        return;
    }
    // Views cannot leave out white space that is encoded, so the value is encoded with and without it.
    for bytes in [value.as_bytes(), plain.as_slice()] {
        patterns.push(hex(bytes, b"0123456789abcdef"));
        patterns.push(hex(bytes, b"0123456789ABCDEF"));
        for alphabet in [STANDARD, URL_SAFE] {
            let engine = GeneralPurpose::new(&alphabet, NO_PAD);
            let forms = (0..3).map(|alignment| base64(&engine, bytes, alignment));
            patterns.extend(forms.filter(|form| form.len() >= min_length));
        }
    }
    patterns.push(plain);
}

/// Returns a value without the characters that views leave out: white space, control and invisible characters.
pub(super) fn stripped(value: &str) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(value.len()));
    for character in value.chars().filter(|character| !view::is_ignored(*character)) {
        bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    bytes
}

fn hex(bytes: &[u8], digits: &[u8; 16]) -> Zeroizing<Vec<u8>> {
    let pairs = bytes
        .iter()
        .flat_map(|byte| [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]);
    Zeroizing::new(pairs.collect())
}

/// Returns the characters of base64 that depend on the value alone when it begins `alignment` bytes after a multiple of
/// three.
fn base64(engine: &GeneralPurpose, bytes: &[u8], alignment: usize) -> Zeroizing<Vec<u8>> {
    let mut padded = Zeroizing::new(vec![0; alignment]);
    padded.extend_from_slice(bytes);
    let text = Zeroizing::new(engine.encode(padded.as_slice()));
    // One unknown byte before the value is part of two characters, two bytes are part of three.
    let start = [0, 2, 3][alignment];
    // The last character holds bits of the next byte unless the length is a multiple of three.
    let end = text.len() - usize::from(!padded.len().is_multiple_of(3));
    Zeroizing::new(text.as_bytes().get(start..end).unwrap_or_default().to_vec())
}
