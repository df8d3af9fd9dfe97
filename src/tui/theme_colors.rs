//! The colors of each theme, for terminals with 256 colors and with all. `tests/tui_themes.rs` computes their contrast.

use ratatui::style::Color;

use super::options::{Background, ColorDepth, ThemeName};

/// The colors of a theme on one terminal. `None` where the terminal's own color is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ThemeColors {
    pub(super) background: Option<Color>,
    pub(super) text: Option<Color>,
    /// Less important text; without a color of its own it is drawn dim.
    pub(super) dim: Option<Color>,
    pub(super) green: Option<Color>,
    pub(super) yellow: Option<Color>,
    pub(super) red: Option<Color>,
    pub(super) blue: Option<Color>,
    pub(super) magenta: Option<Color>,
    /// The background of the selected row. Without one, the row is reversed.
    pub(super) selected: Option<Color>,
    /// The background of the selected row while another pane has the keys, and of a marked range.
    pub(super) beside: Option<Color>,
}

/// One color for terminals with 256 colors and one for those with all.
type Tones = (u8, u32);

/// Background, text, dim, green, yellow, red, blue, magenta, selected, beside.
type Swatches = [Tones; 10];

const DARK: Swatches = [
    (234, 0x1b_1e25),
    (253, 0xd8_dce4),
    (248, 0x9e_a7b5),
    (114, 0x7b_c86c),
    (179, 0xd9_a944),
    (210, 0xf4_7f7f),
    (80, 0x56_c2d6),
    (176, 0xcf_8fdc),
    (236, 0x2f_3440),
    (235, 0x24_272f),
];

const LIGHT: Swatches = [
    (231, 0xff_ffff),
    (235, 0x1f_2328),
    (240, 0x57_606a),
    (22, 0x11_6329),
    (58, 0x7d_4e00),
    (124, 0xb3_1d28),
    (24, 0x05_5d70),
    (90, 0x86_318f),
    (253, 0xd5_dfeb),
    (255, 0xea_eef2),
];

const HIGH_CONTRAST: Swatches = [
    (16, 0x00_0000),
    (231, 0xff_ffff),
    (252, 0xd0_d0d0),
    (83, 0x5f_ff5f),
    (226, 0xff_ff00),
    (217, 0xff_a0a0),
    (87, 0x5f_ffff),
    (219, 0xff_afff),
    (18, 0x00_0087),
    (17, 0x00_005f),
];

/// The bright half of the basic colors, on black: the only ones of them that are readable in the usual terminals.
const BASIC: ThemeColors = ThemeColors {
    background: Some(Color::Black),
    text: Some(Color::White),
    dim: Some(Color::Gray),
    green: Some(Color::LightGreen),
    yellow: Some(Color::LightYellow),
    red: Some(Color::LightRed),
    blue: Some(Color::LightCyan),
    magenta: Some(Color::LightMagenta),
    selected: None,
    beside: None,
};

/// The basic colors on whatever background the terminal has: its user has chosen both to fit.
const TERMINAL: ThemeColors = ThemeColors {
    background: None,
    text: None,
    dim: None,
    green: Some(Color::Green),
    yellow: Some(Color::Yellow),
    red: Some(Color::Red),
    blue: Some(Color::Cyan),
    magenta: Some(Color::Magenta),
    selected: None,
    beside: None,
};

impl ThemeColors {
    /// Returns the colors of a theme on a terminal.
    pub(super) fn of(theme: ThemeName, depth: ColorDepth, background: Background) -> Self {
        let is_true = match depth {
            ColorDepth::None => return Self::default(),
            ColorDepth::Sixteen => return Self::basic(theme),
            ColorDepth::Many => false,
            ColorDepth::True => true,
        };
        match (theme, background) {
            (ThemeName::Dark, _) => Self::painted(&DARK, is_true),
            (ThemeName::Light, _) => Self::painted(&LIGHT, is_true),
            (ThemeName::HighContrast, _) => Self::painted(&HIGH_CONTRAST, is_true),
            (ThemeName::Sixteen, _) => BASIC,
            (ThemeName::Auto, Background::Dark) => Self::painted(&DARK, is_true).on_terminal(),
            (ThemeName::Auto, Background::Light) => Self::painted(&LIGHT, is_true).on_terminal(),
            // On an unknown background only the terminal's own palette is sure to be readable.
            (ThemeName::Auto, Background::Unknown) => TERMINAL,
        }
    }

    fn basic(theme: ThemeName) -> Self {
        match theme {
            ThemeName::Dark | ThemeName::HighContrast | ThemeName::Sixteen => BASIC,
            // There are no basic colors that are readable on white in every terminal.
            ThemeName::Auto | ThemeName::Light => TERMINAL,
        }
    }

    fn painted(sheet: &Swatches, is_true: bool) -> Self {
        let [
            background,
            text,
            dim,
            green,
            yellow,
            red,
            blue,
            magenta,
            selected,
            beside,
        ] = sheet.map(|(index, color)| {
            Some(if is_true {
                Color::from_u32(color)
            } else {
                Color::Indexed(index)
            })
        });
        Self {
            background,
            text,
            dim,
            green,
            yellow,
            red,
            blue,
            magenta,
            selected,
            beside,
        }
    }

    /// Returns these colors on the terminal's own background, with its own text.
    fn on_terminal(self) -> Self {
        Self {
            background: None,
            text: None,
            dim: None,
            ..self
        }
    }
}
