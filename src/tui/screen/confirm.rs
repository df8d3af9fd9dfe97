//! The confirmation before an apply: what will happen, and what has to be typed before it does.
//!
//! ```text
//! creates 2, updates 3, deletes 1; restarts 1 platform, may restart 4      always on top
//! dev at app.lobu.ai
//! ──────────────────────────────────────────────────────────────────
//! deletes 1:                                                               scrolls
//!   - agent stale
//! restarts 1 platform, in-flight messages may drop:
//!   ⚠ triage/triage-telegram
//! ──────────────────────────────────────────────────────────────────
//! type `yes` to apply: ye_                                                 always below
//! ```

use tui_input::Input;

use super::Review;
use crate::plan::{Impact, Row, Verb};
use crate::show::{Line, Role};
use crate::tui::choice::Mark;
use crate::tui::sheet::Sheet;
use crate::tui::workbench::Refusal;
use crate::tui::wrap::cuts;

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
        let selected = Selected::of(review);
        Self {
            sentence: selected.sentence(),
            target: target(review),
            list: Sheet::new(selected.lines()),
            confirmation: selected.confirmation(),
            input: Input::default(),
        }
    }

    /// Puts a guard's reasons on top of the list; from then on the page cannot be confirmed.
    pub fn refuse(&mut self, refusal: Refusal) {
        self.confirmation = Confirmation::Refused;
        let mut lines = refusal.lines;
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

    /// The lines that stay on top, before they are wrapped.
    pub fn head(&self) -> [Line; 2] {
        [Line::default().push(Role::Strong, &self.sentence), self.target.clone()]
    }

    /// Returns the number of rows that the head takes at this width.
    pub fn head_rows(&self, width: u16) -> usize {
        let rows = |line: &Line| cuts(line, usize::from(width.max(1))).len();
        self.head().iter().map(rows).sum()
    }
}

fn target(review: &Review) -> Line {
    let facts = &review.board.facts;
    let line = Line::default()
        .push(Role::Running, &facts.title.organization)
        .plain(format!(" at {}", facts.title.host));
    if facts.protected {
        line.push(Role::Warning, " (protected)")
    } else {
        line
    }
}

/// The selected rows, sorted by what a user has to know before agreeing to them.
struct Selected<'a> {
    review: &'a Review,
    deleted: Vec<&'a Row>,
    cleared: Vec<&'a Row>,
    replaced: Vec<&'a Row>,
    restarted: Vec<&'a Row>,
    may_restart: Vec<&'a Row>,
    implied: Vec<&'a Row>,
    left_out: Vec<&'a Row>,
}

impl<'a> Selected<'a> {
    fn of(review: &'a Review) -> Self {
        let rows = &review.board.plan.rows;
        let written: Vec<&Row> = review.choice.rows().map(|row| &rows[row]).collect();
        let written_and = |wanted: &dyn Fn(&Row) -> bool| written.iter().copied().filter(|row| wanted(row)).collect();
        let marked = |mark: Mark| {
            let marked = rows
                .iter()
                .enumerate()
                .filter(move |(at, _)| review.choice.mark(*at) == mark);
            marked.map(|(_, row)| row).collect()
        };
        Self {
            review,
            deleted: written_and(&|row| row.verb == Verb::Delete),
            cleared: written_and(&|row| row.verb != Verb::Delete && review.board.prune.contains(&row.address)),
            replaced: written_and(&|row| row.impact == Some(Impact::Replace) && !row.restarts()),
            restarted: written_and(&Row::restarts),
            may_restart: written_and(&Row::may_restart),
            implied: marked(Mark::Along),
            left_out: marked(Mark::Off),
        }
    }

    fn confirmation(&self) -> Confirmation {
        if self.review.board.facts.protected {
            return Confirmation::Typed(self.review.board.plan.target.organization.clone());
        }
        let groups = [
            &self.deleted,
            &self.cleared,
            &self.replaced,
            &self.restarted,
            &self.may_restart,
        ];
        if groups.iter().all(|group| group.is_empty()) {
            Confirmation::Key
        } else {
            Confirmation::Typed("yes".to_owned())
        }
    }

