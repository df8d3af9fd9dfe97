//! The parts around every screen: frame, title and keys.
//!
//! ```text
//! ┌─ lobuctl ─ support-desk/lobu.toml -> dev at app.lobu.ai ── plan 420 ms ┐
//! │ header                                                                 │
//! ├──────────────────────────────────────┬─────────────────────────────────┤
//! │                                      │                                 │
//! ├ message ─────────────────────────────┴─────────────────────────────────┤
//! │ space select  enter open  / filter  tab pane                           │
//! └────────────────────────────────────────────────────────────────────────┘
//! ```

use ratatui::layout::Rect;

use super::header;
use super::paint::Canvas;
use crate::show::pane::found_text;
use crate::show::plan::READ_ONLY;
use crate::show::watch::{FILES_BROKEN, SERVER_LOST, server_age_text};
use crate::show::word::duration;
use crate::show::{Role, change, event, printable, watch};
use crate::tui::board::{Board, Focus};
use crate::tui::detail::{DetailPane, Place};
use crate::tui::key::Key;
use crate::tui::keymap::{self, Binding};
use crate::tui::layout::Layout;
use crate::tui::model::Model;
use crate::tui::screen::Screen;
use crate::tui::wrap::{fit, width};

/// Draws everything but the panes.
pub(super) fn draw(canvas: &mut Canvas, model: &Model, layout: &Layout) {
    if layout.framed {
        frame(canvas, model, layout);
    }
    if !model.is_confirming() {
        header::draw(canvas, model, layout.header, layout.framed);
    }
    footer(canvas, model, layout);
}

fn frame(canvas: &mut Canvas, model: &Model, layout: &Layout) {
    let area = layout.area;
    canvas.draw_frame(area);
    title(canvas, model, area);
    let [open_right, open_left, open_down, open_up] = canvas.glyphs.joints;
    let (upper, lower) = (area.top() + 2, area.bottom() - 3);
    canvas.horizontal_line(area, lower, [open_right, open_left]);
    if model.is_confirming() {
        return;
    }
    canvas.horizontal_line(area, upper, [open_right, open_left]);
    let (Some(tree), Some(detail), Some(board)) = (layout.tree, layout.detail, model.board()) else {
        return;
    };
    if tree.y == detail.y {
        let x = detail.x - 2;
        canvas.vertical_line(x, upper + 1, lower);
        canvas.write_char(x, upper, open_down, canvas.theme.border());
        canvas.write_char(x, lower, open_up, canvas.theme.border());
    } else {
        canvas.horizontal_line(area, detail.y - 1, [open_right, open_left]);
    }
    pane_title(canvas, model, board, detail);
}

/// Draws what the second pane shows; strong when it has the focus.
fn pane_title(canvas: &mut Canvas, model: &Model, board: &Board, area: Rect) {
    let is_broken = model.watch.as_ref().is_some_and(|watch| watch.broken.is_some());
    let title = match &model.screen {
        _ if is_broken => watch::DIAGNOSTICS_TITLE,
        Screen::Run(run) if run.log_open => event::TITLE,
        _ if board.detail.style().side_by_side => change::COLUMNS_TITLE,
        _ => change::TITLE,
    };
    let style = if is_broken {
        canvas.theme.role(Role::Error)
    } else if board.focus == Focus::Detail {
        canvas.theme.role(Role::Strong)
    } else {
        canvas.theme.border()
    };
    let x = canvas.write_styled(area.x, area.y - 1, area.right(), &format!(" {title} "), style);
    if board.search.is_none() && !board.detail.query().is_empty() {
        let text = printable(&format!("/{} {} ", board.detail.query(), hits_text(&board.detail)));
        canvas.write(x, area.y - 1, area.right(), &text, Role::Running);
    }
}

/// Returns how much the search of the detail has found, and the number of the hit that was gone to.
fn hits_text(detail: &DetailPane) -> String {
    let current = match detail.place() {
        Some(Place::Hit(hit)) => Some(hit),
        _ => None,
    };
    found_text(current, detail.hits().len())
}

fn title(canvas: &mut Canvas, model: &Model, area: Rect) {
    let end = area.right().saturating_sub(2);
    let strong = canvas.theme.role(Role::Strong);
    let mut x = canvas.write_styled(2, area.y, end, " lobuctl ", strong);
    let Some(board) = model.board() else { return };
    let (role, notes) = title_notes(model, board);
    x += 1;
    // What is wrong with the plan is said whatever the width: the target can be cut, and the user knows it.
    let kept = notes.last().filter(|_| role == Role::Warning);
    let kept = kept.map_or(0, |note| width(note) + 1);
    let room = usize::from(end.saturating_sub(x + 2)).saturating_sub(kept);
    let [before, target, after] = from_to(board, room);
    let mut x = canvas.write(x, area.y, end, &format!(" {before}"), Role::Plain);
    x = canvas.write_styled(x, area.y, end, &target, canvas.theme.target());
    x = canvas.write(x, area.y, end, &format!("{after} "), Role::Plain);
    let fits = |note: &&String| usize::from(x) + width(note) < usize::from(end);
    if let Some(note) = notes.iter().find(fits) {
        canvas.write_right(x, area.y, end, note, canvas.theme.role(role));
    }
}

