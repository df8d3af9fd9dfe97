//! What the terminal can do and what the user prefers, decided once by the command layer.

use std::path::PathBuf;

use super::chosen_keys::ChosenKeys;

/// How the screen may look and which editor it opens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TuiOptions {
    /// Which characters may be drawn.
    pub glyphs: GlyphSet,
    /// Which colors may be used.
    pub depth: ColorDepth,
    /// The background, if known; it matters only with many colors.
    pub background: Background,
    /// The value of `$VISUAL`, else of `$EDITOR`: a command, perhaps with arguments. `None` to try the usual editors.
    pub editor: Option<String>,
    /// The folder that the paths of the plan start from; the folder of the process when it is empty.
    pub folder: PathBuf,
    /// Whether the review follows files and server from the start.
    pub watch: bool,
    /// Whether clicks and the wheel are read.
    pub mouse: bool,
    /// The keys that the user has chosen.
    pub keys: ChosenKeys,
}

/// Which characters may be drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum GlyphSet {
    /// Box drawing, check marks.
    #[default]
    Unicode,
    /// ASCII only, for locales that are not UTF-8.
    Ascii,
}

/// What is known of the terminal's background.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Background {
    /// Unknown: only the terminal's own palette is sure to be readable.
    #[default]
    Unknown,
    /// Dark.
    Dark,
    /// Light.
    Light,
}

/// How many colors the terminal has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ColorDepth {
    /// No colors: `NO_COLOR` is set, or the terminal has none.
    None,
    /// The terminal's own palette: right on every background.
    #[default]
    Sixteen,
    /// 256 colors.
    Many,
    /// 24-bit colors.
    True,
}