    fn sentence(&self) -> String {
        let counts = self.review.counts();
        let rows = if counts.recheck == 1 { " row" } else { " rows" };
        let writes = [
            ("creates", counts.create, ""),
            ("updates", counts.update, ""),
            ("deletes", counts.delete, ""),
            ("clears fields of", self.cleared.len(), ""),
            ("resends the secrets of", counts.recheck, rows),
        ];
        let platforms = if self.restarted.len() == 1 {
            " platform"
        } else {
            " platforms"
        };
        let restarts = [
            ("restarts", self.restarted.len(), platforms),
            ("may restart", self.may_restart.len(), ""),
        ];
        let parts = [numbered(&writes), numbered(&restarts)];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join("; ")
    }

    fn lines(&self) -> Vec<Line> {
        let glyph = |row: &&Row| row.verb.marker();
        let plural = |rows: &[&Row], one: &'static str, many: &'static str| if rows.len() == 1 { one } else { many };
        let mut lines = Vec::new();
        section(&mut lines, Role::Delete, "deletes", &self.deleted, "", deletion_lines);
        section(
            &mut lines,
            Role::Delete,
            "clears what only the server has in",
            &self.cleared,
            "",
            |row| vec![named(Role::Delete, '-', row)],
        );
        section(
            &mut lines,
            Role::Warning,
            "deletes and puts back",
            &self.replaced,
            "",
            |row| vec![named(Role::Warning, '⚠', row)],
        );
        let platforms = plural(
            &self.restarted,
            "platform, in-flight messages may drop",
            "platforms, in-flight messages may drop",
        );
        section(
            &mut lines,
            Role::Warning,
            "restarts",
            &self.restarted,
            platforms,
            restart_lines,
        );
        let secrets = plural(
            &self.may_restart,
            "platform: its secret is sent again, the server restarts it if the value changed",
            "platforms: their secrets are sent again, the server restarts those whose value changed",
        );
        section(
            &mut lines,
            Role::Secret,
            "may restart",
            &self.may_restart,
            secrets,
            |row| vec![named(Role::Secret, '*', row)],
        );
        let needed = plural(
            &self.implied,
            "row that a selected row needs",
            "rows that selected rows need",
        );
        section(&mut lines, Role::Plain, "also writes", &self.implied, needed, |row| {
            vec![named(Role::Plain, glyph(&row), row)]
        });
        let rows = plural(&self.left_out, "row", "rows");
        section(&mut lines, Role::Plain, "leaves out", &self.left_out, rows, |row| {
            vec![named(Role::Dim, glyph(&row), row)]
        });
        lines
    }
}

fn numbered(parts: &[(&str, usize, &str)]) -> String {
    let parts = parts.iter().filter(|(_, count, _)| *count > 0);
    let parts: Vec<String> = parts
        .map(|(verb, count, noun)| format!("{verb} {count}{noun}"))
        .collect();
    parts.join(", ")
}

/// Adds a heading with the number of rows, and the rows.
fn section<'a>(
    lines: &mut Vec<Line>,
    role: Role,
    verb: &str,
    rows: &[&'a Row],
    noun: &str,
    entry: impl Fn(&'a Row) -> Vec<Line>,
) {
    if rows.is_empty() {
        return;
    }
    if !lines.is_empty() {
        lines.push(Line::default());
    }
    let noun = if noun.is_empty() {
        String::new()
    } else {
        format!(" {noun}")
    };
    lines.push(Line::default().push(role, format!("{verb} {}{noun}:", rows.len())));
    lines.extend(rows.iter().copied().flat_map(entry));
}

fn named(role: Role, marker: char, row: &Row) -> Line {
    let line = Line::at(2).push(role, format!("{marker} "));
    line.plain(format!("{} {}", row.address.kind(), row.address.id()))
}

/// A deletion takes more with it than its row names; the planner's warnings say what.
fn deletion_lines(row: &Row) -> Vec<Line> {
    let mut lines = vec![named(Role::Delete, '-', row)];
    let warnings = row.warnings.iter();
    lines.extend(warnings.map(|warning| Line::at(4).push(Role::Warning, format!("⚠ {warning}"))));
    lines
}

fn restart_lines(row: &Row) -> Vec<Line> {
    let line = named(Role::Warning, '⚠', row);
    if row.impact == Some(Impact::Replace) {
        vec![line.push(Role::Warning, ": deleted and put back")]
    } else {
        vec![line]
    }
}
