//! Masks `lobu.toml`: only values of keys that are known to be harmless are shown.
//!
//! The text is read token by token, with just enough state to know which key a value belongs to. In a file with broken
//! syntax that is not certain, so less is shown there.

use super::masked::MaskedText;
use crate::config::literal::token_kind;
use crate::config::reference;
use crate::config::suggestion::nearest;
use crate::resource::is_secret_key;

/// The keys whose values may be shown. All other values are covered.
const SHOWN_KEYS: [&str; 41] = [
    "name",
    "description",
    "dir",
    "id",
    "model",
    "type",
    "enabled",
    "org",
    "organization_id",
    "visibility",
    "models",
    "data",
    "allowed",
    "denied",
    "judge",
    "domain",
    "judge_model",
    "pre_approved",
    "strict",
    "guardrails",
    "nix_packages",
    "auth_scope",
    "scopes",
    "token_endpoint_auth_method",
    "agents",
    "memory",
    "worker",
    "tools",
    "providers",
    "platforms",
    "network",
    "egress",
    "skills",
    "mcp",
    "owletto",
    // The keys of `lobuctl.toml`.
    "drift",
    "ignore",
    "address",
    "field",
    "reason",
    "until",
];

/// The tables whose values are never shown, under any key: their keys are chosen by the user.
const COVERED_TABLES: [&str; 4] = ["config", "env", "headers", "oauth"];

/// The known keys whose values are never shown. They are listed so that a misspelling of one of them is not taken for a
/// misspelling of a shown key.
const COVERED_KEYS: [&str; 8] = [
    "key",
    "secret_ref",
    "url",
    "command",
    "args",
    "client_id",
    "client_secret",
    "judges",
];

/// The maximum number of unknown keys that are compared with the known ones, because a comparison is slow. The values of
/// further unknown keys are covered.
const MAX_SEARCHES: usize = 200;

/// Masks `lobu.toml`: comments, texts in three quotes, and values under keys that are not known to be harmless.
pub(in crate::config) fn mask(text: &str) -> MaskedText {
    let is_broken = toml::de::DeTable::parse(text).is_err();
    Masker::run(text, is_broken).output
}

/// Returns the first line end within a table in braces of a valid `lobu.toml`. TOML 1.0 does not allow one there.
pub(in crate::config) fn newer_syntax(text: &str) -> Option<usize> {
    Masker::run(text, false).newer_syntax
}

struct Masker {
    /// Whether the syntax is broken, so that it is not certain which key a value belongs to.
    is_broken: bool,
    output: MaskedText,
    /// Whether three quotes were read in a file with broken syntax. From there on, strings and the text between them may
    /// be exchanged.
    quotes_unreliable: bool,
    /// The number of bytes that were read.
    position: usize,
    /// Whether the current header names one of [`COVERED_TABLES`].
    in_covered_table: bool,
    /// Whether values under the current key may be shown. `None` where a key is expected.
    allows_value: Option<bool>,
    /// For each open bracket, whether it is a brace, and `allows_value` outside of it.
    brackets: Vec<(bool, Option<bool>)>,
    /// The first line end within braces.
    newer_syntax: Option<usize>,
    /// The number of unknown keys that were compared with the known ones.
    searches: usize,
}

impl Masker {
    /// Reads a text from start to end.
    fn run(text: &str, is_broken: bool) -> Self {
        let mut masker = Self {
            is_broken,
            output: MaskedText::default(),
            quotes_unreliable: false,
            position: 0,
            in_covered_table: false,
            allows_value: None,
            brackets: Vec::new(),
            newer_syntax: None,
            searches: 0,
        };
        while let Some(rest) = text.get(masker.position..).filter(|rest| !rest.is_empty()) {
            masker.position += masker.token(rest);
        }
        masker
    }

    /// Copies or covers one token, and returns its length in bytes.
    fn token(&mut self, rest: &str) -> usize {
        let first = rest.chars().next().unwrap_or(' ');
        match first {
            '#' => self.emit(line(rest), false),
            '\n' => {
                match self.brackets.last() {
                    // A statement ends with its line unless a bracket is open.
                    None => self.allows_value = None,
                    Some((true, _)) => self.newer_syntax = self.newer_syntax.or(Some(self.position)),
                    Some(_) => {}
                }
                self.emit("\n", true)
            }
            '[' if self.allows_value.is_none() && self.brackets.is_empty() => self.header(line(rest)),
            '[' | '{' => self.open_bracket(first),
            ']' | '}' => {
                self.allows_value = self.brackets.pop().map_or(self.allows_value, |(_, outside)| outside);
                self.end_value();
                self.emit(&rest[..1], true)
            }
            // In a table in braces the next entry begins; in a list the key stays the same.
            ',' => {
                if self.brackets.last().is_some_and(|(brace, _)| *brace) {
                    self.allows_value = None;
                }
                self.emit(",", true)
            }
            '=' | ' ' | '\t' | '\r' => self.emit(&rest[..1], true),
            '"' | '\'' => self.string(rest, first),
            _ => self.bare_text(rest),
        }
    }

    fn emit(&mut self, text: &str, shown: bool) -> usize {
        if shown {
            self.output.plain(text);
        } else {
            self.output.cover(text);
        }
        text.len()
    }

