//! Which style a role is drawn in. Meaning never depends on color alone: markers, words and attributes carry it too.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};

use super::color;
use super::options::{Background, ColorDepth, LookOptions};
use super::theme_colors::ThemeColors;
use crate::show::Role;

/// The styles of everything that is drawn, for one terminal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Theme {
    depth: ColorDepth,
    colors: ThemeColors,
    roles: [Style; ROLES.len()],
    border: Style,
    key: Style,
    found: Style,
    /// The color of the context, if it has one.
    accent: Option<Color>,
}

/// How the selected row is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelectionStyle {
    /// On this background; every color stays.
    On(Color),
    /// Text without a color is reversed, colored text stays as it is.
    Reversed,
    /// In bold.
    Bold,
}

/// Every role, with its name in the user's `config.toml`. In the order of their declaration, which is their index.
const ROLES: [(Role, &str); 20] = [
    (Role::Plain, "text"),
    (Role::Heading, "heading"),
    (Role::Create, "create"),
    (Role::Update, "update"),
    (Role::Noop, "unchanged"),
    (Role::Drift, "drift"),
    (Role::Delete, "delete"),
    (Role::Warning, "warning"),
    (Role::Error, "error"),
    (Role::Success, "success"),
    (Role::Running, "running"),
    (Role::Field, "field"),
    (Role::Id, "id"),
    (Role::Dim, "dim"),
    (Role::Strong, "strong"),
    (Role::AddedText, "added-text"),
    (Role::RemovedText, "removed-text"),
    (Role::AddedWord, "added-word"),
    (Role::RemovedWord, "removed-word"),
    (Role::Secret, "secret"),
];

/// The names of what can be colored and is no role.
const PLACES: [&str; 6] = ["background", "selected", "beside", "border", "key", "found"];

impl Theme {
    /// Creates the styles for a terminal, with the user's own colors.
    pub fn new(depth: ColorDepth, background: Background, look: &LookOptions) -> Self {
        let own = |name: &str| {
            let color = look.colors.get(name).copied();
            color
                .filter(|_| depth != ColorDepth::None)
                .map(|it| color::shown(it, depth))
        };
        let mut colors = ThemeColors::of(look.theme, depth, background);
        colors.background = own("background").or(colors.background);
        colors.text = own("text").or(colors.text);
        colors.selected = own("selected").or(colors.selected);
        colors.beside = own("beside").or(colors.beside);
        let colored = |name: &str, style: Style| match own(name) {
            // A color of its own says what dim text is.
            Some(color) => style.remove_modifier(Modifier::DIM).fg(color),
            None => style,
        };
        Self {
            depth,
            colors,
            roles: ROLES.map(|(role, name)| colored(name, role_style(colors, role))),
            border: colored("border", dim(colors)),
            key: colored("key", tint(colors.blue).add_modifier(Modifier::BOLD)),
            found: colored(
                "found",
                tint(colors.blue).add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            ),
            accent: None,
        }
    }

    /// Returns the names of everything that can be colored.
    pub fn names() -> Vec<&'static str> {
        ROLES.iter().map(|(_, name)| *name).chain(PLACES).collect()
    }

    /// Returns these styles for a context that has a color.
    #[must_use]
    pub fn with_accent(self, accent: Option<Color>) -> Self {
        let accent = accent.filter(|_| self.depth != ColorDepth::None);
        Self {
            accent: accent.map(|accent| color::shown(accent, self.depth)),
            ..self
        }
    }

    /// Returns the style below all others: the background, and text without a role.
    pub fn base(self) -> Style {
        let color = |color: Option<Color>| color.unwrap_or(Color::Reset);
        Style::reset()
            .fg(color(self.colors.text))
            .bg(color(self.colors.background))
    }

    /// Returns the style of a role.
    pub fn role(self, role: Role) -> Style {
        self.roles[role as usize]
    }

    /// Returns how the selected row is drawn; weaker when another pane has the keys.
    pub fn selection(self, focused: bool) -> SelectionStyle {
        let background = if focused {
            self.colors.selected
        } else {
            self.colors.beside
        };
        match background {
            Some(color) => SelectionStyle::On(color),
            None if focused => SelectionStyle::Reversed,
            None => SelectionStyle::Bold,
        }
    }

    /// Whether text of this color is as good as without one, so that a reversed row may take it along.
    pub fn is_plain(self, color: Color) -> bool {
        let plain = [self.colors.text.unwrap_or(Color::Reset)];
        plain.contains(&color) || self.colors.dim == Some(color)
    }

    /// Returns the style of characters that match the filter.
    pub fn found(self) -> Style {
        self.found
    }

    /// Returns the style of borders.
    pub fn border(self) -> Style {
        match self.accent {
            Some(accent) => Style::new().fg(accent).add_modifier(Modifier::BOLD),
            None => self.border,
        }
    }

    /// Returns the style of the target's name: that of plain text, or a badge in the color of the context.
    pub fn target(self) -> Style {
        match self.accent {
            Some(accent) => Style::new()
                .fg(color::ink(accent))
                .bg(accent)
                .add_modifier(Modifier::BOLD),
            None => self.role(Role::Plain),
        }
    }

    /// Returns the style of a key in the footer.
    pub fn key(self) -> Style {
        self.key
    }
}

/// Reads the user's colors by the names of [`Theme::names`]; those that are none are left out.
pub fn parse_colors(colors: &BTreeMap<String, String>) -> BTreeMap<String, Color> {
    let parsed = colors
        .iter()
        .filter_map(|(name, text)| Some((name.clone(), color::parse_color(text)?)));
    parsed.collect()
}

fn role_style(colors: ThemeColors, role: Role) -> Style {
    let plain = tint(colors.text);
    match role {
        Role::Plain | Role::Id => plain,
        Role::Heading | Role::Strong => plain.add_modifier(Modifier::BOLD),
        Role::Create | Role::Success | Role::AddedText => tint(colors.green),
        Role::Update => tint(colors.yellow),
        Role::Warning => tint(colors.yellow).add_modifier(Modifier::BOLD),
        Role::Noop | Role::Dim => dim(colors),
        Role::Drift | Role::Secret => tint(colors.magenta),
        Role::Delete | Role::RemovedText => tint(colors.red),
        Role::Error => tint(colors.red).add_modifier(Modifier::BOLD),
        Role::Running | Role::Field => tint(colors.blue),
        Role::AddedWord => tint(colors.green).add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
        Role::RemovedWord => tint(colors.red).add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
    }
}

fn tint(color: Option<Color>) -> Style {
    color.map_or(Style::new(), |color| Style::new().fg(color))
}

fn dim(colors: ThemeColors) -> Style {
    match colors.dim {
        Some(color) => Style::new().fg(color),
        None => tint(colors.text).add_modifier(Modifier::DIM),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_at_its_own_index() {
        for (index, (role, name)) in ROLES.iter().enumerate() {
            assert_eq!(*role as usize, index, "{name}");
        }
    }
}
