//! A line of text whose parts say what they mean.

use crate::resource::is_invisible;

/// What a piece of text is. A renderer gives it a style; the text alone has to be enough without one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Role {
    /// Nothing special.
    #[default]
    Plain,
    /// A section's title, a header.
    Heading,
    /// Something that is created.
    Create,
    /// Something that is updated.
    Update,
    /// Something that stays.
    Noop,
    /// Something that only the server has.
    Drift,
    /// Something that goes away.
    Delete,
    /// A warning, a restart.
    Warning,
    /// An error.
    Error,
    /// Done.
    Success,
    /// At work.
    Running,
    /// The name of a field.
    Field,
    /// The id of a resource.
    Id,
    /// Of less weight.
    Dim,
    /// Of more weight.
    Strong,
    /// A line or an item that comes.
    AddedText,
    /// A line or an item that goes.
    RemovedText,
    /// The words within a line that come.
    AddedWord,
    /// The words within a line that go.
    RemovedWord,
    /// In place of a secret.
    Secret,
}

/// A piece of text with its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The text: no control characters, no line ends.
    pub text: String,
    /// What it is.
    pub role: Role,
}

/// One line, indented by so many columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// Columns of blank space before the first span.
    pub indent: usize,
    /// In order, without separators.
    pub spans: Vec<Span>,
}

impl Line {
    /// An empty line at this indent.
    pub fn at(indent: usize) -> Self {
        Self {
            indent,
            spans: Vec::new(),
        }
    }

    /// This line and one more span. What the terminal could take for a command, or a person could not see, is replaced.
    pub fn push(mut self, role: Role, text: impl AsRef<str>) -> Self {
        self.spans.push(Span {
            text: printable(text.as_ref()),
            role,
        });
        self
    }

    /// This line and one more span without a role.
    pub fn plain(self, text: impl AsRef<str>) -> Self {
        self.push(Role::Plain, text)
    }

    /// The text without roles or indent.
    pub fn text(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }
}

/// Returns a text that is safe on a terminal and hides nothing: tabs become spaces, and characters that a terminal obeys
/// or that draw nothing become marks such as `<U+200B>`.
pub fn printable(text: &str) -> String {
    if !text.chars().any(is_hidden) {
        return text.to_owned();
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
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
