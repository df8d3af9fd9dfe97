//! Colors as numbers: what an indexed color looks like, how well two colors can be told apart, and the nearest color that a
//! terminal has.

use ratatui::style::Color;

use super::options::ColorDepth;

/// The 16 basic colors as xterm draws them. A terminal may draw them differently.
const BASIC: [u32; 16] = [
    0x00_0000, 0xcd_0000, 0x00_cd00, 0xcd_cd00, 0x00_00ee, 0xcd_00cd, 0x00_cdcd, 0xe5_e5e5, 0x7f_7f7f, 0xff_0000,
    0x00_ff00, 0xff_ff00, 0x5c_5cff, 0xff_00ff, 0x00_ffff, 0xff_ffff,
];

/// The names of the basic colors, in the order of their numbers.
const NAMED: [Color; 16] = [
    Color::Black,
    Color::Red,
    Color::Green,
    Color::Yellow,
    Color::Blue,
    Color::Magenta,
    Color::Cyan,
    Color::Gray,
    Color::DarkGray,
    Color::LightRed,
    Color::LightGreen,
    Color::LightYellow,
    Color::LightBlue,
    Color::LightMagenta,
    Color::LightCyan,
    Color::White,
];

/// The steps of red, green and blue in the cube of the 256 colors.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// Reads a color: `#7bc86c`, a name such as `bright red`, or the number of one of 256. `None` when it is none of these.
pub fn parse_color(text: &str) -> Option<Color> {
    text.trim().parse().ok().filter(|color| *color != Color::Reset)
}

/// Returns red, green and blue of a color, of a basic one as xterm draws it. `None` for the terminal's default.
pub fn rgb(color: Color) -> Option<[u8; 3]> {
    match color {
        Color::Reset => None,
        Color::Rgb(red, green, blue) => Some([red, green, blue]),
        Color::Indexed(index) => Some(indexed(index)),
        named => NAMED
            .iter()
            .position(|known| *known == named)
            .map(|at| bytes(BASIC[at])),
    }
}

/// Returns the contrast of two colors as the Web Content Accessibility Guidelines define it, from 1 to 21.
pub fn contrast(left: [u8; 3], right: [u8; 3]) -> f64 {
    let (left, right) = (luminance(left), luminance(right));
    (left.max(right) + 0.05) / (left.min(right) + 0.05)
}

/// Returns the color that a terminal of this depth has for a color: itself, or the nearest one.
pub(super) fn shown(color: Color, depth: ColorDepth) -> Color {
    let Some(wanted) = rgb(color) else { return color };
    let distance = |candidate: [u8; 3]| -> u32 {
        let difference = |at: usize| u32::from(candidate[at].abs_diff(wanted[at])).pow(2);
        difference(0) + difference(1) + difference(2)
    };
    match (depth, color) {
        (ColorDepth::None, _) => Color::Reset,
        (ColorDepth::Sixteen, Color::Rgb(..) | Color::Indexed(16..)) => {
            let nearest = (0..16).min_by_key(|at| distance(bytes(BASIC[*at])));
            NAMED[nearest.unwrap_or(7)]
        }
        (ColorDepth::Sixteen, Color::Indexed(index)) => NAMED[usize::from(index % 16)],
        // The first 16 are the terminal's own, whose look is not known.
        (ColorDepth::Many, Color::Rgb(..)) => {
            let nearest = (16..=255).min_by_key(|index| distance(indexed(*index)));
            Color::Indexed(nearest.unwrap_or(231))
        }
        _ => color,
    }
}

/// Returns black or white, whichever is easier to read on a color.
pub(super) fn ink(background: Color) -> Color {
    let contrast_with = |ink: [u8; 3]| rgb(background).map_or(1.0, |background| contrast(background, ink));
    if contrast_with([0; 3]) >= contrast_with([255; 3]) {
        Color::Black
    } else {
        Color::White
    }
}

fn indexed(index: u8) -> [u8; 3] {
    match index {
        0..16 => bytes(BASIC[usize::from(index)]),
        16..232 => {
            let place = usize::from(index - 16);
            [CUBE[place / 36], CUBE[place / 6 % 6], CUBE[place % 6]]
        }
        232.. => [8 + 10 * (index - 232); 3],
    }
}

fn bytes(color: u32) -> [u8; 3] {
    let [_, red, green, blue] = color.to_be_bytes();
    [red, green, blue]
}

fn luminance(color: [u8; 3]) -> f64 {
    let [red, green, blue] = color.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.040_45 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_contrast_as_the_guidelines_do() {
        assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 0.01);
        assert!((contrast([0x77; 3], [255; 3]) - 4.48).abs() < 0.01);
        assert!((contrast([9, 9, 9], [9, 9, 9]) - 1.0).abs() < 0.01);
    }

    #[test]
    fn finds_the_nearest_color_of_a_terminal_with_fewer() {
        let red = Color::Rgb(250, 5, 3);
        assert_eq!(shown(red, ColorDepth::True), red);
        assert_eq!(shown(red, ColorDepth::Many), Color::Indexed(196));
        assert_eq!(shown(red, ColorDepth::Sixteen), Color::LightRed);
        assert_eq!(shown(red, ColorDepth::None), Color::Reset);
        assert_eq!(shown(Color::Indexed(3), ColorDepth::Sixteen), Color::Yellow);
    }

    #[test]
    fn reads_colors_by_name_number_and_value() {
        assert_eq!(parse_color("#0a0b0c"), Some(Color::Rgb(10, 11, 12)));
        assert_eq!(parse_color("bright red"), Some(Color::LightRed));
        assert_eq!(parse_color("208"), Some(Color::Indexed(208)));
        assert_eq!(parse_color("reset"), None);
        assert_eq!(parse_color("#12"), None);
    }
}
