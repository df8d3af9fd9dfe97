//! The tree.
//!
//! ```text
//! ▾ agents
//!   ▾ [x] ~ triage                  name
//!       [x] ~ settings      soulMd, network…
//!       [x] ~ telegram            ⚠ restarts
//!       [x] + slack/eng
//!   ▸     = billing          4 unchanged
//! ▸ memory                      1 create
//! ```

use std::collections::HashSet;

use ratatui::layout::Rect;
use unicode_segmentation::UnicodeSegmentation;

use super::paint::Canvas;
use super::state;
use crate::apply::RowProgress;
use crate::plan::{Counts, Row};
use crate::show::pane::same_change_text;
use crate::show::plan::verbs_text;
use crate::show::progress::status_summary;
use crate::show::pull::file_text;
use crate::show::row::{row_hint, row_name, verb_role};
use crate::show::word::more_text;
use crate::show::{Role, printable};
use crate::tui::board::{Board, Focus};
use crate::tui::filter::{self, FilterCondition};
use crate::tui::letter_search::LetterSearch;
use crate::tui::model::Model;
use crate::tui::screen::{RunScreen, Screen};
use crate::tui::tree::{Arrangement, NodeId, TreeNode, label};
use crate::tui::wrap::{fit, width};

/// Draws the visible part of the tree.
pub(super) fn draw(canvas: &mut Canvas, model: &Model, board: &Board, area: Rect) {
    let outline = &board.outline;
    let from = outline.top().min(outline.shown().len());
    let visible = outline.shown()[from..].iter().take(usize::from(area.height));
    let mut searches = searches(&outline.filters().query);
    let range = board.range();
    for (line, index) in visible.enumerate() {
        let row = Rect {
            y: area.y + line as u16,
            height: 1,
            ..area
        };
        let Some(node) = outline.tree().node(*index) else {
            continue;
        };
        NodeLine {
            canvas,
            model,
            board,
            area: row,
        }
        .node(*index, node, &mut searches);
        // Bold alone does not show everywhere which rows a key is about.
        if board.range_from.is_some() && range.contains(&(from + line)) {
            canvas.write_char(
                area.x + 1,
                row.y,
                canvas.glyphs.vertical,
                canvas.theme.role(Role::Running),
            );
        }
        if from + line == outline.cursor() {
            canvas.select(row, board.focus == Focus::Tree);
        } else if range.contains(&(from + line)) {
            canvas.select(row, false);
        }
    }
    more(canvas, model, board, area);
    if outline.shown().is_empty() {
        canvas.write(area.x, area.y, area.right(), empty_message(board), Role::Dim);
    }
}

/// Draws the number of lines below the window, unless a message is shown there.
fn more(canvas: &mut Canvas, model: &Model, board: &Board, area: Rect) {
    let layout = model.layout();
    let below = board
        .outline
        .shown()
        .len()
        .saturating_sub(board.outline.top() + usize::from(area.height));
    let free = layout.framed && (model.notice.is_none() || area.bottom() < layout.body.bottom());
    if below > 0 && free {
        let text = format!(" {} ", more_text(below));
        canvas.write_right(
            area.x,
            area.bottom(),
            area.right(),
            &text,
            canvas.theme.role(Role::Plain),
        );
    }
}

fn empty_message(board: &Board) -> &'static str {
    if board.plan.rows.is_empty() {
        "nothing in the files, nothing on the server"
    } else if board.outline.filters().query.is_empty() {
        "everything is hidden: `c` and `1` to `4` show rows again"
    } else {
        "nothing matches; esc clears the filter"
    }
}

/// Returns a search for each word of the filter; they find the letters to emphasize.
fn searches(query: &str) -> Vec<LetterSearch> {
    let terms = filter::parse(query).terms.into_iter().filter(|term| !term.negated);
    let words = terms.filter_map(|term| match term.condition {
        FilterCondition::Text(word, _) => Some(word),
        _ => None,
    });
    words.map(|word| LetterSearch::new(&word)).collect()
}

