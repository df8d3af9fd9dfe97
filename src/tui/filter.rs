//! The language of the filter: `kind:platform verb:update field:chatId restart agent-00*`.
//!
//! Every term has to hold. A term is a text, a pattern with `*` or `?`, or a name with values, of which one has to hold:
//! `kind:agent,settings`. `-` or `!` before a term turns it around, quotes keep blanks and colons: `"a b"`, `field:"x y"`.

use crate::plan::{Row, Verb};
use crate::resource::Address;

/// What was typed, as far as it can be understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ParsedFilter {
    /// The terms; all of them have to hold.
    pub(super) terms: Vec<FilterTerm>,
    /// What is wrong with the first term that is left out.
    pub(super) error: Option<FilterError>,
}

/// One condition of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FilterTerm {
    /// Whether a row must not match.
    pub(super) negated: bool,
    pub(super) condition: FilterCondition,
}

/// What a row is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FilterCondition {
    /// Whether one of its texts has these letters in this order. A word such as `restart` is true of rows that do so as well.
    Text(String, Option<RowQuality>),
    /// Whether one of its names is covered by a pattern.
    Name(Wildcard),
    /// Whether it is of one of these kinds.
    Kind(Vec<Wildcard>),
    /// Whether one of these happens to it.
    Verb(Vec<Verb>),
    /// Whether a field that differs is covered by one of these patterns, or has one of these texts in its path.
    Field(Vec<Wildcard>),
    /// Whether it is one of these agents, or belongs to one.
    Agent(Vec<Wildcard>),
    /// Whether it has one of these qualities.
    Quality(Vec<RowQuality>),
}

/// Something that may be true of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowQuality {
    /// A platform certainly restarts.
    Restart,
    /// A platform possibly restarts.
    MayRestart,
    /// It has a warning.
    Warning,
    /// The server has something that the files have not.
    Drift,
    /// Its drift is ignored.
    Ignored,
}

/// Why a term is left out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum FilterError {
    /// A name that is none of the language.
    #[error("there is no `{0}:`, but kind, verb, field, agent and is; quotes search the text")]
    Name(String),
    /// A value that the name does not have.
    #[error("not `{value}`: `{name}:` is one of {known}")]
    Value {
        /// The name.
        name: &'static str,
        /// The value that was typed.
        value: String,
        /// The values that there are.
        known: String,
    },
    /// Nothing after the colon.
    #[error("`{0}:` needs a value")]
    Empty(String),
}

/// A pattern in which `*` is any text and `?` any character. Small and capital letters are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wildcard(Vec<char>);

/// The verbs as the screen names them, and as JSON does.
const VERBS: [(&str, Verb); 6] = [
    ("create", Verb::Create),
    ("update", Verb::Update),
    ("unchanged", Verb::Noop),
    ("noop", Verb::Noop),
    ("delete", Verb::Delete),
    ("drift", Verb::Drift),
];

/// The words for what may be true of a row.
const QUALITIES: [(&str, RowQuality); 5] = [
    ("restart", RowQuality::Restart),
    ("may-restart", RowQuality::MayRestart),
    ("warning", RowQuality::Warning),
    ("drift", RowQuality::Drift),
    ("ignored", RowQuality::Ignored),
];

/// Reads a filter. A term that is wrong is left out, so that the others hold while it is being typed.
pub(super) fn parse(text: &str) -> ParsedFilter {
    let mut parsed = ParsedFilter::default();
    for word in words(text) {
        match term(&word) {
            Ok(Some(term)) => parsed.terms.push(term),
            Ok(None) => {}
            Err(error) => parsed.error = parsed.error.or(Some(error)),
        }
    }
    parsed
}

/// A word, with the place of its first colon outside quotes.
#[derive(Debug, Default)]
struct FilterWord {
    text: String,
    colon: Option<usize>,
    /// Whether the word begins with a quote, so that no sign in it means anything.
    is_quoted: bool,
}

/// Splits a text at blanks outside quotes. A quote that is not closed yet reaches to the end.
fn words(text: &str) -> Vec<FilterWord> {
    let mut words = Vec::new();
    let mut word: Option<FilterWord> = None;
    let mut in_quotes = false;
    for letter in text.chars() {
        match letter {
            '"' => {
                in_quotes = !in_quotes;
                let word = word.get_or_insert_default();
                word.is_quoted |= word.text.is_empty();
            }
            blank if blank.is_whitespace() && !in_quotes => words.extend(word.take()),
            letter => {
                let word = word.get_or_insert_default();
                if letter == ':' && !in_quotes && word.colon.is_none() {
                    word.colon = Some(word.text.len());
                }
                word.text.push(letter);
            }
        }
    }
    words.extend(word);
    words
}

