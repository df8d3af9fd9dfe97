//! Looking for a word letter by letter: its letters are in the text in this order, not necessarily side by side.

use nucleo_matcher::pattern::{Atom, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// A word that texts are searched for. A capital letter in it asks for capital letters; `^`, `$` and `'` ask for the start of
/// a text, its end, and for letters side by side. No letter may be missing: rows that do not match at all are more confusing
/// than an empty list.
pub(super) struct LetterSearch {
    word: Atom,
    matcher: Matcher,
    /// The letters of a text that is not ASCII.
    letters: Vec<char>,
}

impl LetterSearch {
    pub(super) fn new(word: &str) -> Self {
        Self {
            word: Atom::parse(word, CaseMatching::Smart, Normalization::Smart),
            matcher: Matcher::new(Config::DEFAULT),
            letters: Vec::new(),
        }
    }

    /// Returns how well a text matches, at least 1. `None` when it does not.
    pub(super) fn score(&mut self, text: &str) -> Option<u32> {
        let text = Utf32Str::new(text, &mut self.letters);
        let score = self.word.score(text, &mut self.matcher)?;
        Some(u32::from(score).max(1))
    }

    /// Returns which graphemes of a text match. Empty when it does not.
    pub(super) fn positions(&mut self, text: &str) -> Vec<u32> {
        let text = Utf32Str::new(text, &mut self.letters);
        let mut positions = Vec::new();
        let _ = self.word.indices(text, &mut self.matcher, &mut positions);
        positions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_found_in_their_order_and_named_by_grapheme() {
        let mut search = LetterSearch::new("tlg");
        assert_eq!(search.positions("Größe e\u{301} telegram"), [8, 10, 12]);
        assert!(search.score("telegram").is_some());
        assert_eq!(search.score("glt"), None);
        assert!(search.positions("glt").is_empty());
    }

    #[test]
    fn a_capital_letter_asks_for_capital_letters() {
        assert!(LetterSearch::new("soul").score("SOUL.md").is_some());
        assert_eq!(LetterSearch::new("SOUL").score("soul.md"), None);
    }
}
