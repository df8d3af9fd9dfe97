//! Characters that a reader cannot see, although a language model or a terminal acts on them.

/// The ranges of characters that draw nothing: format characters (Cf), default-ignorable code points, blank letters,
/// and the line separators that only some programs break lines at.
///
/// Format characters that have a visible shape (such as the Arabic number signs) are left out. Sorted.
const RANGES: [(char, char); 20] = [
    ('\u{ad}', '\u{ad}'),       // soft hyphen
    ('\u{34f}', '\u{34f}'),     // combining grapheme joiner
    ('\u{61c}', '\u{61c}'),     // Arabic letter mark
    ('\u{115f}', '\u{1160}'),   // Hangul fillers
    ('\u{17b4}', '\u{17b5}'),   // Khmer inherent vowels
    ('\u{180b}', '\u{180f}'),   // Mongolian variation selectors and vowel separator
    ('\u{200b}', '\u{200f}'),   // zero-width characters and direction marks
    ('\u{2028}', '\u{202e}'),   // line separators, bidirectional embeddings and overrides
    ('\u{2060}', '\u{206f}'),   // word joiner, invisible operators, isolates, deprecated controls
    ('\u{2800}', '\u{2800}'),   // blank Braille pattern
    ('\u{3164}', '\u{3164}'),   // Hangul filler
    ('\u{fe00}', '\u{fe0f}'),   // variation selectors
    ('\u{feff}', '\u{feff}'),   // byte order mark
    ('\u{ffa0}', '\u{ffa0}'),   // halfwidth Hangul filler
    ('\u{fff0}', '\u{fffb}'),   // reserved and interlinear annotation
    ('\u{13430}', '\u{1343f}'), // Egyptian hieroglyph controls
    ('\u{1bca0}', '\u{1bca3}'), // shorthand format controls
    ('\u{1d159}', '\u{1d159}'), // null note head
    ('\u{1d173}', '\u{1d17a}'), // musical format controls
    // Tags spell ASCII text that a language model reads and no program shows.
    ('\u{e0000}', '\u{e0fff}'), // tags and more variation selectors
];

/// Whether a character draws nothing. White space and control characters are not counted here.
pub fn is_invisible(character: char) -> bool {
    // Every character of every text is asked for, and most of them are ASCII.
    if character.is_ascii() {
        return false;
    }
    let at = RANGES.partition_point(|(_, last)| *last < character);
    RANGES.get(at).is_some_and(|(first, _)| *first <= character)
}

/// Returns JSON in which characters that draw nothing, or that a terminal obeys, are written as `\u` escapes. They can
/// occur within strings only, so the meaning stays.
pub fn with_visible_escapes(json: String) -> String {
    let is_hidden = |character: char| character.is_control() || is_invisible(character);
    if !json.contains(is_hidden) {
        return json;
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        if is_hidden(character) {
            // JSON escapes are UTF-16, so a character beyond U+FFFF takes two.
            let units = character.encode_utf16(&mut [0; 2]).to_vec();
            escaped.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// Whether an invisible character is part of ordinary writing, given its neighbors: a variation selector or a joiner in
/// an emoji, or a joiner between letters of a script that is written with them (Persian, the Indic scripts).
pub fn is_ordinary_invisible(before: Option<char>, character: char, after: Option<char>) -> bool {
    match character {
        '\u{fe0e}' | '\u{fe0f}' => before.is_some_and(|before| is_symbol(before) || "#*0123456789".contains(before)),
        '\u{200d}' if before.is_some_and(is_emoji_part) => after.is_some_and(is_symbol),
        // A joiner next to another invisible character is not ordinary: runs of them can encode text.
        '\u{200c}' | '\u{200d}' => before.is_some_and(is_joining_letter) && after.is_none_or(|it| !is_invisible(it)),
        _ => false,
    }
}

/// Whether a character can be the base of an emoji. The blocks are wider than Unicode's list of emoji, which grows each year.
fn is_symbol(character: char) -> bool {
    matches!(character,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2190}'..='\u{21ff}'
        | '\u{2300}'..='\u{23ff}' | '\u{24c2}' | '\u{25a0}'..='\u{27bf}' | '\u{2900}'..='\u{2bff}'
        | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{1f000}'..='\u{1faff}')
}

fn is_emoji_part(character: char) -> bool {
    is_symbol(character) || character == '\u{fe0f}'
}

/// Whether a letter belongs to the blocks from Arabic to Sinhala, whose scripts use joiners in ordinary words.
fn is_joining_letter(character: char) -> bool {
    matches!(character, '\u{600}'..='\u{dff}') && !is_invisible(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_hidden_character_is_invisible_and_letters_are_not() {
        for hidden in
            "\u{ad}\u{61c}\u{180e}\u{200b}\u{202e}\u{206a}\u{3164}\u{fe0f}\u{feff}\u{fff9}\u{e0041}\u{e0100}".chars()
        {
            assert!(is_invisible(hidden), "{hidden:?}");
        }
        for shown in "a é\u{645}日\u{1f600}\u{1f3fd}\u{600}-\n".chars() {
            assert!(!is_invisible(shown), "{shown:?}");
        }
    }

    #[test]
    fn the_ranges_are_sorted_and_end_where_they_say() {
        assert!(RANGES.is_sorted_by(|(_, last), (first, _)| last < first));
        let neighbor = |character: char, up: bool| {
            let code = u32::from(character);
            char::from_u32(if up { code + 1 } else { code - 1 })
        };
        for (first, last) in RANGES {
            assert!(is_invisible(first) && is_invisible(last), "{first:?} {last:?}");
            let outside = [neighbor(first, false), neighbor(last, true)];
            for character in outside.into_iter().flatten() {
                let next_range = RANGES.iter().any(|range| range.0 == character || range.1 == character);
                assert_eq!(is_invisible(character), next_range, "{character:?}");
            }
        }
    }

    #[test]
    fn emoji_and_persian_words_are_ordinary() {
        assert!(is_ordinary_invisible(Some('\u{2764}'), '\u{fe0f}', None));
        assert!(is_ordinary_invisible(Some('\u{1f468}'), '\u{200d}', Some('\u{1f4bb}')));
        assert!(is_ordinary_invisible(Some('\u{645}'), '\u{200c}', Some('\u{62e}')));
        assert!(!is_ordinary_invisible(Some('a'), '\u{fe0f}', None));
        assert!(!is_ordinary_invisible(Some('a'), '\u{200d}', Some('b')));
        assert!(!is_ordinary_invisible(Some('\u{1f600}'), '\u{e0041}', None));
    }
}