    /// Reads the rest of a line as a table's header. In a broken file it may be the start of a list of values, so only the
    /// part that is certainly a header is shown.
    fn header(&mut self, line: &str) -> usize {
        let plain = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
        let inner = line.trim_start_matches('[');
        let rest = inner.trim_start_matches(plain);
        let is_certain = rest.starts_with(']') || inner.starts_with("agents.") || inner.starts_with("memory");
        let shown = match (self.is_broken, is_certain) {
            (false, _) => line.find('#').unwrap_or(line.len()),
            (true, true) => line.len() - rest.trim_start_matches(']').len(),
            (true, false) => line.len() - inner.len(),
        };
        let names = line[..shown].split(['.', '[', ']', ' ']);
        self.in_covered_table = names.into_iter().any(|name| COVERED_TABLES.contains(&name));
        self.emit(&line[..shown], true) + self.emit(&line[shown..], false)
    }

    fn open_bracket(&mut self, bracket: char) -> usize {
        let brace = bracket == '{';
        self.brackets.push((brace, self.allows_value));
        // A table in braces begins with a key; the items of a list belong to the key before it.
        if brace {
            self.allows_value = None;
        }
        self.emit(if brace { "{" } else { "[" }, true)
    }

    /// Reads a string in quotes, which is a key or a value.
    fn string(&mut self, rest: &str, quote: char) -> usize {
        let triple = if quote == '"' { "\"\"\"" } else { "'''" };
        // Long texts can contain anything, so they are covered under every key.
        if let Some(body) = rest.strip_prefix(triple) {
            let length = body.find(triple).map_or(rest.len(), |end| end + 6);
            self.quotes_unreliable = self.is_broken;
            return self.emit(&rest[..length], false);
        }
        let length = string_length(rest, quote);
        let text = &rest[..length];
        if is_key(&rest[length..]) {
            return self.key(text);
        }
        let inner = text.trim_matches(quote);
        let reference = reference::name(inner).is_some();
        // A token under a harmless key is there by mistake, and must not be shown either.
        let shown = reference || (self.shows_value() && token_kind(inner).is_none());
        self.end_value();
        if shown || text.len() < 2 {
            return self.emit(text, shown);
        }
        let end = if text.ends_with(quote) {
            text.len() - 1
        } else {
            text.len()
        };
        self.emit(&text[..1], true) + self.emit(&text[1..end], false) + self.emit(&text[end..], true)
    }

    /// Reads text without quotes: a key, a number, a boolean, or a piece of something that is broken.
    fn bare_text(&mut self, rest: &str) -> usize {
        let stop = |character: char| " \t\r\n=,[]{}#\"'".contains(character);
        let length = rest.find(stop).unwrap_or(rest.len());
        let (text, after) = rest.split_at(length);
        if is_key(after) {
            return self.key(text);
        }
        // A known key that lost its equals sign is shown, because the user has to find it in the printed line.
        let shown = self.shows_value() || SHOWN_KEYS.contains(&text) || COVERED_TABLES.contains(&text);
        self.end_value();
        self.emit(text, shown)
    }

    /// Whether the value of a key may be shown: a key that is known to be harmless, or a misspelling of one.
    fn is_shown_key(&mut self, key: &str) -> bool {
        if SHOWN_KEYS.contains(&key) {
            return true;
        }
        // A key of one or two letters is close to short keys such as `id` by chance.
        if key.len() <= 2 || self.searches >= MAX_SEARCHES {
            return false;
        }
        self.searches += 1;
        let known = SHOWN_KEYS.into_iter().chain(COVERED_TABLES).chain(COVERED_KEYS);
        nearest(key, known).is_some_and(|near| SHOWN_KEYS.contains(&near))
    }

    /// Whether the value at this position may be shown. In a broken file no value is shown within brackets, which may lack
    /// their end, or after three quotes.
    fn shows_value(&self) -> bool {
        let is_certain = !self.is_broken || (self.brackets.is_empty() && !self.quotes_unreliable);
        self.allows_value == Some(true) && is_certain
    }

    /// Covers everything after a value up to the next key. Outside a list a key has one value, so more text on the line
    /// means that the syntax is broken.
    fn end_value(&mut self) {
        if self.brackets.last().is_none_or(|(brace, _)| *brace) {
            self.allows_value = Some(false);
        }
    }

    /// Reads a key, possibly dotted. It is shown, and decides whether its value is. Where no key is expected, the text is
    /// part of a broken value and covered.
    fn key(&mut self, text: &str) -> usize {
        if self.allows_value.is_some() {
            self.allows_value = Some(false);
            return self.emit(text, false);
        }
        let names: Vec<&str> = text.split('.').map(|name| name.trim_matches(['"', '\''])).collect();
        let in_covered = self.in_covered_table || self.brackets.iter().any(|(_, outside)| *outside == Some(false));
        let last = names.last().copied().unwrap_or_default();
        let covered = in_covered || names.iter().any(|name| COVERED_TABLES.contains(name)) || is_secret_key(last);
        self.allows_value = Some(!covered && self.is_shown_key(last));
        self.emit(text, true)
    }
}

/// Whether the text before `after` is a key, because an equals sign follows.
fn is_key(after: &str) -> bool {
    after.trim_start_matches([' ', '\t']).starts_with('=')
}

/// Returns the text up to the end of the line.
fn line(rest: &str) -> &str {
    rest.split('\n').next().unwrap_or(rest)
}

/// Returns the length of a string, in bytes, with its closing quote, or up to the end of the line when there is none.
fn string_length(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (index, character) in rest.char_indices().skip(1) {
        match character {
            '\n' => return index,
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            found if found == quote => return index + 1,
            _ => {}
        }
    }
    rest.len()
}
