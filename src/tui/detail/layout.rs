//! Where the lines of the pane break, and the column of line numbers before them.

use super::text::DetailText;
use crate::show::Line;
use crate::tui::body::{BodyLine, BodyText};
use crate::tui::wrap::{Cut, cuts};

/// One screen row of the pane: a line and the part of it that is on this row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strip {
    /// The index of the line; the head's lines come first, then the body's.
    pub line: usize,
    /// The part in the left column, or over the whole width.
    pub left: Option<Cut>,
    /// The part in the right column.
    pub right: Option<Cut>,
    /// Whether it is the first row of its line, the one with the number.
    pub is_first: bool,
}

/// Returns the width of each of the two columns; three cells are between them.
pub fn column_width(width: usize) -> usize {
    (width.saturating_sub(3) / 2).max(1)
}

/// Returns the width of the column of numbers: that of the largest one, and a blank. 0 where no line has a number.
pub(super) fn gutter_width(body: &[BodyLine]) -> usize {
    let numbers = body.iter().flat_map(|line| [line.before, line.after]);
    let largest = numbers.flatten().max();
    largest.map_or(0, |largest| largest.to_string().len() + 1)
}

/// Returns the rows of a text at a width. Lines with a number leave room for it.
pub(super) fn strips(text: &DetailText, width: usize, gutter: usize) -> Vec<Strip> {
    let width = width.max(1);
    let mut strips = Vec::with_capacity(text.len());
    for (index, line) in text.head.iter().enumerate() {
        one(&mut strips, index, line, width);
    }
    for (index, line) in text.body.iter().enumerate() {
        let index = index + text.head.len();
        let numbers = if line.before.or(line.after).is_some() {
            gutter
        } else {
            0
        };
        let room = |width: usize| width.saturating_sub(numbers).max(1);
        match &line.text {
            BodyText::One(line) => one(&mut strips, index, line, room(width)),
            BodyText::Two(left, right) => two(&mut strips, index, left, right, room(column_width(width))),
        }
    }
    strips
}

fn one(strips: &mut Vec<Strip>, line: usize, text: &Line, width: usize) {
    let cuts = cuts(text, width).into_iter().enumerate();
    strips.extend(cuts.map(|(at, cut)| Strip {
        line,
        left: Some(cut),
        right: None,
        is_first: at == 0,
    }));
}

fn two(strips: &mut Vec<Strip>, line: usize, left: &Line, right: &Line, width: usize) {
    let (left, right) = (cuts(left, width), cuts(right, width));
    strips.extend((0..left.len().max(right.len())).map(|at| Strip {
        line,
        left: left.get(at).copied(),
        right: right.get(at).copied(),
        is_first: at == 0,
    }));
}
