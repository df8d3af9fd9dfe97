//! The words of a text, as both databases index them: their own rules of what a word is differ.

/// The maximum number of bytes of words that are indexed of one text. PostgreSQL refuses an index entry of more than a
/// megabyte, and each word needs some more bytes there.
const MAX_INDEXED_BYTES: usize = 100_000;
/// The maximum number of bytes of one word. PostgreSQL leaves longer ones out.
const MAX_WORD_BYTES: usize = 2_000;
/// The maximum number of words of a question that count.
const MAX_ASKED_WORDS: usize = 32;

fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    let parts = text.split(|letter: char| !letter.is_alphanumeric());
    parts
        .filter(|word| !word.is_empty() && word.len() <= MAX_WORD_BYTES)
        .map(str::to_lowercase)
}

/// Returns the words of a text in lower case, separated by spaces.
pub(super) fn indexed(text: &str) -> String {
    let mut all = String::new();
    for word in words(text) {
        if all.len() + word.len() >= MAX_INDEXED_BYTES {
            break;
        }
        if !all.is_empty() {
            all.push(' ');
        }
        all.push_str(&word);
    }
    all
}

/// Returns the words that a question asks for, joined by the operator of a database that means any of them. `None` when it
/// has none.
pub(super) fn asked(question: &str, any_of: &str) -> Option<String> {
    let found: Vec<String> = words(question).take(MAX_ASKED_WORDS).collect();
    (!found.is_empty()).then(|| found.join(any_of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_letters_and_digits_in_lower_case() {
        assert_eq!(
            indexed("The Zephyr-renewal, closes: MÜLLER's 2026!"),
            "the zephyr renewal closes müller s 2026"
        );
        assert_eq!(
            asked("NEAR \"x\" OR y*", " OR ").as_deref(),
            Some("near OR x OR or OR y")
        );
        assert_eq!(asked("?!", " | "), None);
        assert!(indexed(&"ab ".repeat(100_000)).len() <= MAX_INDEXED_BYTES);
    }
}
