//! File texts as they may be shown: what could be secret is covered, byte for byte, so that places stay true.

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

/// Covers `lobu.toml`: values under keys that are not known to be harmless, comments, long texts. In a file with broken
/// syntax it is not certain what belongs to which key, and every value is covered.
pub(super) fn toml(text: &str) -> String {
    let strict = toml::de::DeTable::parse(text).is_err();
    Toml::run(text, strict).output
}

/// Where a valid `lobu.toml` has a table in braces that runs over several lines, which TOML 1.0 does not know.
pub(super) fn newer_syntax(text: &str) -> Option<usize> {
    Toml::run(text, false).newer
}

/// Covers a `.env` file: everything but the names.
pub(super) fn env(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    let mut open = None;
    for line in text.split_inclusive('\n') {
        let shown = match (open, line.split_once('=')) {
            (None, Some((name, value))) if is_env_name(name) => {
                let quote = value
                    .trim_start()
                    .chars()
                    .next()
                    .filter(|quote| "\"'`".contains(*quote));
                open = quote.filter(|quote| value.trim_start()[1..].matches(*quote).count() == 0);
                name.len() + 1
            }
            (Some(quote), _) if line.contains(quote) => {
                open = None;
                0
            }
            _ => 0,
        };
        plain(&line[..shown], &mut output);
        cover(&line[shown..], &mut output);
    }
    output
}

/// Whether what stands before an equals sign is a name, and not a piece of a value.
fn is_env_name(text: &str) -> bool {
    let text = text.trim();
    let name = text.strip_prefix("export ").unwrap_or(text).trim();
    name.chars()
        .all(|character| character.is_ascii_uppercase() || character.is_ascii_digit() || " _".contains(character))
}

/// Covers YAML: values under secret-named keys, and what stands under `env` and `headers`.
pub(super) fn yaml(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    let mut closed: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches([' ', '-']).len();
        if !line.trim().is_empty() && closed.is_some_and(|outer| indent <= outer) {
            closed = None;
        }
        let secret = secret_part(line);
        if closed.is_some() {
            cover(line, &mut output);
        } else if let Some(start) = secret {
            closed = Some(indent);
            plain(&line[..start], &mut output);
            cover(&line[start..], &mut output);
        } else {
            plain(line, &mut output);
        }
    }
    output
}

/// Keys of a skill's front matter whose values may be shown.
const OPEN_FRONT: [&str; 9] = [
    "name",
    "description",
    "type",
    "nixPackages",
    "network",
    "allow",
    "deny",
    "judge",
    "domain",
];

/// Covers a skill: the values of all but a few keys, and the text.
pub(super) fn skill(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let word = |character: char| character.is_alphanumeric() || character == '_' || character == '-';
        let start = line.len() - line.trim_start_matches([' ', '-']).len();
        let key = line[start..]
            .split(|character| !word(character))
            .next()
            .unwrap_or_default();
        let colon = start + key.len();
        if line.trim() == "---" || (OPEN_FRONT.contains(&key) && line[colon..].starts_with(':')) {
            plain(line, &mut output);
        } else {
            let shown = if line[colon..].starts_with(':') {
                colon + 1
            } else {
                start
            };
            plain(&line[..shown], &mut output);
            cover(&line[shown..], &mut output);
        }
    }
    output
}

/// Where, after a secret-named key and its colon, the rest of a line starts.
fn secret_part(line: &str) -> Option<usize> {
    line.match_indices(':').map(|(colon, _)| colon).find_map(|colon| {
        let before = line[..colon].trim_end_matches(['"', '\'', ' ']);
        let word = before
            .rsplit(|character: char| !character.is_alphanumeric() && character != '_' && character != '-')
            .next()?;
        (word == "env" || word == "headers" || is_secret_key(word)).then_some(colon + 1)
    })
}

/// Copies text that is shown, without what a terminal would obey or hide.
fn plain(text: &str, output: &mut String) {
    output.extend(text.chars().map(harmless));
}

