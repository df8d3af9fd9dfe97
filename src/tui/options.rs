//! What the terminal can do and what the person prefers, decided once by the command layer.

/// How the screen may look and which editor it opens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TuiOptions {
    /// Which characters may be drawn.
    pub glyphs: GlyphSet,
    /// Which colours may be used.
    pub depth: ColorDepth,
    /// What is known of the background; only of meaning with many colours.
    pub background: Background,
    /// What `$VISUAL` or `$EDITOR` says: a command, maybe with arguments.
    pub editor: Option<String>,
    /// Whether clicks and the wheel are read.
    pub mouse: bool,
}

/// Which characters may be drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum GlyphSet {
    /// Box drawing, check marks.
    #[default]
    Unicode,
    /// For locales that are not UTF-8.
    Ascii,
}

/// What is known of the terminal's background.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Background {
    /// Nothing: only the terminal's own palette is sure to be readable.
    #[default]
    Unknown,
    /// Dark.
    Dark,
    /// Light.
    Light,
}

/// How many colours the terminal has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ColorDepth {
    /// `NO_COLOR`, or a terminal without.
    None,
    /// The terminal's own palette: right on every background.
    #[default]
    Sixteen,
    /// 256 colours.
    Many,
    /// Red, green and blue at will.
    True,
}
