//! The locations of resources and fields in the files.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Address, FieldPath};

/// The line of a file that declares a resource or a field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin {
    /// The path as a user would type it: relative to the current folder where possible.
    pub file: PathBuf,
    /// The number of the line, from 1.
    pub line: usize,
}

/// The locations of a resource and of its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceOrigins {
    resource: Origin,
    fields: BTreeMap<FieldPath, Origin>,
}

impl ResourceOrigins {
    /// Creates the locations of a resource, without any of fields.
    pub fn new(resource: Origin) -> Self {
        Self {
            resource,
            fields: BTreeMap::new(),
        }
    }

    /// Records the location of a field.
    pub fn set_field(&mut self, path: FieldPath, origin: Origin) {
        self.fields.insert(path, origin);
    }

    fn of_field(&self, path: &FieldPath) -> &Origin {
        let nearest = || {
            let segments = path.segments();
            // From the longest prefix to the shortest one.
            let prefixes = (1..segments.len()).rev();
            let mut prefixes = prefixes.map(|length| FieldPath::of(segments[..length].iter().cloned()));
            prefixes.find_map(|prefix| self.fields.get(&prefix))
        };
        self.fields.get(path).or_else(nearest).unwrap_or(&self.resource)
    }
}

/// The locations of everything that a project declares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins {
    // Shared with what a cache has read.
    resources: BTreeMap<Address, Arc<ResourceOrigins>>,
}

impl Origins {
    /// Records the locations of a resource and of its fields.
    pub fn set(&mut self, address: Address, origins: Arc<ResourceOrigins>) {
        self.resources.insert(address, origins);
    }

    /// Returns the location of a resource. `None` when no file declares it.
    pub fn of(&self, address: &Address) -> Option<&Origin> {
        self.resources.get(address).map(|origins| &origins.resource)
    }

    /// Returns the location of a field, or of the nearest enclosing field, or of the resource.
    pub fn of_field(&self, address: &Address, path: &FieldPath) -> Option<&Origin> {
        self.resources.get(address).map(|origins| origins.of_field(path))
    }
}
