//! `lobu.toml` as it may be printed.

use super::masked::MaskedText;
use crate::config::literal::token_kind;
use crate::config::reference;
use crate::config::suggestion::nearest;
use crate::resource::is_secret_key;

/// Keys of `lobu.toml` whose values may be shown; everything else is covered.
const OPEN: [&str; 35] = [
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
];

/// Tables whose values are never shown, whatever the key.
const CLOSED: [&str; 4] = ["config", "env", "headers", "oauth"];

/// Keys of `lobu.toml` whose values are never shown; a misspelt key must not be taken for an open one near these.
const HIDDEN: [&str; 8] = [
    "key",
    "secret_ref",
    "url",
    "command",
    "args",
    "client_id",
    "client_secret",
    "judges",
];

/// The maximum number of unknown keys that are compared with the known ones; the values of further ones stay hidden.
const MAX_SEARCHES: usize = 200;

/// Masks `lobu.toml`: values under keys that are not known to be harmless, comments, long texts.
pub(in crate::config) fn mask(text: &str) -> MaskedText {
    let strict = toml::de::DeTable::parse(text).is_err();
    Masker::run(text, strict).output
}

/// Returns where a valid `lobu.toml` has a table in braces that runs over several lines, which TOML 1.0 does not know.
pub(in crate::config) fn newer_syntax(text: &str) -> Option<usize> {
    Masker::run(text, false).newer
}

struct Masker {
    /// Whether the syntax is broken, so that it is not certain what belongs to which key.
    strict: bool,
    output: MaskedText,
    /// Whether three quotes were read in a file with broken syntax.
    is_shifted: bool,
    /// The number of bytes that were read.
    position: usize,
    /// Whether the current header names a table that is never shown.
    header_closed: bool,
    /// Whether values under the current key may be shown; `None` between statements.
    key: Option<bool>,
    /// For each open bracket: whether it is a brace, and what the key was outside.
    frames: Vec<(bool, Option<bool>)>,
    /// The first line end within braces.
    newer: Option<usize>,
    /// The number of unknown keys that were compared with the known ones.
    searches: usize,
}

