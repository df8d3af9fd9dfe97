//! The words of a text, as both databases index them: their own rules of what a word is differ.

use crate::server::db::{Db, DbResult, params};

/// The maximum number of bytes of words that are indexed of one text, without what each begins with. PostgreSQL refuses an index entry of more than a
/// megabyte, and each word needs some more bytes there.
const MAX_INDEXED_BYTES: usize = 100_000;
/// The maximum number of bytes of one word. PostgreSQL leaves longer ones out.
const MAX_WORD_BYTES: usize = 2_000;
/// The maximum number of words of a question that count.
const MAX_ASKED_WORDS: usize = 32;

/// What each word of an organization begins with in the index. A word of another organization is another word there, so that
/// a search reads nothing of others, however many have the word.
pub(super) struct WordPrefix(String);

impl WordPrefix {
    /// Reads the number of an organization. Not within a transaction: a database in memory has one connection.
    pub(super) async fn of(db: &Db, organization: &str) -> DbResult<Self> {
        let sql = "SELECT number FROM organization WHERE id = $1";
        let number: Option<i64> = db.value(sql, params![organization]).await?;
        Ok(Self::numbered(number.unwrap_or_default()))
    }

    // The letters keep both databases from reading a number, and the number from running into one that a word begins with.
    fn numbered(number: i64) -> Self {
        Self(format!("o{number}x"))
    }
}

fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    let parts = text.split(|letter: char| !letter.is_alphanumeric());
    parts
        .filter(|word| !word.is_empty() && word.len() <= MAX_WORD_BYTES)
        .map(str::to_lowercase)
}

/// Returns the words of a text as they are indexed, in lower case, separated by spaces.
pub(super) fn indexed(prefix: &WordPrefix, text: &str) -> String {
    let mut all = String::new();
    let mut length = 0;
    for word in words(text) {
        length += word.len() + 1;
        if length > MAX_INDEXED_BYTES {
            break;
        }
        if !all.is_empty() {
            all.push(' ');
        }
        all.push_str(&prefix.0);
        all.push_str(&word);
    }
    all
}

/// Returns the words that a question asks for, joined by the operator of a database that means any of them. `None` when it
/// has none.
pub(super) fn asked(prefix: &WordPrefix, question: &str, any_of: &str) -> Option<String> {
    let asked = words(question).map(|word| format!("{}{word}", prefix.0));
    let found: Vec<String> = asked.take(MAX_ASKED_WORDS).collect();
    (!found.is_empty()).then(|| found.join(any_of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_letters_and_digits_in_lower_case() {
        let prefix = WordPrefix::numbered(7);
        assert_eq!(
            indexed(&prefix, "The Zephyr-renewal: MÜLLER's 2026!"),
            "o7xthe o7xzephyr o7xrenewal o7xmüller o7xs o7x2026"
        );
        assert_eq!(
            asked(&prefix, "NEAR \"x\" OR y*", " OR ").as_deref(),
            Some("o7xnear OR o7xx OR o7xor OR o7xy")
        );
        assert_eq!(asked(&prefix, "?!", " | "), None);
        let long = indexed(&prefix, &"ab ".repeat(100_000));
        assert_eq!(long.split(' ').count(), MAX_INDEXED_BYTES / 3);
    }
}
