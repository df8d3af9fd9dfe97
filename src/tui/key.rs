//! A key press, as the key table writes it: a code and whether control was held.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// One key press. Shift is part of the character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd)]
pub struct Key {
    /// The key without its modifiers.
    pub code: KeyCode,
    /// Whether control was held.
    pub ctrl: bool,
}

/// Names between angle brackets in a script, and what the help prints.
const NAMES: [(&str, KeyCode); 17] = [
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backtab", KeyCode::BackTab),
    ("space", KeyCode::Char(' ')),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("lt", KeyCode::Char('<')),
    ("insert", KeyCode::Insert),
];

impl Key {
    /// Creates a key without control.
    pub const fn of(code: KeyCode) -> Self {
        Self { code, ctrl: false }
    }

    /// Creates the key of a character.
    pub const fn char(character: char) -> Self {
        Self::of(KeyCode::Char(character))
    }

    /// Creates the key of a character with control held.
    pub const fn ctrl(character: char) -> Self {
        Self {
            code: KeyCode::Char(character),
            ctrl: true,
        }
    }

    /// Reads what the terminal reports. Returns `None` for releases, and for keys with alt or super held.
    pub fn from_event(event: KeyEvent) -> Option<Self> {
        // A terminal that also reports releases would do everything twice.
        let pressed = matches!(event.kind, KeyEventKind::Press | KeyEventKind::Repeat);
        // Nothing is bound to alt, and `esc` with another key right after it arrives as that key with alt.
        let alt = event.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::SUPER);
        (pressed && !alt).then(|| Self {
            code: event.code,
            ctrl: event.modifiers.contains(KeyModifiers::CONTROL),
        })
    }

    /// Returns what a terminal would report for it.
    pub fn event(self) -> KeyEvent {
        let modifiers = if self.ctrl {
            KeyModifiers::CONTROL
        } else {
            KeyModifiers::NONE
        };
        KeyEvent::new(self.code, modifiers)
    }

    /// Reads one key as a user writes it: `a`, `space`, `pgup`, `ctrl-r`, `f5`. Returns `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut characters = text.chars();
        if let (Some(only), None) = (characters.next(), characters.next()) {
            return (!only.is_control() && only != ' ').then(|| Self::char(only));
        }
        if let Some(with) = text.strip_prefix("ctrl-") {
            let mut characters = with.chars();
            let only = characters.next().filter(char::is_ascii_lowercase)?;
            // These are what a terminal sends for tab and enter.
            return (characters.next().is_none() && !"im".contains(only)).then(|| Self::ctrl(only));
        }
        if let Some(number) = text.strip_prefix('f').and_then(|number| number.parse().ok()) {
            return (1..=12).contains(&number).then(|| Self::of(KeyCode::F(number)));
        }
        let (_, code) = NAMES.iter().find(|(known, _)| *known == text)?;
        Some(Self::of(*code))
    }

    /// Reads keys from a text: `/tele<enter> space a yes<enter>`. Blanks separate; `space` as a word and names between
    /// angle brackets (`<esc>`, `<c-c>`) are one key each; everything else is typed.
    pub fn script(text: &str) -> Vec<Self> {
        text.split_whitespace().flat_map(word).collect()
    }
}

fn word(text: &str) -> Vec<Key> {
    if text == "space" {
        return vec![Key::char(' ')];
    }
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let named = rest.strip_prefix('<').and_then(|after| after.split_once('>'));
        if let Some((key, after)) = named.and_then(|(name, after)| Some((named_key(name)?, after))) {
            keys.push(key);
            rest = after;
        } else {
            keys.push(Key::char(first));
            rest = &rest[first.len_utf8()..];
        }
    }
    keys
}

fn named_key(name: &str) -> Option<Key> {
    if let Some(character) = name.strip_prefix("c-").and_then(|rest| rest.chars().next()) {
        return Some(Key::ctrl(character));
    }
    let (_, code) = NAMES.iter().find(|(known, _)| *known == name)?;
    Some(Key::of(*code))
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(_, code)| *code == self.code).map(|(name, _)| *name);
        match (self.ctrl, self.code, name) {
            (true, KeyCode::Char(character), _) => write!(formatter, "^{}", character.to_ascii_uppercase()),
            (_, _, Some(name)) => formatter.write_str(name),
            (_, KeyCode::Char(character), _) => write!(formatter, "{character}"),
            (_, code, _) => write!(formatter, "{code}"),
        }
    }
}
