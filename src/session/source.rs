//! A value, and where it was set.

use std::fmt;

/// A value, and where it was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value itself.
    pub value: T,
    /// The flag, variable or file that set it.
    pub source: ValueSource,
}

/// Where a value was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueSource {
    /// A flag of the command line.
    Flag(&'static str),
    /// An environment variable.
    Variable(&'static str),
    /// The project's `lobu.toml`.
    Project,
    /// The project's `.lobu/project.json`, which `lobu link` writes.
    Link,
    /// The context of this name.
    Context(String),
    /// The credentials of the context of this name.
    Credentials(String),
    /// The `memory.json` of the `lobu` CLI.
    Memory,
}

impl fmt::Display for ValueSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => write!(formatter, "`{name}`"),
            Self::Project => formatter.write_str("`lobu.toml`"),
            Self::Link => formatter.write_str("`.lobu/project.json`"),
            Self::Context(name) => write!(formatter, "context `{name}`"),
            Self::Credentials(name) => write!(formatter, "credentials of context `{name}`"),
            Self::Memory => formatter.write_str("`memory.json` of the `lobu` CLI"),
        }
    }
}
