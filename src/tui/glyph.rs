//! The characters of the screen, chosen once: for terminals that draw boxes and check marks, and for those that do not.

use super::options::GlyphSet;

/// Every character that is drawn and is not text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyphs {
    /// Left to right.
    pub horizontal: char,
    /// Top to bottom.
    pub vertical: char,
    /// Upper left, upper right, lower left, lower right.
    pub corners: [char; 4],
    /// Open to the right, left, bottom, top.
    pub joints: [char; 4],
    /// Before something that can be folded, and something that can be unfolded.
    pub folds: [char; 2],
    /// At work, in turn.
    pub spinner: &'static [char],
    /// Not begun.
    pub queued: char,
    /// Ended well.
    pub done: char,
    /// Ended badly.
    pub failed: char,
    /// Nobody knows.
    pub unknown: char,
    /// Not tried.
    pub skipped: char,
    /// Tried again.
    pub retry: char,
    /// Be careful.
    pub warning: char,
    /// Full and empty part of a bar.
    pub bar: [char; 2],
    /// The end of a text that did not fit.
    pub more: char,
}

const UNICODE: Glyphs = Glyphs {
    horizontal: '─',
    vertical: '│',
    corners: ['┌', '┐', '└', '┘'],
    joints: ['├', '┤', '┬', '┴'],
    folds: ['▾', '▸'],
    spinner: &['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
    queued: '·',
    done: '✓',
    failed: '✗',
    unknown: '?',
    skipped: '⊘',
    retry: '↻',
    warning: '⚠',
    bar: ['█', '░'],
    more: '…',
};

const ASCII: Glyphs = Glyphs {
    horizontal: '-',
    vertical: '|',
    corners: ['+', '+', '+', '+'],
    joints: ['+', '+', '+', '+'],
    folds: ['v', '>'],
    spinner: &['|', '/', '-', '\\'],
    queued: '.',
    done: '*',
    failed: 'x',
    unknown: '?',
    skipped: 'o',
    retry: 'r',
    warning: '!',
    bar: ['#', '.'],
    more: '~',
};

impl Glyphs {
    /// The characters of a set.
    pub fn new(set: GlyphSet) -> Self {
        match set {
            GlyphSet::Unicode => UNICODE,
            GlyphSet::Ascii => ASCII,
        }
    }

    /// Whether text has to be put into ASCII as well.
    pub fn is_ascii(&self) -> bool {
        self.vertical == '|'
    }

    /// The spinner at a time.
    pub fn spin(&self, now_ms: u64) -> char {
        let turn = (now_ms / 100) as usize % self.spinner.len();
        self.spinner[turn]
    }

    /// A text with the characters of this set in place of those that lines are written with.
    pub fn adapt(&self, text: &str) -> String {
        if !self.is_ascii() || text.is_ascii() {
            return text.to_owned();
        }
        let swap = |character: char| match character {
            '⚠' => '!',
            '…' | '⋯' => '~',
            '→' => '>',
            '·' => '.',
            '✓' => '*',
            '✗' => 'x',
            '⊘' => 'o',
            '↻' => 'r',
            ascii if ascii.is_ascii() => ascii,
            _ => '?',
        };
        text.chars().map(swap).collect()
    }
}
