//! Which style a role is drawn in. Meaning never depends on color alone: markers, words and attributes carry it too.

use ratatui::style::{Color, Modifier, Style};

use super::options::{Background, ColorDepth};
use crate::show::Role;

/// Styles for a color depth and a background.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Theme {
    depth: ColorDepth,
    light: bool,
}

/// One color for each depth: of the palette, of 256 and of all, the last two for dark and light backgrounds.
type Tones = (Color, (u8, u8), (u32, u32));

const GREEN: Tones = (Color::Green, (114, 28), (0x007b_c86c, 0x001a_7f37));
const YELLOW: Tones = (Color::Yellow, (179, 130), (0x00d9_a944, 0x0095_5e00));
const RED: Tones = (Color::Red, (203, 160), (0x00f0_6a6a, 0x00c0_2b2b));
const BLUE: Tones = (Color::Cyan, (80, 30), (0x0056_c2d6, 0x0007_6f84));
const MAGENTA: Tones = (Color::Magenta, (176, 127), (0x00cf_8fdc, 0x0092_3aa8));

impl Theme {
    /// Creates the styles for a terminal. On an unknown background only the terminal's own palette is sure to be readable.
    pub fn new(depth: ColorDepth, background: Background) -> Self {
        let depth = match (depth, background) {
            (ColorDepth::None, _) => ColorDepth::None,
            (_, Background::Unknown) => ColorDepth::Sixteen,
            (depth, _) => depth,
        };
        Self {
            depth,
            light: background == Background::Light,
        }
    }

    /// Returns the style of a role.
    pub fn role(self, role: Role) -> Style {
        let style = Style::new();
        match role {
            Role::Plain | Role::Id => style,
            Role::Heading | Role::Strong => style.add_modifier(Modifier::BOLD),
            Role::Create | Role::Success | Role::AddedText => self.tint(GREEN),
            Role::Update => self.tint(YELLOW),
            Role::Warning => self.tint(YELLOW).add_modifier(Modifier::BOLD),
            Role::Noop | Role::Dim => style.add_modifier(Modifier::DIM),
            Role::Drift | Role::Secret => self.tint(MAGENTA),
            Role::Delete | Role::RemovedText => self.tint(RED),
            Role::Error => self.tint(RED).add_modifier(Modifier::BOLD),
            Role::Running | Role::Field => self.tint(BLUE),
            Role::AddedWord => self.tint(GREEN).add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            Role::RemovedWord => self.tint(RED).add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
        }
    }

    /// Returns the style of the cursor line; weaker when another pane has the keys.
    pub fn cursor(self, focused: bool) -> Style {
        match (focused, self.depth) {
            // The palette of the terminal is the user's own: no background of it is sure to be readable.
            (true, ColorDepth::None | ColorDepth::Sixteen) => Style::new().add_modifier(Modifier::REVERSED),
            (false, ColorDepth::None | ColorDepth::Sixteen) => Style::new().add_modifier(Modifier::BOLD),
            (true, _) => Style::new().bg(self.shade((238, 252), (0x0038_3c46, 0x00d5_dbe5))),
            (false, _) => Style::new().bg(self.shade((235, 255), (0x0025_2830, 0x00ec_eff3))),
        }
    }

    /// Returns the style of characters that match the filter.
    pub fn found(self) -> Style {
        self.tint(BLUE).add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
    }

    /// Returns the style of borders.
    pub fn border(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// Returns the style of a key in the footer.
    pub fn key(self) -> Style {
        self.tint(BLUE).add_modifier(Modifier::BOLD)
    }

    fn tint(self, tones: Tones) -> Style {
        match self.depth {
            ColorDepth::None => Style::new(),
            ColorDepth::Sixteen => Style::new().fg(tones.0),
            ColorDepth::Many | ColorDepth::True => Style::new().fg(self.shade(tones.1, tones.2)),
        }
    }

    fn shade(self, many: (u8, u8), all: (u32, u32)) -> Color {
        match (self.depth, self.light) {
            (ColorDepth::True, false) => Color::from_u32(all.0),
            (ColorDepth::True, true) => Color::from_u32(all.1),
            (_, false) => Color::Indexed(many.0),
            (_, true) => Color::Indexed(many.1),
        }
    }
}
