//! The ids of entities, by path: what was read or created is not searched for again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::resource::EntityPath;

/// The ids that a client knows. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct EntityIds(Arc<Mutex<HashMap<EntityPath, u64>>>);

impl EntityIds {
    /// Returns the id of an entity, if it is known.
    pub(super) fn get(&self, path: &EntityPath) -> Option<u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(path).copied()
    }

    /// Keeps the id of an entity.
    pub(super) fn insert(&self, path: EntityPath, id: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(path, id);
    }

    /// Replaces everything that is known.
    pub(super) fn replace(&self, ids: HashMap<EntityPath, u64>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = ids;
    }
}