/// Reads a term. Returns `None` for a sign alone, behind which a word is about to be typed.
fn term(word: &FilterWord) -> Result<Option<FilterTerm>, FilterError> {
    let negated = !word.is_quoted && word.text.starts_with(['-', '!']);
    let text = &word.text[usize::from(negated)..];
    if text.is_empty() {
        return Ok(None);
    }
    let colon = word.colon.map(|colon| colon - usize::from(negated));
    let condition = match colon.filter(|_| !word.is_quoted) {
        Some(colon) => named(&text[..colon], &text[colon + 1..])?,
        None if text.contains(['*', '?']) && !word.is_quoted => FilterCondition::Name(Wildcard::new(text)),
        None => FilterCondition::Text(text.to_owned(), known(&QUALITIES, text)),
    };
    Ok(Some(FilterTerm { negated, condition }))
}

fn named(name: &str, values: &str) -> Result<FilterCondition, FilterError> {
    let values: Vec<&str> = values.split(',').filter(|value| !value.is_empty()).collect();
    if values.is_empty() && ["kind", "verb", "field", "agent", "is"].contains(&name) {
        return Err(FilterError::Empty(name.to_owned()));
    }
    let wildcards = || values.iter().map(|value| Wildcard::new(value)).collect::<Vec<_>>();
    match name {
        "kind" => {
            let is_known = |value: &&&str| Address::KINDS.iter().any(|kind| Wildcard::new(value).covers(kind));
            let unknown = values.iter().find(|value| !is_known(value));
            match unknown {
                Some(value) => Err(wrong("kind", value, &Address::KINDS)),
                None => Ok(FilterCondition::Kind(wildcards())),
            }
        }
        "verb" => each(&values, verb).map(FilterCondition::Verb),
        "field" => Ok(FilterCondition::Field(wildcards())),
        "agent" => Ok(FilterCondition::Agent(wildcards())),
        "is" => each(&values, quality).map(FilterCondition::Quality),
        other => Err(FilterError::Name(other.to_owned())),
    }
}

fn each<T>(values: &[&str], read: fn(&str) -> Result<T, FilterError>) -> Result<Vec<T>, FilterError> {
    values.iter().map(|value| read(value)).collect()
}

fn verb(value: &str) -> Result<Verb, FilterError> {
    known(&VERBS, value).ok_or_else(|| wrong("verb", value, &VERBS.map(|(name, _)| name)))
}

fn quality(value: &str) -> Result<RowQuality, FilterError> {
    known(&QUALITIES, value).ok_or_else(|| wrong("is", value, &QUALITIES.map(|(name, _)| name)))
}

fn known<T: Copy>(table: &[(&str, T)], word: &str) -> Option<T> {
    let entry = table.iter().find(|(name, _)| *name == word)?;
    Some(entry.1)
}

fn wrong(name: &'static str, value: &str, known: &[&str]) -> FilterError {
    FilterError::Value {
        name,
        value: value.to_owned(),
        known: known.join(", "),
    }
}

impl FilterCondition {
    /// Whether a row meets the condition. A text is only looked for among the qualities of the row.
    pub(super) fn holds(&self, row: &Row, names: impl FnOnce() -> [String; 3]) -> bool {
        let covers = |patterns: &[Wildcard], text: &str| patterns.iter().any(|pattern| pattern.covers(text));
        match self {
            Self::Text(_, quality) => quality.is_some_and(|quality| quality.is_true_of(row)),
            Self::Name(pattern) => names().iter().any(|name| pattern.covers(name)),
            Self::Kind(kinds) => covers(kinds, row.address.kind()),
            Self::Verb(verbs) => verbs.contains(&row.verb),
            Self::Field(fields) => row.changes.iter().any(|change| {
                let path = change.path.to_string();
                fields
                    .iter()
                    .any(|field| field.covers(&path) || field.is_part_of(&path))
            }),
            Self::Agent(agents) => {
                let owner = row.address.parent().unwrap_or_else(|| row.address.clone());
                matches!(&owner, Address::Agent { id } if covers(agents, id))
            }
            Self::Quality(qualities) => qualities.iter().any(|quality| quality.is_true_of(row)),
        }
    }
}

