//! An entity of the memory, and the path that identifies it.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::field_table::{Absent, Field};

/// The slugs from an entity without a parent down to the entity. No two entities of an organization have one path, whatever
/// their types.
///
/// Paths are compared slug by slug. They are keys of large maps, so that comparing two is comparing one text, and copying
/// one allocates nothing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityPath(
    /// Each slug, with [`END`] after it.
    Arc<str>,
);

/// The end of a slug. No server stores the character, and it comes before all others: the slugs of a parent precede those
/// of its children.
const END: char = '\0';

impl EntityPath {
    /// The maximum number of slugs in a path that the server accepts.
    pub const MAX_DEPTH: usize = 10;

    /// Creates the path of these slugs.
    pub fn of<S: AsRef<str>>(slugs: impl IntoIterator<Item = S>) -> Self {
        let mut text = String::new();
        for slug in slugs {
            text.push_str(slug.as_ref());
            text.push(END);
        }
        Self(text.into())
    }

    /// Parses slugs that are separated by `/`.
    pub fn parse(text: &str) -> Self {
        Self::of(text.split('/'))
    }

    /// Returns the path of the parent. `None` for an entity without one.
    pub fn parent(&self) -> Option<Self> {
        let above = self.0.strip_suffix(END)?.rfind(END)?;
        Some(Self(self.0[..=above].into()))
    }

    /// Returns the path of a child.
    #[must_use]
    pub fn child(&self, slug: &str) -> Self {
        Self::of(self.slugs().chain([slug]))
    }

    /// Whether an entity is below this one.
    pub fn is_above(&self, other: &Self) -> bool {
        other.0.len() > self.0.len() && other.0.starts_with(&*self.0)
    }

    /// Returns the slug of the entity itself.
    pub fn slug(&self) -> &str {
        self.slugs().next_back().unwrap_or_default()
    }

    /// Returns the number of slugs.
    pub fn depth(&self) -> usize {
        self.slugs().count()
    }

    fn slugs(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split_terminator(END)
    }
}

impl Default for EntityPath {
    fn default() -> Self {
        Self("".into())
    }
}

impl fmt::Debug for EntityPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slugs: Vec<&str> = self.slugs().collect();
        formatter.debug_tuple("EntityPath").field(&slugs).finish()
    }
}

impl fmt::Display for EntityPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, slug) in self.slugs().enumerate() {
            if index > 0 {
                formatter.write_str("/")?;
            }
            formatter.write_str(slug)?;
        }
        Ok(())
    }
}

/// The resource at the address `entity.TYPE.PATH`. A field is `None` when the file does not mention it, or when the server
/// has none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Entity {
    /// The path.
    pub path: EntityPath,
    /// The slug of the type, fixed at creation.
    pub entity_type: String,
    /// The id on the server. `None` on the desired side.
    pub id: Option<u64>,
    /// Whether the server does not tell content and classifiers. Never true on the desired side.
    pub hides_content: bool,
    /// The display name; not empty when it comes from a file.
    pub name: String,
    /// The metadata, a table that is compared as a whole.
    pub metadata: Option<Value>,
    /// A text about the entity.
    pub content: Option<String>,
    /// The classifiers that run over its events, a list of texts.
    pub enabled_classifiers: Option<Value>,
}

impl Entity {
    /// The name of the metadata's field.
    pub const METADATA: &'static str = "metadata";

    /// The fields that no list of the server has.
    pub const HIDDEN: [&'static str; 2] = ["content", "enabled_classifiers"];

    /// The fields that are compared.
    pub const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::required("name", |it| &it.name, |it| &mut it.name),
        Field::<Self>::json(Self::METADATA, |it| &it.metadata, |it| &mut it.metadata),
        Field::<Self>::text("content", |it| &it.content, |it| &mut it.content).cleared_by(Absent::Text("")),
        Field::<Self>::json(
            "enabled_classifiers",
            |it| &it.enabled_classifiers,
            |it| &mut it.enabled_classifiers,
        )
        .cleared_by(Absent::List),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_ordered_and_cut_slug_by_slug() {
        let slugs: [&[&str]; 8] = [
            &[],
            &[""],
            &["", "a"],
            &["a"],
            &["a", "b"],
            &["a", "b-c"],
            &["a-b"],
            &["ab", "c"],
        ];
        for (index, left) in slugs.iter().enumerate() {
            let path = EntityPath::of(left.iter());
            assert_eq!(path.depth(), left.len(), "{path:?}");
            assert_eq!(path.slug(), left.last().copied().unwrap_or_default(), "{path:?}");
            let above = left
                .split_last()
                .map(|(_, above)| above)
                .filter(|above| !above.is_empty());
            assert_eq!(
                path.parent(),
                above.map(|above| EntityPath::of(above.iter())),
                "{path:?}"
            );
            assert_eq!(path.child("x"), EntityPath::of(left.iter().chain(&["x"])), "{path:?}");
            for (other, right) in slugs.iter().enumerate() {
                let compared = path.cmp(&EntityPath::of(right.iter()));
                assert_eq!(compared, index.cmp(&other), "{left:?} {right:?}");
                let is_above = right.len() > left.len() && right.starts_with(left);
                assert_eq!(
                    path.is_above(&EntityPath::of(right.iter())),
                    is_above,
                    "{left:?} {right:?}"
                );
            }
        }
    }
}
