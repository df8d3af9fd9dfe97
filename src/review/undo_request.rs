//! Which run is taken back, and on which target.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::target::check_same;
use crate::config::{LoadedProject, Project, Sources};
use crate::failure::Failure;
use crate::host::Host;
use crate::journal::RecordedRun;
use crate::plan::Target;
use crate::resource::{Address, Origins, State};

/// A request to take a run back.
#[derive(Debug, Clone, PartialEq)]
pub struct UndoRequest {
    /// The run.
    pub run: RecordedRun,
    /// Whether rows that somebody has changed since are put back too.
    pub force: bool,
}

impl UndoRequest {
    /// Returns a project without files: the journal is in their place.
    pub(super) fn project(&self, host: &Host) -> LoadedProject {
        let project = Project {
            file: PathBuf::new(),
            root: host.current_dir.clone(),
            organization: None,
            memory_enabled: true,
            desired: State::default(),
            origins: Origins::default(),
            secrets: Vec::new(),
            secret_values: BTreeMap::new(),
            secret_fields: Vec::new(),
            provider_keys: Vec::new(),
            files: BTreeSet::new(),
            ignores: Vec::new(),
        };
        LoadedProject {
            project: Some(project),
            diagnostics: Vec::new(),
            sources: Sources::default(),
            org: Some(self.run.head.target.organization.clone()),
            secret_values: Vec::new(),
            folders: BTreeSet::new(),
        }
    }

    /// Returns what the run wrote, or may have written.
    pub(super) fn written(&self) -> impl Iterator<Item = &Address> {
        self.run.possible_writes().map(|write| &write.address)
    }

    /// Checks that the run wrote to this target.
    ///
    /// # Errors
    /// When it wrote to another one.
    pub(super) fn check_target(&self, target: &Target) -> Result<(), Failure> {
        let head = &self.run.head;
        check_same(&format!("run {} wrote to", head.id), &head.target, target)
    }
}
