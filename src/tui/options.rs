//! What the terminal can do and what the user prefers, decided once by the command layer.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ratatui::style::Color;

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
    /// What the user likes.
    pub look: LookOptions,
    /// How the terminal shows a notice.
    pub notice_form: NoticeForm,
}

/// How a terminal shows a notice to somebody who looks elsewhere. Always with the bell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NoticeForm {
    /// With the bell alone.
    #[default]
    Bell,
    /// With the sequence of iTerm2 (OSC 9).
    Osc9,
    /// With the sequence of rxvt (OSC 777).
    Osc777,
}

/// How the user wants the screen to look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LookOptions {
    /// The theme.
    pub theme: ThemeName,
    /// Colors in place of those of the theme, by the names of [`super::theme::Theme::names`].
    pub colors: BTreeMap<String, Color>,
    /// The colors of contexts, by the name of the context.
    pub contexts: BTreeMap<String, Color>,
    /// Whether before and after are in two columns from the start.
    pub side_by_side: bool,
    /// The width of the tree beside the detail, in percent; `None` for the usual one.
    pub tree_percent: Option<u16>,
    /// Whether the terminal's title has the progress of a run, and the end of a long one is announced.
    pub announces: bool,
}

/// A set of colors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ThemeName {
    /// Colors that fit the terminal's background, which is left as it is.
    #[default]
    Auto,
    /// On a dark background.
    Dark,
    /// On a light background.
    Light,
    /// On black, with a contrast of at least 7.
    HighContrast,
    /// On black, with the 16 colors that every terminal has.
    Sixteen,
}

impl ThemeName {
    /// Every theme, with its name.
    pub const ALL: [(Self, &str); 5] = [
        (Self::Auto, "auto"),
        (Self::Dark, "dark"),
        (Self::Light, "light"),
        (Self::HighContrast, "high-contrast"),
        (Self::Sixteen, "16-colors"),
    ];

    /// Returns the theme of this name.
    pub fn parse(name: &str) -> Option<Self> {
        let found = Self::ALL.into_iter().find(|(_, known)| *known == name);
        found.map(|(theme, _)| theme)
    }
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