/// The character, or one of the same length in its place when a terminal would obey or hide it.
pub fn harmless(character: char) -> char {
    match character {
        '\n' | '\t' => character,
        '\r' => ' ',
        '\u{0}'..='\u{1f}' | '\u{7f}' => '?',
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{61c}' => '\u{bf}',
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => '\u{fffd}',
        other => other,
    }
}

/// Covers text with filler of the same length, in bytes and in characters.
fn cover(text: &str, output: &mut String) {
    output.extend(text.chars().map(|character| match (character, character.len_utf8()) {
        ('\n' | '\t' | ' ', _) => character,
        ('\r', _) => ' ',
        (_, 1) => '*',
        (_, 2) => '\u{b7}',
        (_, 3) => '\u{2022}',
        _ => '\u{10101}',
    }));
}

struct Toml {
    /// Whether every value is covered.
    strict: bool,
    output: String,
    /// Whether the current header names a table that is never shown.
    header_closed: bool,
    /// Whether values under the current key may be shown; `None` between statements.
    key: Option<bool>,
    /// For each open bracket: whether it is a brace, and what the key was outside.
    frames: Vec<(bool, Option<bool>)>,
    /// The first line end within braces.
    newer: Option<usize>,
}

impl Toml {
    /// Goes through a text once. What was read and what was written always have the same length.
    fn run(text: &str, strict: bool) -> Self {
        let mut masker = Self {
            strict,
            output: String::with_capacity(text.len()),
            header_closed: false,
            key: None,
            frames: Vec::new(),
            newer: None,
        };
        while let Some(rest) = text.get(masker.output.len()..).filter(|rest| !rest.is_empty()) {
            masker.token(rest);
        }
        masker
    }

    /// Copies or covers one token and says how long it was.
    fn token(&mut self, rest: &str) -> usize {
        let first = rest.chars().next().unwrap_or(' ');
        match first {
            '#' => self.emit(line(rest), false),
            '\n' => {
                match self.frames.last() {
                    None => self.key = None,
                    Some((true, _)) => self.newer = self.newer.or(Some(self.output.len())),
                    Some(_) => {}
                }
                self.emit("\n", true)
            }
            '[' if self.key.is_none() && self.frames.is_empty() => self.header(line(rest)),
            '[' | '{' => self.open(first),
            ']' | '}' => {
                self.key = self.frames.pop().map_or(self.key, |(_, outside)| outside);
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
            plain(text, &mut self.output);
        } else {
            cover(text, &mut self.output);
        }
        text.len()
    }

    /// A table's header. In a broken file it is shown as far as it is surely one.
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
            return self.emit(&rest[..length], false);
        }
        let length = string_length(rest, quote);
        let text = &rest[..length];
        if is_key(&rest[length..]) {
            return self.name(text);
        }
        let inner = text.trim_matches(quote);
        let reference = super::reference::name(inner).is_some();
        let shown = (reference && !self.strict) || self.key == Some(true);
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
        let shown = self.key == Some(true);
        self.had_value();
        self.emit(word, shown)
    }

    /// Outside a list a key has one value: what follows on the line belongs to something that was damaged.
    fn had_value(&mut self) {
        if self.frames.last().is_none_or(|(brace, _)| *brace) {
            self.key = Some(false);
        }
    }

    /// A key, possibly dotted: shown, and it decides about the value. Where no key can be, it is a piece of a value.
    fn name(&mut self, text: &str) -> usize {
        if self.key.is_some() {
            self.key = Some(false);
            return self.emit(text, false);
        }
        let names: Vec<&str> = text.split('.').map(|name| name.trim_matches(['"', '\''])).collect();
        let enclosed = self.header_closed || self.frames.iter().any(|(_, outside)| *outside == Some(false));
        let last = names.last().copied().unwrap_or_default();
        let closed = enclosed || names.iter().any(|name| CLOSED.contains(name)) || is_secret_key(last);
        self.key = Some(!self.strict && !closed && OPEN.contains(&last));
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

/// To the closing quote, or to the end of the line where there is none.
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
