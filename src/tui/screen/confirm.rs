//! The confirmation before an apply: what will happen, and what has to be typed before it does.
//!
//! ```text
//! creates 2, updates 3, deletes 1; restarts 1 platform                     always on top
//! dev at app.lobu.ai
//! ──────────────────────────────────────────────────────────────────
//! nobody has looked at 2 of 6 rows                                         scrolls
//!
//! deletes 1:
//!   - agent stale
//!
//! restarts 1 platform, in-flight messages may drop:
//!   ⚠ platform triage/triage-telegram
//! ──────────────────────────────────────────────────────────────────
//! type `yes` to apply: ye_                                                 always below
//! ```

use tui_input::Input;

use super::{Page, Review};
use crate::show::preview::ApplyPreview;
use crate::show::selection::unseen_text;
use crate::show::{Line, Role};
use crate::tui::board::Facts;
use crate::tui::sheet::Sheet;
use crate::tui::workbench::Refusal;

/// How the question is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmation {
    /// By pressing a key.
    Key,
    /// By typing this word.
    Typed(String),
    /// Not at all: a guard refuses this selection.
    Refused,
}

/// The page that asks before an apply.
#[derive(Debug, Clone)]
pub struct Confirm {
    /// What will happen, in one sentence with every number.
    pub sentence: String,
    /// The organization and its server.
    pub target: Line,
    /// Deletions, restarts, possible restarts and what is left out, every row by name.
    pub list: Sheet,
    /// How the question is answered.
    pub confirmation: Confirmation,
    /// What was typed so far.
    pub input: Input,
}

impl Confirm {
    /// Creates the page for the rows that are selected now.
    pub fn of(review: &Review) -> Self {
        let plan = &review.board.plan;
        let preview = ApplyPreview::of(plan, &review.selection, &review.board.prune);
        let mut lines: Vec<Line> = unseen(review).into_iter().collect();
        let rows = preview.lines();
        if !lines.is_empty() && !rows.is_empty() {
            lines.push(Line::default());
        }
        lines.extend(rows);
        // A protected target is confirmed by its name, even where nothing is deleted or restarts.
        let confirmation = if review.board.facts.protected {
            Confirmation::Typed(plan.target.organization.clone())
        } else if preview.needs_typed_yes() {
            Confirmation::Typed("yes".to_owned())
        } else {
            Confirmation::Key
        };
        Self {
            sentence: preview.sentence(),
            target: target_line(&review.board.facts),
            list: Sheet::new(lines),
            confirmation,
            input: Input::default(),
        }
    }

    /// Puts a guard's reasons on top of the list; from then on the page cannot be confirmed.
    pub fn refuse(&mut self, refusal: Refusal) {
        self.confirmation = Confirmation::Refused;
        self.put_on_top(refusal.lines);
    }

    /// Puts a warning on top of the list, once. It stays there, whatever is typed.
    pub fn warn(&mut self, text: &str) {
        let warning = Line::default().push(Role::Warning, text);
        if self.list.lines().contains(&warning) {
            return;
        }
        self.put_on_top(vec![warning]);
    }

    fn put_on_top(&mut self, mut lines: Vec<Line>) {
        // The list below may be longer than the page.
        if !self.list.lines().is_empty() {
            lines.push(Line::default());
        }
        lines.extend(self.list.lines().iter().cloned());
        self.list = Sheet::new(lines);
    }

    /// Whether the page may be left for the run.
    pub fn is_answered(&self) -> bool {
        match &self.confirmation {
            Confirmation::Key => true,
            Confirmation::Typed(word) => self.input.value().trim() == word,
            Confirmation::Refused => false,
        }
    }
}

impl Page for Confirm {
    fn head(&self) -> Vec<Line> {
        vec![Line::default().push(Role::Strong, &self.sentence), self.target.clone()]
    }

    fn list(&self) -> &Sheet {
        &self.list
    }

    fn list_mut(&mut self) -> &mut Sheet {
        &mut self.list
    }

    fn question(&self) -> Line {
        match &self.confirmation {
            Confirmation::Key => Line::default()
                .push(Role::Field, "y")
                .plain(" apply   ")
                .push(Role::Field, "esc")
                .plain(" back"),
            Confirmation::Typed(word) => Line::default().plain(format!("type `{word}` to apply: ")),
            Confirmation::Refused => Line::default().push(Role::Error, "cannot be applied; esc goes back"),
        }
    }

    fn typed(&self) -> Option<&Input> {
        matches!(self.confirmation, Confirmation::Typed(_)).then_some(&self.input)
    }
}

/// Returns how many of the selected rows nobody has looked at, or `None` where all were looked at.
fn unseen(review: &Review) -> Option<Line> {
    let board = &review.board;
    let rows = board.plan.rows.iter();
    let selected: Vec<_> = rows.filter(|row| review.selection.contains(&row.address)).collect();
    let unseen = selected.iter().filter(|row| board.looked.misses(row)).count();
    (unseen > 0).then(|| Line::default().push(Role::Warning, unseen_text(unseen, selected.len())))
}

/// Returns the organization and its server, and that they are protected if they are.
pub(super) fn target_line(facts: &Facts) -> Line {
    let line = Line::default()
        .push(Role::Running, &facts.title.organization)
        .plain(format!(" at {}", facts.title.host));
    if facts.protected {
        line.push(Role::Warning, " (protected)")
    } else {
        line
    }
}
