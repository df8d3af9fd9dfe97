//! The layout of a terminal: a pure function of its size, used by the view and by the mouse.
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

/// The areas of one frame.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Layout {
    /// The whole terminal.
    pub area: Rect,
    /// Whether a border is drawn around and between.
    pub framed: bool,
    /// The line of counts or of progress; empty on a terminal of fewer than three lines.
    pub header: Rect,
    /// Everything between header and footer.
    pub body: Rect,
    /// The tree, unless only the detail is on the screen.
    pub tree: Option<Rect>,
    /// The detail, unless only the tree is on the screen.
    pub detail: Option<Rect>,
    /// The line of keys; empty on a terminal of fewer than four lines.
    pub footer: Rect,
}

/// The parts of a confirmation, top to bottom. Any of them may be empty in a small terminal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PageAreas {
    /// The sentence and the target, always visible.
    pub head: Rect,
    /// The rows by name, which scroll.
    pub list: Rect,
    /// The question, one line.
    pub question: Rect,
}

impl Layout {
    /// Returns the parts of a confirmation whose head takes this many rows. The question is kept first, then the head.
    pub fn page(&self, head_rows: usize) -> PageAreas {
        let rule = u16::from(self.framed);
        let all = Rect {
            height: (self.body.bottom()).saturating_sub(self.header.y),
            ..self.header
        };
        // A terminal of one or two lines has no header.
        let all = if self.header.height == 0 { self.body } else { all };
        let question = all.height.min(1);
        let rest = all.height - question;
        let head_rows = u16::try_from(head_rows).unwrap_or(u16::MAX);
        // The list keeps half of the room, unless there is hardly any: then the head, with the target, is worth more.
        let most = if rest > 4 { rest.div_ceil(2) } else { rest };
        let head = head_rows.min(most);
        let list = rest.saturating_sub(head + 2 * rule);
        PageAreas {
            head: Rect { height: head, ..all },
            list: Rect {
                y: all.y + head + rule,
                height: list,
                ..all
            },
            question: Rect {
                y: all.bottom() - question,
                height: question,
                ..all
            },
        }
    }

    /// Returns the largest text area of a list in a box, as columns and rows.
    pub fn list_size(&self) -> (u16, u16) {
        let (side, above) = if self.framed { (8, 4) } else { (4, 2) };
        let columns = self.area.width.saturating_sub(side).clamp(1, 106);
        (columns, self.area.height.saturating_sub(above))
    }
}

/// The width from which on the panes are side by side.
const WIDE: u16 = 100;
/// The size below which there is no border and only one pane.
const SMALLEST: (u16, u16) = (60, 15);

/// The width of the tree beside the detail, in percent, unless the user wants another one.
const TREE_PERCENT: u16 = 46;

/// Returns the layout of a terminal of this size. `tree_percent` is the width of the tree beside the detail, `None` for the
/// usual one.
pub fn of((width, height): (u16, u16), focus: Focus, zoom: bool, tree_percent: Option<u16>) -> Layout {
    let area = Rect::new(0, 0, width, height);
    if width < SMALLEST.0 || height < SMALLEST.1 {
        bare(area, focus)
    } else {
        framed(area, focus, zoom, tree_percent.unwrap_or(TREE_PERCENT).clamp(1, 99))
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

fn framed(area: Rect, focus: Focus, zoom: bool, tree_percent: u16) -> Layout {
    // At either side the frame and a blank; above the frame, the header and a rule; below a rule, the footer and the frame.
    let (x, width) = (2, area.width - 4);
    let body = Rect::new(x, 3, width, area.height - 6);
    let (tree, detail) = match (zoom, area.width >= WIDE) {
        (true, _) if focus == Focus::Tree => (Some(body), None),
        (true, _) => (None, Some(body)),
        (false, true) => beside(body, tree_percent),
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

fn beside(body: Rect, tree_percent: u16) -> (Option<Rect>, Option<Rect>) {
    let left = (u32::from(body.width) * u32::from(tree_percent) / 100) as u16;
    // Between the panes are a blank, the rule and a blank.
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
    // The rule between the panes takes a line.
    let detail = Rect {
        y: body.y + upper + 1,
        height: body.height - upper - 1,
        ..body
    };
    (Some(tree), Some(detail))
}