/// Returns what the title says at its right: how old the plan is, and where it comes from. The first text that fits is used.
fn title_notes(model: &Model, board: &Board) -> (Role, Vec<String>) {
    let Some(watch) = &model.watch else {
        let note = if board.facts.read_only.is_some() {
            READ_ONLY.to_owned()
        } else {
            format!("plan {}", duration(board.facts.took_ms))
        };
        return (Role::Dim, vec![format!(" {note} ")]);
    };
    let (is_lost, is_broken) = (watch.lost.is_some(), watch.broken.is_some());
    let age = server_age_text(watch.server_age(model.now_ms), is_lost);
    let notes = match (is_broken, is_lost) {
        (true, true) => vec![
            format!(" {FILES_BROKEN}, {age} "),
            format!(" {FILES_BROKEN}, {SERVER_LOST} "),
        ],
        (true, false) => vec![format!(" {FILES_BROKEN}, {age} "), format!(" {FILES_BROKEN} ")],
        (false, true) => vec![
            format!(" watching, {age} "),
            format!(" {age} "),
            format!(" {SERVER_LOST} "),
        ],
        (false, false) => vec![format!(" watching, {age} "), format!(" {age} ")],
    };
    let role = if is_lost || is_broken { Role::Warning } else { Role::Dim };
    (role, notes)
}

/// Returns the config file and the target, in the direction in which values go. Where there is little room the path loses its beginning: the target matters
/// more, because it is what will be written to. Returns the texts before the target, of the target and after it.
fn from_to(board: &Board, room: usize) -> [String; 3] {
    let title = &board.facts.title;
    let protected = if board.facts.protected { " (protected)" } else { "" };
    let target = printable(&format!("{} at {}{protected}", title.organization, title.host));
    let config = printable(&title.config);
    // Four columns are the arrow between the two.
    let left = room.saturating_sub(width(&target) + 4);
    let mut shown = config.as_str();
    while width(shown) > left {
        match shown.split_once('/') {
            Some((_, rest)) => shown = rest,
            None => return [String::new(), fit(&target, room), String::new()],
        }
    }
    if board.facts.pull.is_some() {
        [String::new(), target, format!(" -> {shown}")]
    } else {
        [format!("{shown} -> "), target, String::new()]
    }
}

/// Draws the keys that do something now, as many as fit. Without a frame a message takes their place.
fn footer(canvas: &mut Canvas, model: &Model, layout: &Layout) {
    let area = layout.footer;
    if area.height == 0 {
        return;
    }
    if let Some(board) = model.board()
        && filter_line(canvas, board, area)
    {
        return;
    }
    if model.notice.is_none() || layout.framed {
        keys(canvas, model, area);
    }
}

fn keys(canvas: &mut Canvas, model: &Model, area: Rect) {
    let named = keymap::footer(model);
    // Help and quitting come last, and are always there: their room is set aside before the others get theirs.
    let (last, first): (Vec<_>, Vec<_>) = named.into_iter().partition(|(_, binding)| binding.is_always_named());
    let columns = |(key, binding): &(Key, &Binding)| binding.label.len() + width(&key.to_string()) + 3;
    let mut room = usize::from(area.width).saturating_sub(last.iter().map(columns).sum());
    let mut x = area.x;
    for named in first.iter().chain(&last) {
        let (key, binding) = named;
        if !binding.is_always_named() {
            if columns(named) > room {
                // A shorter key of less importance must not take the room of this one.
                room = 0;
                continue;
            }
            room -= columns(named);
        }
        x = canvas.write_styled(x, area.y, area.right(), &key.to_string(), canvas.theme.key());
        x = canvas.write(x + 1, area.y, area.right(), binding.label, Role::Plain) + 2;
    }
}

/// Draws the filter, or what is searched for, while it is typed. Returns whether it is.
fn filter_line(canvas: &mut Canvas, board: &Board, area: Rect) -> bool {
    let (input, hint) = match (&board.filter, &board.search) {
        (Some(input), _) => (input, "enter keeps it, esc clears it".to_owned()),
        (None, Some(input)) => (
            input,
            format!("{}; enter keeps it, esc ends it", hits_text(&board.detail)),
        ),
        (None, None) => return false,
    };
    let x = canvas.write_styled(area.x, area.y, area.right(), "/", canvas.theme.key());
    let room = usize::from(area.right().saturating_sub(x));
    let scroll = input.visual_scroll(room.saturating_sub(1));
    let tail: String = input.value().chars().skip(scroll).collect();
    // The filter is not wrapped: when it is longer than the line, the part around the cursor is shown.
    let end = canvas.write(x, area.y, area.right(), &printable(&tail), Role::Plain);
    let cursor = x + input.visual_cursor().saturating_sub(scroll) as u16;
    canvas.set_cursor(cursor, area.y);
    match board.outline.filter_error().filter(|_| board.filter.is_some()) {
        Some(error) => canvas.write(end + 3, area.y, area.right(), error, Role::Warning),
        None => canvas.write(end + 3, area.y, area.right(), &hint, Role::Dim),
    };
    true
}
