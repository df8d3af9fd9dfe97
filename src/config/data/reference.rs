//! The names of entities in files: `SLUG`, `TYPE:SLUG`, and `PARENT/SLUG` where a slug alone is not enough.

use crate::resource::{EntityPath, normalize_entity_slug};

use super::entity::is_slug;

/// A name of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EntityReference {
    /// The slug of the type, if the name has one.
    pub entity_type: Option<String>,
    /// The slug, with those of parents that the name has. A path of one slug need not be whole.
    pub path: EntityPath,
}

/// Parses a name. `None` when it cannot be the name of an entity.
pub(super) fn parse(text: &str) -> Option<EntityReference> {
    let (entity_type, path) = match text.split_once(':') {
        Some((entity_type, path)) => (Some(normalize_entity_slug(entity_type)), path),
        None => (None, text),
    };
    let is_whole = path.split('/').all(is_slug) && entity_type.as_ref().is_none_or(|it| !it.is_empty());
    is_whole.then(|| EntityReference {
        entity_type,
        path: EntityPath::parse(path),
    })
}
