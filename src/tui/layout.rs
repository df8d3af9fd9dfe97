//! Where things stand at a size: a pure function, read by the view and by the mouse.
//!
//! ```text
//! wide (100 columns and more)      stacked                 bare (under 60x15)
//! ┌─ title ──────────────┐         ┌─ title ──────────┐    header
//! │ header               │         │ header           │    tree, or detail
//! ├───────────┬──────────┤         ├──────────────────┤    …
//! │ tree      │ detail   │         │ tree             │    keys, or a message
//! │           │          │         ├──────────────────┤
//! ├─ message ─┴──────────┤         │ detail           │
//! │ keys                 │         ├─ message ────────┤
//! └──────────────────────┘         │ keys             │
//!                                  └──────────────────┘
//! ```

use ratatui::layout::Rect;

use super::board::Focus;

/// The places of one frame.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Layout {
    /// The whole terminal.
    pub area: Rect,
    /// Whether a border is drawn around and between.
    pub framed: bool,
    /// Counts, progress.
    pub header: Rect,
    /// Everything between header and footer.
    pub body: Rect,
    /// The tree, unless only the detail is on the screen.
    pub tree: Option<Rect>,
    /// The detail, unless only the tree is on the screen.
    pub detail: Option<Rect>,
    /// Keys.
    pub footer: Rect,
}

/// From here on panes stand side by side.
const WIDE: u16 = 100;
/// Below this there is no border and one pane.
const SMALLEST: (u16, u16) = (60, 15);

/// The layout of a terminal of this size.
pub fn of((width, height): (u16, u16), focus: Focus, zoom: bool) -> Layout {
    let area = Rect::new(0, 0, width, height);
    if width < SMALLEST.0 || height < SMALLEST.1 {
        bare(area, focus)
    } else {
        framed(area, focus, zoom)
    }
}

fn bare(area: Rect, focus: Focus) -> Layout {
    let header = u16::from(area.height >= 3);
    let footer = u16::from(area.height >= 4);
    let body = Rect::new(0, header, area.width, area.height - header - footer);
    Layout {
        area,
        framed: false,
        header: Rect::new(0, 0, area.width, header),
        body,
        tree: (focus == Focus::Tree).then_some(body),
        detail: (focus == Focus::Detail).then_some(body),
        footer: Rect::new(0, area.height - footer, area.width, footer),
    }
}

fn framed(area: Rect, focus: Focus, zoom: bool) -> Layout {
    let (x, width) = (2, area.width - 4);
    let body = Rect::new(x, 3, width, area.height - 6);
    let (tree, detail) = match (zoom, area.width >= WIDE) {
        (true, _) if focus == Focus::Tree => (Some(body), None),
        (true, _) => (None, Some(body)),
        (false, true) => beside(body),
        (false, false) => stacked(body),
    };
    Layout {
        area,
        framed: true,
        header: Rect::new(x, 1, width, 1),
        body,
        tree,
        detail,
        footer: Rect::new(x, area.height - 2, width, 1),
    }
}

fn beside(body: Rect) -> (Option<Rect>, Option<Rect>) {
    let left = body.width * 46 / 100;
    let tree = Rect { width: left, ..body };
    let detail = Rect {
        x: body.x + left + 3,
        width: body.width - left - 3,
        ..body
    };
    (Some(tree), Some(detail))
}

fn stacked(body: Rect) -> (Option<Rect>, Option<Rect>) {
    let upper = (body.height * 55 / 100).max(3);
    let tree = Rect { height: upper, ..body };
    let detail = Rect {
        y: body.y + upper + 1,
        height: body.height - upper - 1,
        ..body
    };
    (Some(tree), Some(detail))
}
