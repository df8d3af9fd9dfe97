//! Themes: every color can be read on what is behind it, also on the selected row, and a context can have a color.

use std::collections::BTreeMap;

use lobuctl::show::Role;
use lobuctl::tui::color::{contrast, parse_color, rgb};
use lobuctl::tui::theme::{SelectionStyle, Theme, parse_colors};
use lobuctl::tui::{Background, ColorDepth, LookOptions, ThemeName, TuiOptions};
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

use crate::support::screen::model_driver::ModelDriver;
use crate::support::screen::runs;
use crate::support::snapshot;

const ROLES: [Role; 20] = [
    Role::Plain,
    Role::Heading,
    Role::Create,
    Role::Update,
    Role::Noop,
    Role::Drift,
    Role::Delete,
    Role::Warning,
    Role::Error,
    Role::Success,
    Role::Running,
    Role::Field,
    Role::Id,
    Role::Dim,
    Role::Strong,
    Role::AddedText,
    Role::RemovedText,
    Role::AddedWord,
    Role::RemovedWord,
    Role::Secret,
];

/// The themes that paint their background, with the contrast that each promises.
const PAINTED: [(ThemeName, f64); 4] = [
    (ThemeName::Dark, 4.5),
    (ThemeName::Light, 4.5),
    (ThemeName::HighContrast, 7.0),
    (ThemeName::Sixteen, 4.5),
];

fn look(theme: ThemeName) -> LookOptions {
    LookOptions {
        theme,
        ..LookOptions::default()
    }
}

fn options(depth: ColorDepth, background: Background, look: LookOptions) -> TuiOptions {
    TuiOptions {
        depth,
        background,
        look,
        ..TuiOptions::default()
    }
}

fn review(options: &TuiOptions) -> ModelDriver {
    ModelDriver::start(80, 24, options).loaded()
}

fn front(style: Style) -> [u8; 3] {
    rgb(style.fg.unwrap()).unwrap()
}

#[test]
fn every_color_of_every_theme_can_be_read_also_on_the_selected_row() {
    let mut weakest = Vec::new();
    for (name, promised) in PAINTED {
        for depth in [ColorDepth::Many, ColorDepth::True] {
            let theme = Theme::new(depth, Background::Unknown, &look(name));
            let base = theme.base();
            let styles: Vec<Style> = ROLES.map(|role| theme.role(role)).into();
            let others = [theme.found(), theme.key(), theme.border()];
            let mut backgrounds = vec![rgb(base.bg.unwrap()).unwrap()];
            for focused in [true, false] {
                if let SelectionStyle::On(color) = theme.selection(focused) {
                    backgrounds.push(rgb(color).unwrap());
                }
            }
            let mut lowest = f64::MAX;
            for style in styles.iter().chain(&others) {
                // Dim text is fainter than its color, which nothing here could measure.
                assert!(!style.add_modifier.contains(Modifier::DIM), "{name:?} {style:?}");
                let ratios = backgrounds
                    .iter()
                    .map(|back| contrast(front(base.patch(*style)), *back));
                lowest = ratios.fold(lowest, f64::min);
            }
            assert!(lowest >= promised, "{name:?} {depth:?}: {lowest:.2}");
            weakest.push(format!("{name:?} {depth:?}: {lowest:.2}"));
        }
    }
    snapshot::check("theme_contrast", &weakest.join("\n"));
}

/// Returns the contrast of the text in each cell of a line.
fn contrasts(buffer: &Buffer, y: u16) -> Vec<f64> {
    let cells = (0..buffer.area.width).map(|x| &buffer[(x, y)]);
    let text = cells.filter(|cell| !cell.symbol().trim().is_empty());
    text.map(|cell| contrast(rgb(cell.fg).unwrap(), rgb(cell.bg).unwrap()))
        .collect()
}

#[test]
fn what_is_drawn_can_be_read_in_every_line() {
    for (name, promised) in PAINTED {
        for depth in [ColorDepth::Sixteen, ColorDepth::Many, ColorDepth::True] {
            if (name, depth) == (ThemeName::Light, ColorDepth::Sixteen) {
                // No basic color can be read on white in every terminal: this one is left to the terminal's own palette.
                continue;
            }
            let promised = if depth == ColorDepth::Sixteen { 4.5 } else { promised };
            for keys in ["", "n", "v j j", "a", "?"] {
                let buffer = review(&options(depth, Background::Unknown, look(name)))
                    .keys(keys)
                    .buffer();
                for y in 0..buffer.area.height {
                    let lowest = contrasts(&buffer, y).into_iter().fold(f64::MAX, f64::min);
                    assert!(lowest >= promised, "{name:?} {depth:?} `{keys}` line {y}: {lowest:.2}");
                }
            }
        }
    }
}

