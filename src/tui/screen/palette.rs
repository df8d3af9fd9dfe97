//! The palette: every action and command of a screen by name, with its keys; it is the help as well.

use tui_input::Input;

use crate::tui::action::Action;
use crate::tui::letter_search::LetterSearch;
use crate::tui::typed_command::CommandSyntax;

/// The list of what can be done, narrowed by what is typed.
#[derive(Debug, Clone, Default)]
pub struct Palette {
    /// What was typed so far.
    pub input: Input,
    entries: Vec<PaletteEntry>,
    /// The entries that match what was typed, best first.
    shown: Vec<usize>,
    /// The position of the cursor in `shown`.
    cursor: usize,
}

/// A line of the palette.
#[derive(Debug, Clone)]
pub struct PaletteEntry {
    /// The keys, separated by blanks; empty for a command.
    pub keys: String,
    /// The name.
    pub name: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
    /// What is done.
    pub run: PaletteRun,
}

/// What a line of the palette does.
#[derive(Debug, Clone)]
pub enum PaletteRun {
    /// An action of the key table.
    Action(Action),
    /// Nothing now, for this reason; the reason may be empty.
    Impossible(String),
    /// A command with an argument.
    Command(&'static CommandSyntax),
}

impl Palette {
    /// Creates the palette of these entries.
    pub fn new(entries: Vec<PaletteEntry>) -> Self {
        let shown = (0..entries.len()).collect();
        Self {
            entries,
            shown,
            ..Self::default()
        }
    }

    /// Lists other entries, narrowed as before.
    pub fn replace(&mut self, entries: Vec<PaletteEntry>) {
        self.entries = entries;
        self.narrow();
    }

    /// Returns every entry, whatever was typed.
    pub fn entries(&self) -> &[PaletteEntry] {
        &self.entries
    }

    /// Returns the entries that match what was typed, best first.
    pub fn shown(&self) -> impl Iterator<Item = &PaletteEntry> {
        self.shown.iter().filter_map(|index| self.entries.get(*index))
    }

    /// Returns the position of the cursor among the shown entries.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Returns the entry at the cursor; `None` when nothing matches.
    pub fn current(&self) -> Option<&PaletteEntry> {
        self.shown().nth(self.cursor)
    }

    /// Moves the cursor, negative for up.
    pub fn step(&mut self, by: isize) {
        let last = self.shown.len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(by).min(last);
    }

    /// Narrows the list to what was typed.
    pub fn narrow(&mut self) {
        self.cursor = 0;
        let typed = self.input.value().trim_start();
        let (word, has_argument) = match typed.split_once(' ') {
            Some((word, _)) => (word, true),
            None => (typed, false),
        };
        let is_command = |entry: &PaletteEntry| matches!(entry.run, PaletteRun::Command(_));
        // What follows the name of a command is its argument.
        let named = self
            .entries
            .iter()
            .position(|entry| has_argument && is_command(entry) && entry.name == word);
        self.shown = match named {
            Some(command) => vec![command],
            None => self.matches(typed.trim_end()),
        };
    }

    /// Returns what was typed behind the name of a command.
    pub fn argument(&self) -> &str {
        let typed = self.input.value().trim();
        typed.split_once(' ').map_or("", |(_, argument)| argument.trim())
    }

    /// Returns the entries whose name matches, best first, then those whose keys or help have the text.
    fn matches(&self, typed: &str) -> Vec<usize> {
        if typed.is_empty() {
            return (0..self.entries.len()).collect();
        }
        // Names are written with dashes: `next hunk` is `next-hunk`.
        let query = typed.replace(' ', "-");
        let mut search = LetterSearch::new(&query);
        let names = self.entries.iter().map(|entry| entry.name).enumerate();
        let scored = names.filter_map(|(index, name)| Some((search.score(name)?, index)));
        let mut found: Vec<(u32, usize)> = scored.collect();
        found.sort_by_key(|(score, index)| (std::cmp::Reverse(*score), *index));
        let mut shown: Vec<usize> = found.into_iter().map(|(_, index)| index).collect();
        let lower = typed.to_lowercase();
        let says = |entry: &PaletteEntry| {
            entry.help.to_lowercase().contains(&lower) || entry.keys.split(' ').any(|key| key == typed)
        };
        let others = (0..self.entries.len()).filter(|index| says(&self.entries[*index]));
        let others: Vec<usize> = others.filter(|index| !shown.contains(index)).collect();
        shown.extend(others);
        shown
    }
}
