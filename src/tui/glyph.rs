//! The characters of the screen, in Unicode or ASCII.

use super::options::GlyphSet;

/// Every drawn character that is not text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyphs {
    /// A horizontal line.
    pub horizontal: char,
    /// A vertical line.
    pub vertical: char,
    /// Corners: upper left, upper right, lower left, lower right.
    pub corners: [char; 4],
    /// Joints that open to the right, left, bottom and top.
    pub joints: [char; 4],
    /// Before an unfolded node, and before a folded one.
    pub folds: [char; 2],
    /// The frames of the spinner.
    pub spinner: &'static [char],
    /// A row that is waiting.
    pub queued: char,
    /// A row that was applied.
    pub done: char,
    /// A row that failed.
    pub failed: char,
    /// A row whose outcome is unknown.
    pub unknown: char,
    /// A stale row: the server has something else than the plan saw.
    pub stale: char,
    /// A skipped row.
    pub skipped: char,
    /// A row that is being retried.
    pub retry: char,
    /// A warning.
    pub warning: char,
    /// The full and the empty part of a progress bar.
    pub bar: [char; 2],
    /// A row that is new since the user has looked.
    pub fresh: char,
    /// The end of a text that did not fit.
    pub more: char,
    /// The line that a jump went to.
    pub here: char,
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
    stale: '≠',
    skipped: '⊘',
    retry: '↻',
    warning: '⚠',
    bar: ['█', '░'],
    fresh: '•',
    more: '…',
    here: '›',
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
    stale: '%',
    skipped: 'o',
    retry: 'r',
    warning: '!',
    bar: ['#', '.'],
    fresh: '!',
    more: '~',
    here: '>',
};

impl Glyphs {
    /// Returns the characters of a set.
    pub fn new(set: GlyphSet) -> Self {
        match set {
            GlyphSet::Unicode => UNICODE,
            GlyphSet::Ascii => ASCII,
        }
    }

    /// Whether text has to be converted to ASCII too.
    pub fn is_ascii(&self) -> bool {
        // No line of the other set is ASCII, so one of them is enough to know.
        self.vertical == '|'
    }

    /// Returns the frame of the spinner at a time in milliseconds.
    pub fn spin(&self, now_ms: u64) -> char {
        let turn = (now_ms / 100) as usize % self.spinner.len();
        self.spinner[turn]
    }

    /// Returns a text with its symbols replaced by those of this set.
    pub fn adapt(&self, text: &str) -> String {
        if !self.is_ascii() || text.is_ascii() {
            return text.to_owned();
        }
        let swap = |character: char| match character {
            '⚠' => '!',
            '…' | '⋯' => '~',
            '→' => '>',
            '·' | '▁' | '▂' | '▃' => '.',
            '▄' | '▅' | '▆' => ':',
            '▇' | '█' => '#',
            '✓' => '*',
            '✗' | '×' => 'x',
            '⊘' => 'o',
            '≠' => '%',
            '↻' => 'r',
            ascii if ascii.is_ascii() => ascii,
            _ => '?',
        };
        text.chars().map(swap).collect()
    }
}
