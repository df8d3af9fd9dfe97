//! What the readers of `lobu.toml` share: its text, and what they find in it.

use std::cell::RefCell;
use std::ops::Range;

use super::diagnostic::{Diagnostic, tick};
use super::finding::Findings;
use super::literal;
use super::reference::{self, Reference};
use super::source::{Source, Text};

/// Collects the diagnostics and the references of one file. Readers share it by reference, so that a table can be read
/// without handing a list of results through every call.
pub(super) struct Reader<'a> {
    /// The file.
    pub source: &'a Source,
    findings: RefCell<Findings>,
    references: RefCell<Vec<Reference>>,
}

impl<'a> Reader<'a> {
    /// Starts reading a file.
    pub(super) fn new(source: &'a Source, findings: Findings) -> Self {
        Self {
            source,
            findings: RefCell::new(findings),
            references: RefCell::new(Vec::new()),
        }
    }

    /// Returns everything that was found.
    pub(super) fn finish(self) -> (Findings, Vec<Reference>) {
        (self.findings.into_inner(), self.references.into_inner())
    }

    /// Adds a diagnostic.
    pub(super) fn report(&self, diagnostic: Diagnostic) {
        self.findings.borrow_mut().push(diagnostic);
    }

    /// Whether further errors of a code will only be counted.
    pub(super) fn is_full(&self, code: &'static str) -> bool {
        self.findings.borrow().is_full(code)
    }

    /// Adds an error at a span of the file.
    pub(super) fn error(&self, code: &'static str, message: String, span: Range<usize>, help: &str) {
        self.report(Diagnostic::error(code, message).at(self.source, span).help(help));
    }

    /// Adds a warning at a span of the file.
    pub(super) fn warn(&self, code: &'static str, message: String, span: Range<usize>, help: &str) {
        self.report(Diagnostic::warning(code, message).at(self.source, span).help(help));
    }

    /// Reads a string that may be a reference to a secret; `location` is its key, as in
    /// `agents.triage.platforms[0].config.botToken`. Warns about text that only looks like a reference.
    pub(super) fn reference(&self, location: String, text: &Text, sent: bool) {
        let Some(name) = reference::name(&text.value) else {
            return self.check_look_alike(&location, text);
        };
        if name == reference::API_TOKEN {
            let message = format!("{} refers to the token of lobuctl itself", tick(&location));
            let help = "the token gives access to the whole organization: use a secret with a name of its own";
            return self.error("api-token-reference", message, text.span.clone(), help);
        }
        self.references.borrow_mut().push(Reference {
            name: name.to_owned(),
            span: text.span.clone(),
            location,
            sent,
        });
    }

    fn check_look_alike(&self, location: &str, text: &Text) {
        if let Some(near) = reference::look_alike(&text.value) {
            let message = format!(
                "{} looks like a reference to a secret, but is literal text",
                tick(location)
            );
            let help = format!("a reference is the whole string, in capitals: `\"${near}\"`");
            self.warn("not-a-reference", message, text.span.clone(), &help);
        }
    }

    /// Warns when a string that is meant to be a secret stands in the file itself.
    pub(super) fn check_literal_secret(&self, location: &str, text: &Text) {
        let value = text.value.trim();
        let is_reference = reference::name(value).is_some() || reference::look_alike(value).is_some();
        // A value with a known shape is reported where it is read.
        if value.is_empty() || is_reference || literal::token_kind(value).is_some() || value.starts_with("***") {
            return;
        }
        let message = format!("{} is a secret in plain text", tick(location));
        self.warn("literal-secret", message, text.span.clone(), literal::HELP);
    }

    /// Warns when a string has the shape of a well-known token.
    pub(super) fn check_token_shape(&self, location: impl FnOnce() -> String, text: &Text) {
        if let Some(kind) = literal::token_kind(&text.value) {
            let message = format!("{} holds {kind} in plain text", tick(&location()));
            self.warn("literal-secret", message, text.span.clone(), literal::HELP);
        }
    }
}
