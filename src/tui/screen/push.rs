//! The page before secrets are pushed: which names the server lacks, which differ there, and what is done about it. Names
//! and fingerprints, never a value.

use tui_input::Input;

use super::Page;
use crate::show::vault::replacing_text;
use crate::show::{Line, Role};
use crate::tui::sheet::Sheet;
use crate::tui::workbench::SecretComparison;

/// The word that approves a replacement.
const WORD: &str = "yes";

/// How far a push is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum PushState {
    /// Both sides are being compared.
    Comparing,
    /// They are known.
    Known(SecretComparison),
    /// What was approved is being sent.
    Sending,
}

/// The page that asks before a push.
#[derive(Debug, Clone)]
pub struct PushPage {
    number: u64,
    state: PushState,
    /// The typed line, once values that differ are to be replaced too.
    replacing: Option<Input>,
    list: Sheet,
}

impl PushPage {
    /// Creates the page of this number, before both sides are compared.
    pub fn new(number: u64) -> Self {
        Self {
            number,
            state: PushState::Comparing,
            replacing: None,
            list: Sheet::default(),
        }
    }

    /// Returns the number of the page.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Shows how both sides compare.
    pub fn show(&mut self, comparison: SecretComparison) {
        self.list = Sheet::new(comparison.lines.clone());
        self.state = PushState::Known(comparison);
    }

    fn known(&self) -> Option<&SecretComparison> {
        match &self.state {
            PushState::Known(comparison) => Some(comparison),
            PushState::Comparing | PushState::Sending => None,
        }
    }

    /// Whether both sides are being compared.
    pub fn is_comparing(&self) -> bool {
        self.state == PushState::Comparing
    }

    /// Whether the server lacks anything that this machine has.
    pub fn creates(&self) -> bool {
        self.known().is_some_and(|comparison| comparison.creates > 0)
    }

    /// Whether a value on the server is another one.
    pub fn differs(&self) -> bool {
        self.known().is_some_and(|comparison| !comparison.differing.is_empty())
    }

    /// Asks for the word that approves that values are replaced too.
    pub fn ask_to_replace(&mut self) {
        if self.differs() {
            self.replacing = Some(Input::default());
        }
    }

    /// Whether the answer is a word.
    pub fn is_typed(&self) -> bool {
        self.replacing.is_some()
    }

    /// Returns the typed line, where the answer is a word.
    pub fn input(&mut self) -> Option<&mut Input> {
        self.replacing.as_mut()
    }

    /// Begins to send. Returns whether values are replaced too, or `None` when there is nothing to send or it is not approved.
    pub fn begin(&mut self) -> Option<bool> {
        let replaces = match &self.replacing {
            Some(input) if self.differs() && input.value().trim() == WORD => true,
            None if self.creates() => false,
            _ => return None,
        };
        (self.state, self.replacing) = (PushState::Sending, None);
        Some(replaces)
    }

    /// Whether values are being sent: then the page cannot be closed.
    pub fn is_sending(&self) -> bool {
        self.state == PushState::Sending
    }
}

impl Page for PushPage {
    fn head(&self) -> Vec<Line> {
        let sentence = match &self.state {
            PushState::Comparing => "comparing the secrets with those on the server",
            PushState::Known(comparison) => &comparison.summary,
            PushState::Sending => "sending the values",
        };
        let note = match self.known().filter(|_| self.is_typed()) {
            Some(comparison) => Line::default().push(Role::Warning, replacing_text(&comparison.differing)),
            None => Line::default().push(Role::Dim, "by fingerprint; no server answers a value"),
        };
        vec![Line::default().push(Role::Strong, sentence), note]
    }

    fn list(&self) -> &Sheet {
        &self.list
    }

    fn list_mut(&mut self) -> &mut Sheet {
        &mut self.list
    }

    fn question(&self) -> Line {
        if self.known().is_none() {
            return Line::default().push(Role::Dim, "…");
        }
        if self.is_typed() {
            return Line::default().plain(format!("type `{WORD}` to push and replace: "));
        }
        let mut line = Line::default();
        if self.creates() {
            line = line.push(Role::Field, "y").plain(" push what it lacks   ");
        }
        if self.differs() {
            line = line.push(Role::Field, "R").plain(" replace what differs too   ");
        }
        line.push(Role::Field, "esc").plain(" back")
    }

    fn typed(&self) -> Option<&Input> {
        self.replacing.as_ref()
    }
}
