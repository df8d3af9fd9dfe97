//! Patterns of addresses, as in `--target`, in the review's `only` and in `lobuctl.toml`: which resources they cover.

use super::address::{Address, AddressError};
use super::suggestion::nearest;

/// A pattern of addresses, in one of the two forms that the program prints: an address
/// (`platform.triage.telegram`), or a kind and an id as a plan row shows them (`platform triage/triage-telegram`).
///
/// `*` matches any text, `?` one character, and `[0-2]` or `[abc]` one character of a class (`[!abc]` one outside it). A pattern of an agent covers the agent's settings and platforms too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    form: PatternForm,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum PatternForm {
    /// A glob over the whole address.
    Address,
    /// A kind, and a glob over what a plan row prints after it.
    Printed { kind: String, id: String },
}

/// A pattern that can cover no row of any plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Neither an address nor a pattern of one.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The text before the first dot or space is no kind of resource.
    #[error("`{text}` begins with an unknown kind: did you mean `{kind}`?")]
    Kind {
        /// The pattern as it was written.
        text: String,
        /// The kind that was probably meant.
        kind: &'static str,
    },
}

impl Pattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// When the text holds no wildcard and is no address, or begins with a misspelled kind.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let text = text.trim();
        let end = text.find(['.', ' ']).unwrap_or(text.len());
        let kind = &text[..end];
        if !has_wildcard(kind) && !Address::KINDS.contains(&kind) {
            if let Some(kind) = nearest(kind, Address::KINDS) {
                let text = text.to_owned();
                return Err(PatternError::Kind { text, kind });
            }
            text.parse::<Address>()?;
        }
        let form = match text[end..].strip_prefix(' ').map(str::trim_start) {
            Some(id) if !id.is_empty() => PatternForm::Printed {
                kind: kind.to_owned(),
                id: id.to_owned(),
            },
            _ => PatternForm::Address,
        };
        if form == PatternForm::Address && !has_wildcard(text) {
            text.parse::<Address>()?;
        }
        let text = text.to_owned();
        Ok(Self { text, form })
    }

    /// Parses patterns that were typed in one line, split at its spaces. A kind alone belongs to the word after it:
    /// `agent triage` is one pattern.
    ///
    /// # Errors
    /// The first pattern that [`Pattern::parse`] refuses.
    pub fn parse_words(words: &[&str]) -> Result<Vec<Self>, PatternError> {
        let mut patterns = Vec::new();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            let id = Address::KINDS.contains(word).then(|| rest.next()).flatten();
            patterns.push(match id {
                Some(id) => Self::parse(&format!("{word} {id}"))?,
                None => Self::parse(word)?,
            });
        }
        Ok(patterns)
    }

    /// Whether the pattern covers an address.
    pub fn covers(&self, address: &Address) -> bool {
        self.matches(address)
            || address
                .parent()
                .is_some_and(|parent| self.names_agents() && self.matches(&parent))
    }

    /// Whether the pattern may cover a resource of this kind.
    pub fn may_cover(&self, kind: &str) -> bool {
        match &self.form {
            PatternForm::Address => {
                let start = format!("{kind}.");
                let literal = self.text.find(['*', '?', '[']).unwrap_or(self.text.len());
                let literal = &self.text[..literal];
                start.starts_with(literal) || literal.starts_with(&start)
            }
            PatternForm::Printed { kind: pattern, .. } => glob(pattern, kind),
        }
    }

    /// Whether the pattern may cover the settings or a platform of this agent, whichever platforms it has.
    pub fn may_cover_parts_of(&self, agent: &str) -> bool {
        let is_own = |kind: &str, id: Option<&str>| glob(kind, "platform") && id.is_some_and(|id| glob(id, agent));
        let names_platforms = match &self.form {
            PatternForm::Address => {
                let mut parts = self.text.splitn(3, '.');
                is_own(parts.next().unwrap_or_default(), parts.next())
            }
            PatternForm::Printed { kind, id } => is_own(kind, id.split('/').next()),
        };
        names_platforms || self.matches(&Address::settings(agent))
    }

    /// Returns the pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the kind is spelled out as `agent`. `*` does not cover the settings of an agent it matches by that: they
    /// have an address of their own, which it matches anyway.
    fn names_agents(&self) -> bool {
        match &self.form {
            PatternForm::Address => self.text.starts_with("agent."),
            PatternForm::Printed { kind, .. } => kind == "agent",
        }
    }

    fn matches(&self, address: &Address) -> bool {
        match &self.form {
            // The server stores slugs of relationship types verbatim, so an address may hold `*` or `[` itself.
            PatternForm::Address => {
                let text = address.to_string();
                text == self.text || glob(&self.text, &text)
            }
            PatternForm::Printed { kind, id } => glob(kind, address.kind()) && glob(id, &address.id()),
        }
    }
}

/// Returns the one of these addresses that a text which covers none of them probably means. The text may be an address,
/// a printed row, or an id alone.
pub fn nearest_address<'a>(text: &str, addresses: impl IntoIterator<Item = &'a Address>) -> Option<&'a Address> {
    let spellings: Vec<(String, &Address)> = addresses
        .into_iter()
        .flat_map(|address| {
            let (kind, id) = (address.kind(), address.id());
            [address.to_string(), format!("{kind} {id}"), id].map(|spelling| (spelling, address))
        })
        .collect();
    let found = nearest(text.trim(), spellings.iter().map(|(spelling, _)| spelling.as_str()))?;
    spellings
        .iter()
        .find(|(spelling, _)| spelling == found)
        .map(|(_, address)| *address)
}

fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// Whether a text matches a pattern as a whole. Needs time proportional to the product of the two lengths at most: of
/// several `*`, only the last one is ever extended again.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut position) = (0, 0);
    let mut last_star: Option<(usize, usize)> = None;
    while position < text.len() {
        if pattern.get(at) == Some(&'*') {
            last_star = Some((at, position));
            at += 1;
        } else if let Some(length) = match_one(&pattern[at..], text[position]) {
            at += length;
            position += 1;
        } else if let Some((star, from)) = last_star {
            last_star = Some((star, from + 1));
            (at, position) = (star + 1, from + 1);
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|character| *character == '*')
}

/// Returns the length of the pattern's first element when it matches this character: `?`, a class, or the character
/// itself. A `[` without a `]` is an ordinary character.
fn match_one(pattern: &[char], character: char) -> Option<usize> {
    match pattern.first()? {
        '?' => Some(1),
        '[' => match pattern.iter().skip(2).position(|end| *end == ']') {
            Some(offset) => {
                let end = offset + 2;
                class_contains(&pattern[1..end], character).then_some(end + 1)
            }
            None => (character == '[').then_some(1),
        },
        literal => (*literal == character).then_some(1),
    }
}

fn class_contains(class: &[char], character: char) -> bool {
    let (negated, mut members) = match class {
        ['!', members @ ..] if !members.is_empty() => (true, members),
        members => (false, members),
    };
    let mut found = false;
    while let Some(first) = members.first() {
        let (last, length) = match members {
            [_, '-', last, ..] => (last, 3),
            _ => (first, 1),
        };
        found |= (*first..=*last).contains(&character);
        members = &members[length..];
    }
    found != negated
}
