//! One line of the key table.

use crate::tui::action::Action;
use crate::tui::key::Key;
use crate::tui::model::{KeyContext, Model};

/// An action by its name, with its keys and its words in some contexts.
#[derive(Debug)]
pub struct Binding {
    /// The name of the action, such as `next-change`. It never changes, and other lines of the same action have it too.
    pub name: &'static str,
    /// The keys, unless others were chosen; each of them does the same.
    pub keys: &'static [Key],
    /// The contexts in which the keys are bound.
    pub contexts: &'static [KeyContext],
    /// Whether it does something now; the footer names it only then.
    pub when: fn(&Model) -> bool,
    /// The message when it does nothing; empty for keys that are pressed out of habit.
    pub otherwise: &'static str,
    /// What the keys do.
    pub action: Action,
    /// The position in the footer, lowest first; 0 for keys that only the help lists.
    pub rank: u8,
    /// The text in the footer; empty when it is not there.
    pub label: &'static str,
    /// The text in the help.
    pub help: &'static str,
}

/// The rank from which on a key is always in the footer: help and quitting.
const ALWAYS_NAMED: u8 = 11;

impl Binding {
    /// Whether the footer names the key even where it has no room for others.
    pub fn is_always_named(&self) -> bool {
        self.rank >= ALWAYS_NAMED
    }

    pub(super) const fn when(self, when: fn(&Model) -> bool, otherwise: &'static str) -> Self {
        Self {
            when,
            otherwise,
            ..self
        }
    }
}

/// Creates a line of the table that is not in the footer.
pub(super) const fn quiet(
    name: &'static str,
    keys: &'static [Key],
    contexts: &'static [KeyContext],
    action: Action,
    help: &'static str,
) -> Binding {
    bound(name, keys, contexts, action, (0, ""), help)
}

/// Creates a line of the table, with its rank and its text in the footer.
pub(super) const fn bound(
    name: &'static str,
    keys: &'static [Key],
    contexts: &'static [KeyContext],
    action: Action,
    (rank, label): (u8, &'static str),
    help: &'static str,
) -> Binding {
    Binding {
        name,
        keys,
        contexts,
        when: always,
        otherwise: "",
        action,
        rank,
        label,
        help,
    }
}

fn always(_: &Model) -> bool {
    true
}
