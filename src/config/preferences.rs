//! `config.toml` in the user's own folder: what one person likes, on every project. The `lobu` CLI does not read it.

use std::collections::BTreeMap;

use super::diagnostic::{Diagnostic, tick};
use super::document;
use super::finding::Findings;
use super::source::{Source, Text};
use super::table::{Table, listed};

/// The percentages of the screen that the tree can have beside the detail.
pub(super) const PANE_WIDTHS: std::ops::RangeInclusive<u16> = 20..=80;
/// How differences are shown: below each other, or in two columns.
pub(super) const DIFFS: [&str; 2] = ["unified", "side-by-side"];
/// The keys of the file.
const KEYS: [&str; 8] = [
    "theme",
    "colors",
    "keys",
    "mouse",
    "diff",
    "pane-width",
    "notify",
    "context",
];
/// The keys of a context. `protected` is read where the target is chosen.
const CONTEXT_KEYS: [&str; 2] = ["protected", "color"];

/// Keys as a user writes them, by the name of their action.
pub type KeyTexts = BTreeMap<String, Vec<String>>;

/// What a user likes. `None` where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preferences {
    /// The name of the theme.
    pub theme: Option<String>,
    /// Colors in place of those of the theme, by name.
    pub colors: BTreeMap<String, String>,
    /// Whether clicks and the wheel are read.
    pub mouse: Option<bool>,
    /// Whether before and after are in two columns from the start.
    pub side_by_side: Option<bool>,
    /// The width of the tree beside the detail, in percent.
    pub pane_width: Option<u16>,
    /// Whether a run sets the title of the terminal, and sends a notification at the end of a long run.
    pub notify: Option<bool>,
    /// The keys of actions, by the name of the action.
    pub keys: KeyTexts,
    /// The colors of contexts, by the name of the context.
    pub contexts: BTreeMap<String, String>,
}

/// The words that mean something on the screen, which this room does not know.
#[derive(Debug, Clone)]
pub struct PreferenceWords {
    /// The names of the themes.
    pub themes: Vec<&'static str>,
    /// The names of what can be colored.
    pub colored: Vec<&'static str>,
    /// Whether a text is a color.
    pub is_color: fn(&str) -> bool,
    /// The names of the actions.
    pub actions: Vec<&'static str>,
    /// Whether a text is a key.
    pub is_key: fn(&str) -> bool,
    /// Returns the chosen keys that would start two actions.
    pub conflicts: fn(&KeyTexts) -> Vec<KeyConflict>,
}

/// A chosen key that would start two actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyConflict {
    /// The action that the key was chosen for.
    pub action: String,
    /// The key.
    pub key: String,
    /// The other action.
    pub other: String,
}

/// Reads everything that is right, and reports the rest.
pub(super) fn read(source: &Source, findings: Findings, words: &PreferenceWords) -> (Preferences, Findings) {
    let (preferences, findings, _) = document::read_with(source, findings, |root| {
        root.check_keys(&KEYS, &[]);
        let diff = root.choice("diff", &DIFFS);
        Preferences {
            theme: root.choice("theme", &words.themes).map(|theme| theme.value),
            colors: read_colors(root, words),
            mouse: root.boolean("mouse"),
            side_by_side: diff.map(|diff| diff.value == DIFFS[1]),
            pane_width: root.integer("pane-width", PANE_WIDTHS),
            notify: root.boolean("notify"),
            keys: read_chosen_keys(root, words),
            contexts: read_contexts(root, words),
        }
    });
    (preferences, findings)
}

fn read_colors(root: &Table<'_>, words: &PreferenceWords) -> BTreeMap<String, String> {
    let Some(colors) = root.table("colors") else {
        return BTreeMap::new();
    };
    colors.check_keys(&words.colored, &[]);
    let entries = root.string_map("colors").unwrap_or_default().into_iter();
    let checked = entries.filter_map(|(name, color)| {
        let color = check_color(&colors, &name.value, color, words)?;
        Some((name.value, color))
    });
    checked.collect()
}

fn read_chosen_keys(root: &Table<'_>, words: &PreferenceWords) -> KeyTexts {
    let Some(table) = root.table("keys") else {
        return BTreeMap::new();
    };
    table.check_keys(&words.actions, &[]);
    let mut spans = BTreeMap::new();
    let mut chosen = KeyTexts::new();
    for name in table.entries.keys().map(|name| name.get_ref().as_ref()) {
        for key in table.string_or_strings(name).unwrap_or_default() {
            if (words.is_key)(&key.value) {
                spans.insert((name.to_owned(), key.value.clone()), key.span);
                chosen.entry(name.to_owned()).or_default().push(key.value);
            } else {
                let message = format!(
                    "{} is not a key: {}",
                    tick(&table.key_path(Some(name))),
                    tick(&key.value)
                );
                let help = "write it as `a`, `space`, `pgup`, `ctrl-r` or `f5`";
                table.reader.error("wrong-key", message, key.span, help);
            }
        }
    }
    for conflict in (words.conflicts)(&chosen) {
        let KeyConflict { action, key, other } = conflict;
        let message = format!("{} would start both {} and {}", tick(&key), tick(&action), tick(&other));
        let help = format!("choose another key for one of them, such as `{other} = \"f5\"`");
        if let Some(span) = spans.get(&(action, key)) {
            table.reader.error("key-conflict", message, span.clone(), &help);
        }
    }
    chosen
}

fn read_contexts(root: &Table<'_>, words: &PreferenceWords) -> BTreeMap<String, String> {
    let contexts = root.table("context").map(|contexts| contexts.tables_by_key());
    let colors = contexts.unwrap_or_default().into_iter().filter_map(|(name, context)| {
        context.check_keys(&CONTEXT_KEYS, &[]);
        context.boolean("protected");
        let color = context.string("color")?;
        Some((name.value, check_color(&context, "color", color, words)?))
    });
    colors.collect()
}

fn check_color(table: &Table<'_>, key: &str, color: Text, words: &PreferenceWords) -> Option<String> {
    if (words.is_color)(&color.value) {
        return Some(color.value);
    }
    let message = format!(
        "{} is not a color: {}",
        tick(&table.key_path(Some(key))),
        tick(&color.value)
    );
    let problem = Diagnostic::error("wrong-color", message).at(table.reader.source, color.span);
    let forms = listed(&["#d9a944", "bright red", "208"]);
    table.reader.report(problem.help(format!(
        "write it as one of {forms}: a value, a name, or the number of one of 256"
    )));
    None
}
