//! The user's `config.toml`: read for the screen, and in the words that the screen knows.

use super::console::Console;
use crate::config::{KeyConflict, KeyTexts, PreferenceWords, Preferences, load_preferences};
use crate::failure::Failure;
use crate::tui::color::parse_color;
use crate::tui::key::Key;
use crate::tui::keymap::{self, KeyClash};
use crate::tui::theme::{Theme, parse_colors};
use crate::tui::{ChosenKeys, LookOptions, ThemeName};

/// Returns what may be written into the file.
pub(super) fn words() -> PreferenceWords {
    PreferenceWords {
        themes: ThemeName::ALL.map(|(_, name)| name).into(),
        colored: Theme::names(),
        is_color: |text| parse_color(text).is_some(),
        actions: action_names(),
        is_key: |text| Key::parse(text).is_some(),
        conflicts,
    }
}

fn action_names() -> Vec<&'static str> {
    let mut names: Vec<&str> = keymap::TABLE.iter().map(|binding| binding.name).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn conflicts(keys: &KeyTexts) -> Vec<KeyConflict> {
    let clashes = keymap::clashes(&chosen_keys(keys)).into_iter();
    let conflicts = clashes.map(|clash| KeyConflict {
        action: clash.action.to_owned(),
        // As it was written: the screen has names of its own for some.
        key: written(keys, &clash).unwrap_or_default(),
        other: clash.other.to_owned(),
    });
    conflicts.collect()
}

fn written(keys: &KeyTexts, clash: &KeyClash) -> Option<String> {
    let mut written = keys.get(clash.action)?.iter();
    written.find(|key| Key::parse(key) == Some(clash.key)).cloned()
}

/// Returns the keys that the user has chosen; those that are none are left out.
pub(super) fn chosen_keys(keys: &KeyTexts) -> ChosenKeys {
    let mut chosen = ChosenKeys::default();
    for (action, keys) in keys {
        chosen.choose(action, keys.iter().filter_map(|key| Key::parse(key)).collect());
    }
    chosen
}

/// Reads the file, and prints what is wrong with it.
///
/// # Errors
/// When something is.
pub(super) fn read(console: &Console) -> Result<Preferences, Failure> {
    let Some(file) = console.host.config_dir().map(|folder| folder.join("config.toml")) else {
        return Ok(Preferences::default());
    };
    let loaded = load_preferences(&file, &console.host.current_dir, &words());
    console.diagnostics(&loaded.diagnostics, &loaded.sources);
    loaded.preferences.ok_or_else(|| {
        let failure = Failure::invalid(format!("your preferences have errors: {}", file.display()));
        failure.hint("`lobuctl schema --file config` prints what may be in them")
    })
}

/// Returns how the screen looks to this user.
pub(super) fn look(preferences: &Preferences) -> LookOptions {
    LookOptions {
        theme: preferences
            .theme
            .as_deref()
            .and_then(ThemeName::parse)
            .unwrap_or_default(),
        colors: parse_colors(&preferences.colors),
        contexts: parse_colors(&preferences.contexts),
        side_by_side: preferences.side_by_side.unwrap_or_default(),
        tree_percent: preferences.pane_width,
        announces: preferences.notify.unwrap_or(true),
    }
}
