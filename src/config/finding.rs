//! Collects diagnostics, up to a limit for each code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::diagnostic::{Diagnostic, Severity};

/// The maximum number of diagnostics that are kept of each code and severity. A damaged file can have any number, and more
/// would not help the user.
const MAX_PER_CODE: usize = 100;

/// The diagnostics found so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    kept: Vec<Diagnostic>,
    /// The number of diagnostics of each code, with those that were not kept.
    counts: BTreeMap<(&'static str, Severity), usize>,
    /// Lines of `lobu.toml` that are not valid TOML, where further problems would be noise.
    broken_lines: BTreeSet<usize>,
}

impl Findings {
    /// Adds a diagnostic. Beyond the limit of its code it is only counted.
    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        if self.is_noise(&diagnostic) {
            return;
        }
        let count = self.counts.entry((diagnostic.code, diagnostic.severity)).or_default();
        *count += 1;
        if *count <= MAX_PER_CODE {
            self.kept.push(diagnostic);
        }
    }

    /// Adds the diagnostics that were found elsewhere.
    pub(super) fn extend(&mut self, others: &Self) {
        for diagnostic in &others.kept {
            self.push(diagnostic.clone());
        }
        for (kind, count) in &others.counts {
            // Of these only the number is known.
            *self.counts.entry(*kind).or_default() += count.saturating_sub(MAX_PER_CODE);
        }
    }

    /// Returns the files of all diagnostics and of what belongs to them.
    pub(super) fn files<'a>(&'a self) -> impl Iterator<Item = &'a Path> {
        let of = |it: &'a Diagnostic| it.file.iter().chain(it.related.iter().map(|related| &related.file));
        self.kept.iter().flat_map(of).map(PathBuf::as_path)
    }

    /// Whether further errors of a code will only be counted.
    pub(super) fn is_full(&self, code: &'static str) -> bool {
        let count = self.counts.get(&(code, Severity::Error));
        count.is_some_and(|count| *count >= MAX_PER_CODE)
    }

    /// Sets the lines that are not valid TOML. While there are any, diagnostics on them and missing keys are dropped, because
    /// they follow from the broken syntax.
    pub(super) fn set_broken_lines(&mut self, lines: BTreeSet<usize>) {
        self.broken_lines = lines;
    }

    fn is_noise(&self, diagnostic: &Diagnostic) -> bool {
        !self.broken_lines.is_empty()
            && (diagnostic.code == "missing-key"
                || diagnostic.line.is_some_and(|line| self.broken_lines.contains(&line)))
    }

    /// Returns the diagnostics by file and position, then one for each code that counts those that were not kept.
    pub(super) fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.kept.sort_by(|left, right| left.order().cmp(&right.order()));
        // Two agents can have one folder, whose files are then read and reported twice.
        self.kept.dedup();
        for ((code, severity), count) in self.counts {
            if let Some(more) = count.checked_sub(MAX_PER_CODE).filter(|more| *more > 0) {
                let message = format!("and {more} more problems of this kind: {}", code.replace('-', " "));
                self.kept.push(Diagnostic::new(severity, code, message));
            }
        }
        self.kept
    }
}
