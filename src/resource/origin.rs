//! Where in the files a resource or a field comes from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Address, FieldPath};

/// A place in a file; `line` counts from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin {
    /// As the person would type it: relative to the project where possible.
    pub file: PathBuf,
    /// Counted from 1.
    pub line: usize,
}

/// The origins of everything that a project declares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins {
    resources: BTreeMap<Address, Origin>,
    fields: BTreeMap<(Address, FieldPath), Origin>,
}

impl Origins {
    /// Notes where a resource is declared.
    pub fn set(&mut self, address: Address, origin: Origin) {
        self.resources.insert(address, origin);
    }

    /// Notes where a field of a resource is declared.
    pub fn set_field(&mut self, address: Address, path: FieldPath, origin: Origin) {
        self.fields.insert((address, path), origin);
    }

    /// Where the resource is declared.
    pub fn of(&self, address: &Address) -> Option<&Origin> {
        self.resources.get(address)
    }

    /// Where the field is declared; the nearest enclosing field, else the resource itself.
    pub fn of_field(&self, address: &Address, path: &FieldPath) -> Option<&Origin> {
        let segments = path.segments();
        (1..=segments.len())
            .rev()
            .find_map(|length| {
                self.fields
                    .get(&(address.clone(), FieldPath::of(segments[..length].iter().cloned())))
            })
            .or_else(|| self.of(address))
    }
}
