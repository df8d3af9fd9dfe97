//! The text of a file, with line and column of every byte, and the masked copies that may be printed.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::mask::MaskedText;
use crate::resource::{Origin, SharedValue};

/// The size in bytes of the blocks whose characters are counted in advance.
const BLOCK: usize = 512;

/// A string from a file, with its location.
#[derive(Debug, Clone)]
pub(super) struct Text {
    /// The string, with escapes decoded and not trimmed.
    pub value: String,
    /// The bytes of the string in the file, with its quotes.
    pub span: Range<usize>,
}

/// The text of one file, with an index of its lines.
#[derive(Debug, Clone)]
pub struct Source {
    /// The path of the file as it is shown: relative to [`super::LoadOptions::display_root`] where possible.
    pub path: SharedValue<PathBuf>,
    /// The text, without a byte order mark.
    pub text: String,
    /// The byte at which each line starts.
    lines: Vec<usize>,
    /// The number of characters that start before each block. Without it, finding a column in a file of one long line would
    /// take a pass over the line.
    characters: Vec<usize>,
}

impl Source {
    /// Creates the index of a text. A byte order mark at its start is dropped.
    pub fn new(path: impl Into<PathBuf>, text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        let lines = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(index, _)| index + 1))
            .collect();
        let mut characters = vec![0];
        for block in text.as_bytes().chunks(BLOCK) {
            let before = characters.last().copied().unwrap_or(0);
            characters.push(before + block.iter().filter(|byte| starts_character(**byte)).count());
        }
        Self {
            path: path.into().into(),
            text,
            lines,
            characters,
        }
    }

    /// Returns the line of a byte, counted from 1.
    pub fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset).max(1)
    }

    /// Returns the line and the column of a byte, both counted from 1, the column in characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.line(offset);
        let column = self.characters_before(offset) - self.characters_before(self.line_start(line));
        (line, column + 1)
    }

    /// Returns the line of a span as a location.
    pub(super) fn origin(&self, span: &Range<usize>) -> Origin {
        Origin {
            file: self.path.clone(),
            line: self.line(span.start),
        }
    }

    /// Returns the byte at which a line starts, or the length of the text; lines count from 1.
    pub fn line_start(&self, line: usize) -> usize {
        self.lines
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or(self.text.len())
    }

    /// Returns the byte at a line and a column, both counted from 1, or the length of the text when it has no such position.
    pub fn offset(&self, line: usize, column: usize) -> usize {
        let wanted = self.characters_before(self.line_start(line)) + column.saturating_sub(1);
        let block = self.characters.partition_point(|before| *before <= wanted).max(1) - 1;
        let missing = wanted - self.characters[block];
        let start = block * BLOCK;
        let bytes = self.text.as_bytes().get(start..).unwrap_or_default();
        let mut starts = bytes.iter().enumerate().filter(|(_, byte)| starts_character(**byte));
        starts.nth(missing).map_or(self.text.len(), |(index, _)| start + index)
    }

    /// Returns the number of characters that start before a byte.
    fn characters_before(&self, offset: usize) -> usize {
        let offset = offset.min(self.text.len());
        let block = offset / BLOCK;
        let rest = &self.text.as_bytes()[block * BLOCK..offset];
        self.characters[block] + rest.iter().filter(|byte| starts_character(**byte)).count()
    }
}

/// Whether a byte of UTF-8 text is the first one of a character.
fn starts_character(byte: u8) -> bool {
    // All other bytes of a character are `10xxxxxx`.
    byte & 0xc0 != 0x80
}

/// The masked texts of all files that were read, by path. They contain no secrets, so their lines may be printed.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    // Shared with what a cache has read.
    texts: BTreeMap<PathBuf, Arc<MaskedText>>,
}

impl Sources {
    /// Keeps the masked text of a file.
    pub(super) fn insert(&mut self, path: &Path, masked: MaskedText) {
        self.texts.insert(path.to_owned(), Arc::new(masked));
    }

    /// Drops the texts of all files but these.
    pub(super) fn keep_only(&mut self, files: &BTreeSet<&Path>) {
        self.texts.retain(|path, _| files.contains(path.as_path()));
    }

    /// Adds the texts of other files.
    pub(super) fn extend(&mut self, others: &Self) {
        let others = others.texts.iter().map(|(path, text)| (path.clone(), Arc::clone(text)));
        self.texts.extend(others);
    }

    /// Returns the paths of all files that were read, as they are shown.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.texts.keys().map(PathBuf::as_path)
    }

    /// Returns the masked text of a file, by its path as it is shown.
    pub fn get(&self, path: &Path) -> Option<&MaskedText> {
        self.texts.get(path).map(AsRef::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_positions_across_blocks_of_wide_characters() {
        let text = format!("é\n{}x{}\nend", "日".repeat(700), "-".repeat(1000));
        let source = Source::new("a", &text);
        for (offset, _) in text.char_indices() {
            let (line, column) = source.position(offset);
            assert_eq!(source.offset(line, column), offset);
        }
        assert_eq!(source.position(text.find('x').unwrap()), (2, 701));
        assert_eq!(source.position(text.len()), (3, 4));
        assert_eq!(source.offset(9, 1), text.len());
    }
}
