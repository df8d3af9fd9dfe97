//! The state that all readers of `lobu.toml` share: its text, the diagnostics and the references.

use std::cell::RefCell;
use std::ops::Range;

use super::diagnostic::{Diagnostic, tick};
use super::finding::Findings;
use super::literal;
use super::reference::{self, Reference};
use super::source::{Source, Text};

/// Collects the diagnostics and the references of one file.
///
/// It is shared by reference and uses `RefCell`, so that no function needs a list of results as a parameter. Each borrow
/// ends within one method.
pub(super) struct Reader<'a> {
    /// The text of the file.
    pub source: &'a Source,
    findings: RefCell<Findings>,
    references: RefCell<Vec<Reference>>,
}

impl<'a> Reader<'a> {
    /// Creates a reader that adds to earlier findings.
    pub(super) fn new(source: &'a Source, findings: Findings) -> Self {
        Self {
            source,
            findings: RefCell::new(findings),
            references: RefCell::new(Vec::new()),
        }
    }

    /// Returns the findings, with the earlier ones, and the references.
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

    /// Records a string if it is a reference to a secret, and warns if it only looks like one.
    ///
    /// `location` is the key, as in `agents.triage.platforms[0].config.botToken`, and `sent` whether the value itself goes to
    /// the server.
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

    /// Warns when a string that should be a secret is literal text.
    pub(super) fn check_literal_secret(&self, location: &str, text: &Text) {
        let value = text.value.trim();
        let is_reference = reference::name(value).is_some() || reference::look_alike(value).is_some();
        // `reference` handles references and look-alikes, `check_token_shape` tokens of a known form, and `***` is a copy
        // of a redacted value.
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
