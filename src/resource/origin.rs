//! The locations of resources and fields in the files.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Address, FieldPath, SharedValue};

/// The line of a file that declares a resource or a field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin {
    /// The path as a user would type it: relative to the current folder where possible.
    pub file: SharedValue<PathBuf>,
    /// The number of the line, from 1.
    pub line: usize,
}

/// The locations of a resource and of its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceOrigins {
    resource: Origin,
    /// Those of fields, sorted by their paths.
    fields: Vec<(FieldPath, Origin)>,
}

impl ResourceOrigins {
    /// Creates the locations of a resource, without any of fields.
    pub fn new(resource: Origin) -> Self {
        Self {
            resource,
            fields: Vec::new(),
        }
    }

    /// Records the location of a field.
    pub fn set_field(&mut self, path: FieldPath, origin: Origin) {
        match self.position(path.segments()) {
            Ok(at) => self.fields[at].1 = origin,
            Err(at) => {
                // Most resources have two or three.
                self.fields.reserve_exact(1);
                self.fields.insert(at, (path, origin));
            }
        }
    }

    fn position(&self, segments: &[String]) -> Result<usize, usize> {
        self.fields
            .binary_search_by(|(known, _)| known.segments().cmp(segments))
    }

    fn of_field(&self, path: &FieldPath) -> &Origin {
        let segments = path.segments();
        let of_prefix = |length: usize| self.position(&segments[..length]).ok().map(|at| &self.fields[at].1);
        // From the longest prefix to the shortest one.
        (1..=segments.len()).rev().find_map(of_prefix).unwrap_or(&self.resource)
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