impl RowQuality {
    fn is_true_of(self, row: &Row) -> bool {
        match self {
            Self::Restart => row.restarts(),
            Self::MayRestart => row.may_restart(),
            Self::Warning => !row.warnings.is_empty(),
            Self::Drift => row.has_drift(),
            Self::Ignored => row.has_ignored_drift(),
        }
    }
}

impl Wildcard {
    fn new(text: &str) -> Self {
        Self(text.to_lowercase().chars().collect())
    }

    /// Whether it covers the whole of a text.
    fn covers(&self, text: &str) -> bool {
        let text: Vec<char> = text.to_lowercase().chars().collect();
        let (mut at, mut read) = (0, 0);
        // Where the last `*` is, and up to where it has read the text so far.
        let mut star: Option<(usize, usize)> = None;
        while read < text.len() {
            match (self.0.get(at), star) {
                (Some('*'), _) => {
                    star = Some((at, read));
                    at += 1;
                }
                (Some(letter), _) if *letter == '?' || *letter == text[read] => {
                    at += 1;
                    read += 1;
                }
                (_, Some((back, taken))) => {
                    star = Some((back, taken + 1));
                    (at, read) = (back + 1, taken + 1);
                }
                _ => return false,
            }
        }
        self.0[at..].iter().all(|letter| *letter == '*')
    }

    /// Whether its letters are somewhere in a text.
    fn is_part_of(&self, text: &str) -> bool {
        text.to_lowercase().contains(&self.0.iter().collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions(text: &str) -> Vec<(bool, FilterCondition)> {
        let parsed = parse(text);
        assert_eq!(parsed.error, None, "{text}");
        parsed
            .terms
            .into_iter()
            .map(|term| (term.negated, term.condition))
            .collect()
    }

    fn error(text: &str) -> String {
        parse(text).error.map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn reads_names_patterns_and_texts() {
        let found = conditions("kind:platform verb:update,create field:chatId restart agent-00* tele");
        let expected = vec![
            (false, FilterCondition::Kind(vec![Wildcard::new("platform")])),
            (false, FilterCondition::Verb(vec![Verb::Update, Verb::Create])),
            (false, FilterCondition::Field(vec![Wildcard::new("chatid")])),
            (
                false,
                FilterCondition::Text("restart".to_owned(), Some(RowQuality::Restart)),
            ),
            (false, FilterCondition::Name(Wildcard::new("agent-00*"))),
            (false, FilterCondition::Text("tele".to_owned(), None)),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn signs_turn_a_term_around_and_quotes_keep_everything() {
        assert!(conditions("-kind:agent")[0].0);
        assert_eq!(
            conditions("!tele")[0],
            (true, FilterCondition::Text("tele".to_owned(), None))
        );
        let quoted = |text: &str| FilterCondition::Text(text.to_owned(), None);
        assert_eq!(conditions("\"-a b:c*\""), [(false, quoted("-a b:c*"))]);
        assert_eq!(conditions("-\"a b\""), [(true, quoted("a b"))]);
        assert_eq!(conditions("\"still open"), [(false, quoted("still open"))]);
        let field = FilterCondition::Field(vec![Wildcard::new("a b")]);
        assert_eq!(conditions("field:\"a b\""), [(false, field)]);
        assert!(conditions(" - ! ").is_empty());
    }

    #[test]
    fn says_what_is_wrong_and_keeps_the_rest() {
        assert_eq!(
            error("verb:updat"),
            "not `updat`: `verb:` is one of create, update, unchanged, noop, delete, drift"
        );
        assert!(
            error("kind:platfrm").contains("one of agent, "),
            "{}",
            error("kind:platfrm")
        );
        assert!(
            error("is:late").contains("restart, may-restart"),
            "{}",
            error("is:late")
        );
        assert_eq!(error("kind:"), "`kind:` needs a value");
        assert!(error("colour:red").contains("there is no `colour:`"));
        assert_eq!(parse("colour:red tele verb:create").terms.len(), 2);
    }

    #[test]
    fn a_star_is_any_text_and_a_question_mark_one_character() {
        let covers = |pattern: &str, text: &str| Wildcard::new(pattern).covers(text);
        assert!(covers("agent-00*", "agent-0012") && covers("*", "") && covers("a?c", "aBc"));
        assert!(covers("*a*b", "xxaybzb") && !covers("*a*b", "xxaybz"));
        assert!(!covers("agent", "agent-1") && !covers("a?", "a"));
    }
}
