//! Collects diagnostics, and keeps their number bounded.

use std::collections::{BTreeMap, BTreeSet};

use super::diagnostic::{Diagnostic, Severity};

/// The maximum number of diagnostics of one code. A file with a hundred thousand unknown keys is not a hundred thousand
/// problems to read.
const MAX_PER_CODE: usize = 100;

/// The diagnostics found so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    kept: Vec<Diagnostic>,
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

    /// Whether further errors of a code will only be counted.
    pub(super) fn is_full(&self, code: &'static str) -> bool {
        let count = self.counts.get(&(code, Severity::Error));
        count.is_some_and(|count| *count >= MAX_PER_CODE)
    }

    /// From now on drops what follows from broken lines: missing keys, and problems on those lines.
    pub(super) fn set_broken_lines(&mut self, lines: BTreeSet<usize>) {
        self.broken_lines = lines;
    }

    fn is_noise(&self, diagnostic: &Diagnostic) -> bool {
        !self.broken_lines.is_empty()
            && (diagnostic.code == "missing-key"
                || diagnostic.line.is_some_and(|line| self.broken_lines.contains(&line)))
    }

    /// Returns the diagnostics by file and position, then how many of each code were left out.
    pub(super) fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.kept.sort_by(|left, right| left.order().cmp(&right.order()));
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
