//! The locations of resources and fields in the files.

use std::collections::BTreeMap;
use std::path::PathBuf;

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

/// The locations of everything that a project declares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins {
    resources: BTreeMap<Address, Origin>,
    fields: BTreeMap<(Address, FieldPath), Origin>,
}

impl Origins {
    /// Records the location of a resource.
    pub fn set(&mut self, address: Address, origin: Origin) {
        self.resources.insert(address, origin);
    }

    /// Records the location of a field.
    pub fn set_field(&mut self, address: Address, path: FieldPath, origin: Origin) {
        self.fields.insert((address, path), origin);
    }

    /// Returns the location of a resource. `None` when no file declares it.
    pub fn of(&self, address: &Address) -> Option<&Origin> {
        self.resources.get(address)
    }

    /// Returns the location of a field, or of the nearest enclosing field, or of the resource.
    pub fn of_field(&self, address: &Address, path: &FieldPath) -> Option<&Origin> {
        let segments = path.segments();
        // From the longest prefix to the shortest one.
        (1..=segments.len())
            .rev()
            .find_map(|length| {
                self.fields
                    .get(&(address.clone(), FieldPath::of(segments[..length].iter().cloned())))
            })
            .or_else(|| self.of(address))
    }
}
