//! The findings of a command, collected while it runs and printed as one document at its end.

use std::sync::{Arc, Mutex, PoisonError};

use crate::cli::Format;
use crate::failure::Failure;
use crate::report::findings::{FindingList, ReportFinding};
use crate::report::{junit, sarif};

/// The findings so far. Clones share them; without a format that lists findings there are none.
#[derive(Clone, Default)]
pub(super) struct Collected(Option<Arc<Mutex<FindingList>>>);

impl Collected {
    /// Creates an empty list for a format that lists findings.
    pub(super) fn new(format: Format) -> Self {
        Self(format.lists_findings().then(Arc::default))
    }

    /// Adds findings.
    pub(super) fn add(&self, findings: impl IntoIterator<Item = ReportFinding>) {
        self.change(|list| list.findings.extend(findings));
    }

    /// Keeps the failure that ends the command.
    pub(super) fn fail(&self, failure: &Failure) {
        let sentences = [&failure.message]
            .into_iter()
            .chain(&failure.causes)
            .chain(&failure.hints);
        let text = sentences.cloned().collect::<Vec<_>>().join("\n");
        self.change(|list| list.failure = Some(text));
    }

    /// Returns the document of a command, or `None` without a format that lists findings.
    pub(super) fn document(&self, command: &str, format: Format) -> Option<String> {
        let mut list = self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner).clone();
        command.clone_into(&mut list.command);
        Some(match format {
            Format::Junit => junit::document(&list),
            _ => sarif::document(&list),
        })
    }

    fn change(&self, change: impl FnOnce(&mut FindingList)) {
        if let Some(list) = &self.0 {
            change(&mut list.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}
