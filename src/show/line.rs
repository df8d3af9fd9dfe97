//! A line of text whose parts say what they mean.

use crate::resource::is_invisible;

/// The meaning of a piece of text. A renderer gives it a style; the text has to be clear without one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Role {
    /// Ordinary text.
    #[default]
    Plain,
    /// A section's title, a header.
    Heading,
    /// Something that is created.
    Create,
    /// Something that is updated.
    Update,
    /// Something that is unchanged.
    Noop,
    /// Something that only the server has.
    Drift,
    /// Something that is deleted.
    Delete,
    /// A warning, or a restart that a user has to know of.
    Warning,
    /// An error, or a row that was not applied.
    Error,
    /// Something that succeeded.
    Success,
    /// Something that is running.
    Running,
    /// The name of a field.
    Field,
    /// The id of a resource.
    Id,
    /// Less important text.
    Dim,
    /// More important text.
    Strong,
    /// An added line or item.
    AddedText,
    /// A removed line or item.
    RemovedText,
    /// The added words within a changed line.
    AddedWord,
    /// The removed words within a changed line.
    RemovedWord,
    /// Text in place of a secret.
    Secret,
}

/// A piece of text with its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The text: no control characters, no line ends.
    pub text: String,
    /// The meaning of the text, from which a renderer chooses a style.
    pub role: Role,
}

/// One line of text, before it is wrapped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// The number of blank columns before the first span.
    pub indent: usize,
    /// The spans, in order and without separators.
    pub spans: Vec<Span>,
}

impl Line {
    /// Creates an empty line with this indent.
    pub fn at(indent: usize) -> Self {
        Self {
            indent,
            spans: Vec::new(),
        }
    }

    /// Adds a span. Characters that a terminal would obey or that draw nothing are replaced, see [`printable`].
    pub fn push(mut self, role: Role, text: impl AsRef<str>) -> Self {
        self.spans.push(Span {
            text: printable(text.as_ref()),
            role,
        });
        self
    }

    /// Adds a span without a role.
    pub fn plain(self, text: impl AsRef<str>) -> Self {
        self.push(Role::Plain, text)
    }

    /// Returns the text without roles or indent.
    pub fn text(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }
}

/// Returns a text that is safe on a terminal and hides nothing: tabs become spaces, and characters that a terminal obeys
/// or that draw nothing become marks such as `<U+200B>`.
pub fn printable(text: &str) -> String {
    // Nearly every text is harmless, and some are a megabyte long.
    if !text.chars().any(is_hidden) {
        return text.to_owned();
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            // A tab would be one column wide to the layout, and up to eight on the terminal.
            '\t' => safe.push_str("    "),
            hidden if is_hidden(hidden) => safe.extend([format!("<U+{:04X}>", u32::from(hidden))]),
            other => safe.push(other),
        }
    }
    safe
}

fn is_hidden(character: char) -> bool {
    character.is_control() || is_invisible(character)
}
