//! The paths of entities, made of their slugs and of the ids of their parents.

use std::collections::HashMap;

use super::normalize;
use crate::resource::EntityPath;
use crate::wire::entity::WireEntity;

/// The paths of all entities by id, and the other way round.
#[derive(Debug, Default)]
pub(super) struct EntityTree {
    paths: HashMap<u64, EntityPath>,
    ids: HashMap<EntityPath, u64>,
}

impl EntityTree {
    /// Builds the tree of all live entities. One whose parent is not among them has no path.
    pub(super) fn of(rows: &[WireEntity]) -> Self {
        let number = normalize::number;
        let parents: HashMap<u64, (&str, Option<u64>)> = rows
            .iter()
            .filter_map(|row| {
                let parent = row.parent_id.as_ref().and_then(number);
                Some((number(&row.id)?, (row.slug.as_str(), parent)))
            })
            .collect();
        let paths: HashMap<u64, EntityPath> = parents
            .keys()
            .filter_map(|id| Some((*id, path_of(*id, &parents)?)))
            .collect();
        let ids = paths.iter().map(|(id, path)| (path.clone(), *id)).collect();
        Self { paths, ids }
    }

    /// Returns the path of an entity.
    pub(super) fn path(&self, id: u64) -> Option<&EntityPath> {
        self.paths.get(&id)
    }

    /// Returns the id of an entity.
    pub(super) fn id(&self, path: &EntityPath) -> Option<u64> {
        self.ids.get(path).copied()
    }

    /// Returns the ids of all entities.
    pub(super) fn ids(&self) -> HashMap<EntityPath, u64> {
        self.ids.clone()
    }
}

/// Walks up to the topmost parent. `None` when a parent is missing, or when there are more than a server accepts: then the
/// parents form a circle.
fn path_of(id: u64, parents: &HashMap<u64, (&str, Option<u64>)>) -> Option<EntityPath> {
    let mut slugs = Vec::new();
    let mut next = Some(id);
    while let Some(id) = next {
        let (slug, parent) = parents.get(&id)?;
        slugs.push(*slug);
        next = *parent;
        if slugs.len() > 4 * EntityPath::MAX_DEPTH {
            return None;
        }
    }
    slugs.reverse();
    Some(EntityPath::of(slugs))
}