impl Masker {
    /// Goes through a text once.
    fn run(text: &str, strict: bool) -> Self {
        let mut masker = Self {
            strict,
            output: MaskedText::default(),
            is_shifted: false,
            position: 0,
            header_closed: false,
            key: None,
            frames: Vec::new(),
            newer: None,
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
                match self.frames.last() {
                    None => self.key = None,
                    Some((true, _)) => self.newer = self.newer.or(Some(self.position)),
                    Some(_) => {}
                }
                self.emit("\n", true)
            }
            '[' if self.key.is_none() && self.frames.is_empty() => self.header(line(rest)),
            '[' | '{' => self.open(first),
            ']' | '}' => {
                self.key = self.frames.pop().map_or(self.key, |(_, outside)| outside);
                self.had_value();
                self.emit(&rest[..1], true)
            }
            ',' => {
                if self.frames.last().is_some_and(|(brace, _)| *brace) {
                    self.key = None;
                }
                self.emit(",", true)
            }
            '=' | ' ' | '\t' | '\r' => self.emit(&rest[..1], true),
            '"' | '\'' => self.string(rest, first),
            _ => self.word(rest),
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

    /// Reads a table's header. In a broken file it is shown only as far as it is certainly one.
    fn header(&mut self, line: &str) -> usize {
        let plain = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
        let inner = line.trim_start_matches('[');
        let rest = inner.trim_start_matches(plain);
        let sure = rest.starts_with(']') || inner.starts_with("agents.") || inner.starts_with("memory");
        let shown = match (self.strict, sure) {
            (false, _) => line.find('#').unwrap_or(line.len()),
            (true, true) => line.len() - rest.trim_start_matches(']').len(),
            (true, false) => line.len() - inner.len(),
        };
        let names = line[..shown].split(['.', '[', ']', ' ']);
        self.header_closed = names.into_iter().any(|name| CLOSED.contains(&name));
        self.emit(&line[..shown], true) + self.emit(&line[shown..], false)
    }

    fn open(&mut self, bracket: char) -> usize {
        let brace = bracket == '{';
        self.frames.push((brace, self.key));
        if brace {
            self.key = None;
        }
        self.emit(if brace { "{" } else { "[" }, true)
    }

    fn string(&mut self, rest: &str, quote: char) -> usize {
        let triple = if quote == '"' { "\"\"\"" } else { "'''" };
        if let Some(body) = rest.strip_prefix(triple) {
            let length = body.find(triple).map_or(rest.len(), |end| end + 6);
            self.is_shifted = self.strict;
            return self.emit(&rest[..length], false);
        }
        let length = string_length(rest, quote);
        let text = &rest[..length];
        if is_key(&rest[length..]) {
            return self.name(text);
        }
        let inner = text.trim_matches(quote);
        let reference = reference::name(inner).is_some();
        // A token under a harmless key is a mistake, and stays hidden all the same.
        let shown = reference || (self.shows_value() && token_kind(inner).is_none());
        self.had_value();
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

    fn word(&mut self, rest: &str) -> usize {
        let stop = |character: char| " \t\r\n=,[]{}#\"'".contains(character);
        let length = rest.find(stop).unwrap_or(rest.len());
        let (word, after) = rest.split_at(length);
        if is_key(after) {
            return self.name(word);
        }
        // A bare word that is a name of the format says which part of a broken file this is.
        let shown = self.shows_value() || OPEN.contains(&word) || CLOSED.contains(&word);
        self.had_value();
        self.emit(word, shown)
    }

    /// Whether the value of a key may be shown: a key that is known to be harmless, or a misspelling of one.
    fn is_open(&mut self, key: &str) -> bool {
        if OPEN.contains(&key) {
            return true;
        }
        if key.len() <= 2 || self.searches >= MAX_SEARCHES {
            return false;
        }
        self.searches += 1;
        let known = OPEN.into_iter().chain(CLOSED).chain(HIDDEN);
        nearest(key, known).is_some_and(|near| OPEN.contains(&near))
    }

    /// Whether the value at this position may be shown. In a broken file a list may have lost its end, and after three
    /// quotes strings and what is between them may have changed places: neither is shown there.
    fn shows_value(&self) -> bool {
        let is_certain = !self.strict || (self.frames.is_empty() && !self.is_shifted);
        self.key == Some(true) && is_certain
    }

    /// Outside a list a key has one value: what follows it on the line belongs to something that was damaged.
    fn had_value(&mut self) {
        if self.frames.last().is_none_or(|(brace, _)| *brace) {
            self.key = Some(false);
        }
    }

    /// Reads a key, possibly dotted. It is shown, and decides about the value. Where no key can be, it is a piece of one.
    fn name(&mut self, text: &str) -> usize {
        if self.key.is_some() {
            self.key = Some(false);
            return self.emit(text, false);
        }
        let names: Vec<&str> = text.split('.').map(|name| name.trim_matches(['"', '\''])).collect();
        let enclosed = self.header_closed || self.frames.iter().any(|(_, outside)| *outside == Some(false));
        let last = names.last().copied().unwrap_or_default();
        let closed = enclosed || names.iter().any(|name| CLOSED.contains(name)) || is_secret_key(last);
        self.key = Some(!closed && self.is_open(last));
        self.emit(text, true)
    }
}

/// Whether what was just read is a key: an equals sign follows.
fn is_key(after: &str) -> bool {
    after.trim_start_matches([' ', '\t']).starts_with('=')
}

fn line(rest: &str) -> &str {
    rest.split('\n').next().unwrap_or(rest)
}

/// Returns the length up to the closing quote, or up to the end of the line when there is none.
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