#[test]
fn each_theme_with_its_colors() {
    for (name, text) in ThemeName::ALL {
        let depth = if name == ThemeName::Sixteen {
            ColorDepth::Sixteen
        } else {
            ColorDepth::True
        };
        let drawn = review(&options(depth, Background::Dark, look(name)))
            .keys("n n")
            .styled();
        snapshot::check(&format!("theme_{}", text.replace('-', "_")), &drawn);
    }
}

/// Returns the line that is drawn as selected, where that is done by reversing.
fn selected_line(buffer: &Buffer) -> u16 {
    let is_reversed = |y: &u16| (0..80).any(|x| buffer[(x, *y)].modifier.contains(Modifier::REVERSED));
    (0..24).find(is_reversed).unwrap()
}

#[test]
fn the_selected_row_keeps_its_colors_where_only_the_terminal_knows_them() {
    let driver = review(&options(
        ColorDepth::Sixteen,
        Background::Unknown,
        LookOptions::default(),
    ))
    .keys("n");
    let buffer = driver.buffer();
    let selected: Vec<_> = (0..80).map(|x| &buffer[(x, selected_line(&buffer))]).collect();
    let reversed = |cell: &&ratatui::buffer::Cell| cell.modifier.contains(Modifier::REVERSED);
    let colored = selected.iter().filter(|cell| cell.fg != Color::Reset);
    assert!(colored.clone().count() > 0, "{}", driver.styled());
    assert!(!colored.clone().any(reversed), "{}", driver.styled());
    assert!(selected.iter().filter(|cell| reversed(cell)).count() > 20);
}

#[test]
fn without_colors_the_selected_row_is_reversed_as_a_whole() {
    let own = BTreeMap::from([
        ("create".to_owned(), Color::Green),
        ("background".to_owned(), Color::Red),
    ]);
    let look = LookOptions {
        theme: ThemeName::Dark,
        contexts: BTreeMap::from([("prod".to_owned(), Color::Red)]),
        colors: own,
        ..LookOptions::default()
    };
    let driver = review(&options(ColorDepth::None, Background::Unknown, look));
    let cells = driver.buffer();
    assert!(
        cells
            .content()
            .iter()
            .all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset)
    );
    let selected = selected_line(&cells);
    assert!((2..78).all(|x| cells[(x, selected)].modifier.contains(Modifier::REVERSED)));
}

#[test]
fn every_role_can_have_a_color_of_its_own() {
    for name in Theme::names() {
        let own = BTreeMap::from([(name.to_owned(), "#123456".to_owned())]);
        let look = LookOptions {
            colors: parse_colors(&own),
            ..LookOptions::default()
        };
        let [plain, colored] =
            [LookOptions::default(), look].map(|look| Theme::new(ColorDepth::True, Background::Dark, &look));
        assert_ne!(plain, colored, "{name}");
        assert_eq!(
            Theme::new(ColorDepth::True, Background::Dark, &LookOptions::default()),
            plain
        );
    }
}

#[test]
fn a_context_with_a_color_is_seen_in_every_screen() {
    let look = LookOptions {
        contexts: BTreeMap::from([("prod".to_owned(), parse_color("#ff0000").unwrap())]),
        ..LookOptions::default()
    };
    let options = options(ColorDepth::True, Background::Dark, look);
    let red = Color::Rgb(255, 0, 0);
    for keys in ["", "a", "?"] {
        let buffer = review(&options).keys(keys).buffer();
        assert_eq!(buffer[(0, 0)].fg, red, "the frame, `{keys}`");
        let badge: String = (0..80)
            .filter(|x| buffer[(*x, 0)].bg == red)
            .map(|x| buffer[(x, 0)].symbol())
            .collect();
        assert_eq!(badge, "dev at app.lobu.ai", "`{keys}`");
        assert!(
            (0..80).all(|x| buffer[(x, 0)].bg != red || contrast(rgb(buffer[(x, 0)].fg).unwrap(), [255, 0, 0]) > 4.5)
        );
    }
    let elsewhere = LookOptions {
        contexts: BTreeMap::from([("dev".to_owned(), red)]),
        ..LookOptions::default()
    };
    let other = TuiOptions {
        look: elsewhere,
        ..options
    };
    assert_ne!(review(&other).buffer()[(0, 0)].fg, red);
}

#[test]
fn the_panes_are_as_wide_and_the_difference_as_many_columns_as_the_user_likes() {
    let look = LookOptions {
        tree_percent: Some(30),
        side_by_side: true,
        ..LookOptions::default()
    };
    let options = options(ColorDepth::None, Background::Unknown, look);
    let mut driver = ModelDriver::start(140, 40, &options).loaded();
    assert_eq!(driver.model.layout().tree.unwrap().width, 136 * 30 / 100);
    assert!(driver.model.board().unwrap().detail.style().side_by_side);
    driver = driver.keys("d");
    assert!(!driver.model.board().unwrap().detail.style().side_by_side);
    assert_eq!(runs::done(140, 40).model.layout().tree.unwrap().width, 136 * 46 / 100);
}
