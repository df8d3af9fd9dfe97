//! Reads the user's `config.toml`, which need not be there.

use std::path::Path;

use super::disk::{read, relative};
use crate::config::diagnostic::Diagnostic;
use crate::config::finding::Findings;
use crate::config::mask;
use crate::config::preferences::{self, PreferenceWords, Preferences};
use crate::config::source::{Source, Sources};

/// The result of [`load_preferences`].
#[derive(Debug)]
pub struct LoadedPreferences {
    /// What the file says; `None` when it has errors.
    pub preferences: Option<Preferences>,
    /// The errors and warnings, by position.
    pub diagnostics: Vec<Diagnostic>,
    /// The text of the file, for printing source lines.
    pub sources: Sources,
}

/// Reads the user's preferences, or reports everything that is wrong with them.
pub fn load_preferences(file: &Path, display_root: &Path, words: &PreferenceWords) -> LoadedPreferences {
    let mut findings = Findings::default();
    let mut sources = Sources::default();
    let mut preferences = Preferences::default();
    let shown = relative(file, display_root);
    if file.exists() || file.is_symlink() {
        match read(file) {
            Ok(text) => {
                let source = Source::new(&shown, &text);
                sources.insert(&shown, mask::preferences(&source.text));
                (preferences, findings) = preferences::read(&source, findings, words);
            }
            Err(problem) => findings.push(problem.in_file(shown)),
        }
    }
    let mut diagnostics = findings.into_sorted();
    // Only lobuctl reads this file, so it need not be what the parser of Lobu reads.
    diagnostics.retain(|it| it.code != "newer-toml");
    let has_errors = diagnostics.iter().any(Diagnostic::is_error);
    LoadedPreferences {
        preferences: Some(preferences).filter(|_| !has_errors),
        diagnostics,
        sources,
    }
}
