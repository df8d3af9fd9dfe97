//! One escape sequence at the start of some bytes, decoded.

/// A decoded escape: at most one character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Escape {
    bytes: [u8; 4],
    length: usize,
    /// The number of bytes that were decoded, at least 1.
    pub(super) consumed: usize,
}

impl Escape {
    /// Creates an escape of one byte.
    pub(super) fn byte(byte: u8, consumed: usize) -> Self {
        Self {
            bytes: [byte, 0, 0, 0],
            length: 1,
            consumed,
        }
    }

    fn character(code: u32, consumed: usize) -> Option<Self> {
        let mut bytes = [0; 4];
        let length = char::from_u32(code)?.encode_utf8(&mut bytes).len();
        Some(Self {
            bytes,
            length,
            consumed,
        })
    }

    /// Returns the decoded bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// Decodes an escape that begins with a backslash: `\n`, `\"`, `\/`, `\x41`, `\u0041`, `\u{41}` and surrogate pairs.
pub(super) fn backslash(bytes: &[u8]) -> Option<Escape> {
    match bytes.get(1)? {
        b'n' => Some(Escape::byte(b'\n', 2)),
        b'r' => Some(Escape::byte(b'\r', 2)),
        b't' => Some(Escape::byte(b'\t', 2)),
        b'b' => Some(Escape::byte(8, 2)),
        b'f' => Some(Escape::byte(12, 2)),
        b'x' => number(bytes.get(2..4)?, 16).map(|code| Escape::byte(code as u8, 4)),
        b'u' if bytes.get(2) == Some(&b'{') => braced(bytes),
        b'u' => unicode(bytes),
        other if other.is_ascii_punctuation() => Some(Escape::byte(*other, 2)),
        _ => None,
    }
}

fn braced(bytes: &[u8]) -> Option<Escape> {
    // The longest escape is `\u{10ffff}`, with 10 bytes.
    let end = bytes.iter().take(10).position(|byte| *byte == b'}')?;
    Escape::character(number(bytes.get(3..end)?, 16)?, end + 1)
}

fn unicode(bytes: &[u8]) -> Option<Escape> {
    let first = number(bytes.get(2..6)?, 16)?;
    if !(0xd800..0xdc00).contains(&first) {
        return Escape::character(first, 6);
    }
    // JSON spells characters beyond U+FFFF as two escapes.
    let second = bytes.get(6..8).filter(|start| *start == b"\\u").and(bytes.get(8..12))?;
    let second = number(second, 16)?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
    Escape::character(0x10000 + ((first - 0xd800) << 10) + second, 12)
}

/// Decodes a percent escape such as `%41`.
pub(super) fn percent(bytes: &[u8]) -> Option<Escape> {
    number(bytes.get(1..3)?, 16).map(|code| Escape::byte(code as u8, 3))
}

/// Decodes an HTML character reference: `&amp;`, `&#65;` or `&#x41;`.
pub(super) fn html(bytes: &[u8]) -> Option<Escape> {
    // `number` reads at most 8 digits, and `&#x0010ffff;` has 12 bytes. The names are shorter.
    let end = bytes.iter().take(12).position(|byte| *byte == b';')?;
    let name = bytes.get(1..end)?;
    let code = match name {
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        _ => u32::from(ENTITIES.iter().find(|(known, _)| known.as_bytes() == name)?.1),
    };
    Escape::character(code, end + 1)
}

/// The HTML names of characters that keys, tokens and passwords contain.
const ENTITIES: [(&str, char); 30] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", '\u{a0}'),
    ("plus", '+'),
    ("equals", '='),
    ("sol", '/'),
    ("bsol", '\\'),
    ("colon", ':'),
    ("semi", ';'),
    ("comma", ','),
    ("period", '.'),
    ("num", '#'),
    ("dollar", '$'),
    ("percnt", '%'),
    ("ast", '*'),
    ("lowbar", '_'),
    ("commat", '@'),
    ("excl", '!'),
    ("quest", '?'),
    ("lpar", '('),
    ("rpar", ')'),
    ("lsqb", '['),
    ("rsqb", ']'),
    ("lcub", '{'),
    ("rcub", '}'),
    ("vert", '|'),
    ("grave", '`'),
];

/// Whether bytes that are no escape could become one if more followed.
pub(super) fn may_go_on(bytes: &[u8]) -> bool {
    // The longest escapes, surrogate pairs and references such as `&#x0010ffff;`, have 12 bytes.
    let Some((sign, rest)) = bytes.split_first().filter(|_| bytes.len() < 12) else {
        return false;
    };
    let goes_on = |byte: &u8| match sign {
        b'\\' => byte.is_ascii_hexdigit() || b"ux{\\".contains(byte),
        b'%' => byte.is_ascii_hexdigit(),
        _ => byte.is_ascii_alphanumeric() || *byte == b'#',
    };
    rest.iter().all(goes_on)
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    if digits.is_empty() || digits.len() > 8 {
        return None;
    }
    digits.iter().try_fold(0_u32, |number, digit| {
        number
            .checked_mul(radix)?
            .checked_add(char::from(*digit).to_digit(radix)?)
    })
}
