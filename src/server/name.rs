//! Names that people choose and other people read: on one line, without characters that change or hide what is shown.
//!
//! A name with a line break could fake a second row of a list, and one with directional characters could show a client of an
//! attacker as another one.

/// Takes the place of characters that cannot be shown.
const REPLACEMENT: char = '\u{fffd}';

/// Whether a text is one printable line of 1 to `max_chars` characters that does not consist of blanks.
pub(crate) fn is_printable_line(text: &str, max_chars: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= max_chars && text.chars().all(is_shown)
}

/// Returns a text as it can be shown on one line: without hidden characters, and cut after `max_chars` characters.
pub(crate) fn visible(text: &str, max_chars: usize) -> String {
    let shown = |letter| if is_shown(letter) { letter } else { REPLACEMENT };
    let mut line: String = text.chars().take(max_chars).map(shown).collect();
    if text.chars().count() > max_chars {
        line.push('…');
    }
    line
}

/// Whether a character shows as itself within a line: no control, no line break, no blank but the space, nothing that is
/// invisible or changes the direction of the text.
pub(crate) fn is_shown(letter: char) -> bool {
    let hidden = matches!(
        letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    );
    !hidden && !letter.is_control() && (letter == ' ' || !letter.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_names_that_are_not_one_printable_line() {
        for name in [
            "",
            "  ",
            "a\nactive  never expires",
            "a\u{1b}[2K",
            "a\u{202e}b",
            "a\u{3164}",
            &"x".repeat(101),
        ] {
            assert!(!is_printable_line(name, 100), "{name:?}");
        }
        for name in ["CI of the web shop", "Büro 東京"] {
            assert!(is_printable_line(name, 100), "{name:?}");
        }
    }

    #[test]
    fn shows_hidden_characters_as_replaced_and_cuts_long_names() {
        assert_eq!(visible("a\u{202e}b\nc", 10), "a\u{fffd}b\u{fffd}c");
        assert_eq!(visible("abcdef", 3), "abc…");
        assert_eq!(visible("Büro", 4), "Büro");
    }
}