/// Draws one line of the tree.
struct NodeLine<'a, 'b> {
    canvas: &'a mut Canvas<'b>,
    model: &'a Model,
    board: &'a Board,
    area: Rect,
}

impl NodeLine<'_, '_> {
    fn node(&mut self, index: usize, node: &TreeNode, searches: &mut [LetterSearch]) {
        let x = self.fold(index, node);
        match (&node.id, node.row.map(|row| &self.board.plan.rows[row])) {
            (NodeId::Row(_), Some(row)) => self.row(x, index, row, searches),
            (NodeId::Group(group), _) => self.heading(x, index, group.title(), Role::Heading),
            (NodeId::File(file), _) => self.heading(x, index, &printable(&file_text(file)), Role::Heading),
            (NodeId::Shape(title), _) => self.heading(x, index, &printable(title), Role::Heading),
            (NodeId::Rest(title), _) => self.heading(x, index, title, Role::Heading),
            (NodeId::Same(_), _) => self.same_change(x, index),
            (NodeId::Kind(kind), _) => {
                let x = self.put(x, kind, Role::Heading);
                let text = counted(self.counts(index), true);
                self.end(x, &text, Role::Dim);
            }
            (NodeId::Parent(address), _) => {
                // The label is in line with those of rows, which have a box or a glyph and a marker before it.
                let blank = if matches!(self.model.screen, Screen::Review(_)) {
                    6
                } else {
                    4
                };
                let x = self.put(x + blank, &label(address), Role::Dim);
                let text = counted(self.counts(index), self.board.outline.is_folded(index));
                self.end(x, &text, Role::Dim);
            }
            (NodeId::Row(_), None) => {}
        }
    }

    fn heading(&mut self, x: u16, index: usize, title: &str, role: Role) {
        let x = self.put(x, title, role);
        let text = counted(self.counts(index), self.board.outline.is_folded(index));
        self.end(x, &text, Role::Dim);
    }

    /// Draws the line of a group of equal changes, with the box of its rows.
    fn same_change(&mut self, x: u16, index: usize) {
        let mut x = x;
        if let Screen::Review(review) = &self.model.screen {
            let (role, mark) = state::checkbox(review, None, self.board.outline.tree().rows(index));
            x = self.put(x, mark, role) + 1;
        }
        let title = same_change_text(self.board.outline.tree().rows(index).count());
        self.heading(x, index, &title, Role::Id);
    }

    /// Draws the fold mark, and a dot for a row that is new. Returns where the line goes on.
    fn fold(&mut self, index: usize, node: &TreeNode) -> u16 {
        let x = self.area.x + 2 * node.depth as u16;
        if self.board.outline.tree().has_children(index) {
            let glyph = self.canvas.glyphs.folds[usize::from(self.board.outline.is_folded(index))];
            let text = glyph.to_string();
            self.put(x, &text, Role::Dim);
        }
        let row = node.row.and_then(|row| self.board.plan.rows.get(row));
        if row.is_some_and(|row| self.board.looked.fresh.contains(&row.address)) {
            let text = self.canvas.glyphs.fresh.to_string();
            self.put(x + 1, &text, Role::Warning);
        }
        x + 2
    }

    fn row(&mut self, x: u16, index: usize, row: &Row, searches: &mut [LetterSearch]) {
        let (mut x, (end_role, end_text), dim) = self.lead(x, index, row);
        let marker = row.verb.marker().to_string();
        x = self.put(x, &marker, verb_role(row.verb)) + 1;
        x = self.label(x, row, searches, dim);
        let folded = self.board.outline.is_folded(index);
        if folded && end_text.is_empty() {
            let text = counted(self.counts(index), true);
            self.end(x, &text, Role::Dim);
        } else {
            self.end(x, &end_text, end_role);
        }
    }

