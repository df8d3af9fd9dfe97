//! Finding a typed text in a line: small letters find capital ones too, a capital letter finds only itself.

use std::ops::Range;

/// A text to find.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Needle {
    text: String,
    /// Whether small and capital letters are the same.
    folds: bool,
}

impl Needle {
    pub(super) fn new(text: &str) -> Self {
        let folds = !text.chars().any(char::is_uppercase);
        Self {
            text: text.to_owned(),
            folds,
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the parts of a text that match, as bytes, none of them within another.
    pub(super) fn find(&self, text: &str) -> Vec<Range<usize>> {
        if self.text.is_empty() {
            return Vec::new();
        }
        let ranges =
            |found: std::str::MatchIndices<'_, &str>| found.map(|(at, part)| at..at + part.len()).collect::<Vec<_>>();
        match (self.folds, text.is_ascii()) {
            (false, _) => ranges(text.match_indices(self.text.as_str())),
            (true, true) => ranges(text.to_ascii_lowercase().match_indices(self.text.as_str())),
            (true, false) => self.find_folded(text),
        }
    }

    /// Finds letters that are not ASCII. A small letter may have another length than the capital one, so positions are
    /// looked up.
    fn find_folded(&self, text: &str) -> Vec<Range<usize>> {
        let mut lower = String::with_capacity(text.len());
        // The byte of the text that each byte of the small letters comes from.
        let mut origin = Vec::with_capacity(text.len() + 1);
        for (at, letter) in text.char_indices() {
            lower.extend(letter.to_lowercase());
            origin.resize(lower.len(), at);
        }
        origin.push(text.len());
        let found = lower.match_indices(self.text.as_str());
        let ranges = found.map(|(at, part)| origin[at]..origin[at + part.len()]);
        ranges.filter(|range| !range.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'a>(needle: &str, text: &'a str) -> Vec<&'a str> {
        let ranges = Needle::new(needle).find(text);
        ranges.into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn small_letters_find_capital_ones() {
        assert_eq!(found("be", "Be kind, be brief"), ["Be", "be"]);
        assert_eq!(found("Be", "Be kind, be brief"), ["Be"]);
        assert_eq!(found("größe", "x GRÖßE Größe"), ["GRÖßE", "Größe"]);
    }

    #[test]
    fn letters_of_other_lengths_are_found_where_they_are() {
        // The small form of `İ` has two characters.
        assert_eq!(found("kind", "İİ Kind"), ["Kind"]);
        assert_eq!(found("", "anything"), [""; 0]);
    }
}
