//! What happens to values that the server has and the files do not mention.

/// Whether the values that only the server has stay or go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Undeclared {
    /// They stay, and the plan reports them as drift (semantics, law 4).
    #[default]
    Keep,
    /// They are removed, because the user asked for it.
    Clear,
}

impl Undeclared {
    /// Whether the values are removed.
    pub fn clears(self) -> bool {
        self == Self::Clear
    }

    /// Returns the value that remains of one that only the server has.
    pub(super) fn kept<T>(self, value: T) -> Option<T> {
        match self {
            Self::Keep => Some(value),
            Self::Clear => None,
        }
    }
}