    /// Draws what is before the marker. Returns where the line goes on, the text at its end, and whether to dim the row.
    fn lead(&mut self, x: u16, index: usize, row: &Row) -> (u16, (Role, String), bool) {
        let now_ms = self.model.now_ms;
        match &self.model.screen {
            Screen::Review(review) => {
                let rows = self.board.outline.tree().rows(index);
                let own = self.board.outline.tree().node(index).and_then(|node| node.row);
                let (role, mark) = state::checkbox(review, own, rows);
                (self.put(x, mark, role) + 1, row_hint(row), !row.is_notable())
            }
            Screen::Run(run) => {
                let progress = run.progress.rows.get(&row.address);
                let below = self
                    .board
                    .outline
                    .is_folded(index)
                    .then(|| self.worst_below(run, index))
                    .flatten();
                let (glyph, role) = state::glyph(&self.canvas.glyphs, below.or(progress), now_ms);
                let x = self.put(x, &glyph.to_string(), role) + 1;
                let summary = progress.map(|progress| status_summary(&progress.status, run.elapsed(now_ms)));
                (x, summary.unwrap_or_default(), progress.is_none())
            }
            Screen::Loading(_) | Screen::Failed(_) => (x, (Role::Dim, String::new()), false),
        }
    }

    /// Returns the state of the hidden row that needs the user most.
    fn worst_below<'r>(&self, run: &'r RunScreen, index: usize) -> Option<&'r RowProgress> {
        let rows = self.board.outline.tree().rows(index);
        let states = rows.filter_map(|row| run.progress.rows.get(&self.board.plan.rows[row].address));
        states.max_by_key(|progress| state::urgency(&progress.status))
    }

    fn label(&mut self, x: u16, row: &Row, searches: &mut [LetterSearch], dim: bool) -> u16 {
        let text = match self.board.outline.tree().arrangement() {
            Arrangement::ByKind => printable(&label(&row.address)),
            Arrangement::ByFile | Arrangement::ByChange => printable(&row_name(&row.address)),
        };
        let style = self.canvas.theme.role(if dim { Role::Dim } else { Role::Id });
        let found = found(&text, searches);
        if found.is_empty() {
            return self
                .canvas
                .write_styled(x, self.area.y, self.area.right(), &text, style);
        }
        let mut x = x;
        for (position, piece) in (0..).zip(text.graphemes(true)) {
            let style = if found.contains(&position) {
                self.canvas.found(style)
            } else {
                style
            };
            x = self
                .canvas
                .write_styled(x, self.area.y, self.area.right(), piece, style);
        }
        x
    }

    fn counts(&self, index: usize) -> Counts {
        let rows = self.board.outline.tree().rows(index);
        Counts::of(rows.map(|row| &self.board.plan.rows[row]))
    }

    fn put(&mut self, x: u16, text: &str, role: Role) -> u16 {
        self.canvas.write(x, self.area.y, self.area.right(), text, role)
    }

    /// Draws a text at the right edge, as much as there is room for.
    fn end(&mut self, x: u16, text: &str, role: Role) {
        let room = usize::from(self.area.right().saturating_sub(x + 2));
        if room < 4 || text.is_empty() {
            return;
        }
        let text = fit(&printable(text), room);
        let style = self.canvas.theme.role(role);
        self.canvas
            .write_right(x + 2, self.area.y, self.area.right(), &text, style);
        debug_assert!(width(&text) <= room);
    }
}

/// Returns the numbers of rows below a node. Unchanged rows count only where they are not on the screen themselves, or
/// where there is nothing else.
fn counted(counts: Counts, folded: bool) -> String {
    let has_others = counts.changes() + counts.drift > 0;
    let noop = if has_others && !folded { 0 } else { counts.noop };
    verbs_text(&Counts { noop, ..counts })
}

/// Returns which graphemes of a label the filter has found.
fn found(text: &str, searches: &mut [LetterSearch]) -> HashSet<u32> {
    searches.iter_mut().flat_map(|search| search.positions(text)).collect()
}
