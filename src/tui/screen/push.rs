//! The page before secrets are pushed: which names the server lacks, which differ there, and what is done about it. Names
//! and fingerprints, never a value.

use tui_input::Input;

use super::Page;
use super::confirm::target_line;
use crate::show::vault::replacing_text;
use crate::show::{Line, Role};
use crate::tui::board::Facts;
use crate::tui::sheet::Sheet;
use crate::tui::workbench::SecretComparison;

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
    target: Line,
    /// The word that approves: `yes`, or the name of a protected organization.
    word: String,
    /// Whether nothing is sent without the word.
    protected: bool,
    state: PushState,
    typing: Option<TypedPush>,
    list: Sheet,
}

/// What is approved by a word.
#[derive(Debug, Clone, Default)]
struct TypedPush {
    /// Whether values that differ are replaced too.
    replaces: bool,
    /// What was typed so far.
    input: Input,
}

impl PushPage {
    /// Creates the page of this number, before both sides are compared.
    pub fn new(number: u64, facts: &Facts) -> Self {
        Self {
            number,
            target: target_line(facts),
            word: if facts.protected {
                facts.title.organization.clone()
            } else {
                "yes".to_owned()
            },
            protected: facts.protected,
            state: PushState::Comparing,
            typing: None,
            list: Sheet::default(),
        }
    }

    /// Returns the number of the page.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Shows how both sides compare.
    pub fn show(&mut self, comparison: SecretComparison) {
        let mut lines = comparison.refusal.clone();
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.extend(comparison.lines.iter().cloned());
        self.list = Sheet::new(lines);
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

    /// Whether a value on the server is another one, and no guard refuses that it is replaced.
    pub fn can_replace(&self) -> bool {
        let can = |known: &SecretComparison| !known.differing.is_empty() && known.refusal.is_empty();
        self.known().is_some_and(can)
    }

    /// Asks for the word that approves that values are replaced too.
    pub fn ask_to_replace(&mut self) {
        if self.can_replace() {
            self.typing = Some(TypedPush {
                replaces: true,
                ..TypedPush::default()
            });
        }
    }

    /// Whether the answer is a word.
    pub fn is_typed(&self) -> bool {
        self.typing.is_some()
    }

    /// Returns the word that approves.
    pub fn word(&self) -> &str {
        &self.word
    }

    /// Returns the typed line, where the answer is a word.
    pub fn input(&mut self) -> Option<&mut Input> {
        self.typing.as_mut().map(|typing| &mut typing.input)
    }

    /// Begins to send, or asks for the word that a protected target wants. Returns whether values are replaced too, or `None`
    /// when there is nothing to send or it is not approved.
    pub fn begin(&mut self) -> Option<bool> {
        let replaces = match &self.typing {
            Some(typing) if typing.input.value().trim() == self.word => typing.replaces,
            None if self.creates() && self.protected => {
                self.typing = Some(TypedPush::default());
                return None;
            }
            None if self.creates() => false,
            _ => return None,
        };
        (self.state, self.typing) = (PushState::Sending, None);
        Some(replaces)
    }

    fn replaces(&self) -> bool {
        self.typing.as_ref().is_some_and(|typing| typing.replaces)
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
        let note = match self.known().filter(|_| self.replaces()) {
            Some(comparison) => Line::default().push(Role::Warning, replacing_text(&comparison.differing)),
            None => Line::default().push(Role::Dim, "by fingerprint; no server answers a value"),
        };
        // The target comes last: where there is little room, the end is kept.
        vec![Line::default().push(Role::Strong, sentence), note, self.target.clone()]
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
        if let Some(typing) = &self.typing {
            let what = if typing.replaces { "push and replace" } else { "push" };
            return Line::default().plain(format!("type `{}` to {what}: ", self.word));
        }
        let mut line = Line::default();
        if self.creates() {
            line = line.push(Role::Field, "y").plain(" push what it lacks   ");
        }
        if self.can_replace() {
            line = line.push(Role::Field, "R").plain(" replace what differs too   ");
        }
        line.push(Role::Field, "esc").plain(" back")
    }

    fn typed(&self) -> Option<&Input> {
        self.typing.as_ref().map(|typing| &typing.input)
    }
}
