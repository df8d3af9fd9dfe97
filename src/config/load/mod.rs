//! Reads the files of a project. Only this module and those below it open files.

mod agent_folder;
mod boundary;
mod disk;
mod model_folder;
mod prompt;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::builder::Builder;
use super::diagnostic::{Diagnostic, tick};
use super::draft::ProjectDraft;
use super::finding::Findings;
use super::mask::{self, MaskedText};
use super::reference::Reference;
use super::secret::{SecretSource, Values};
use super::skill::Skill;
use super::source::{Source, Sources, Text};
use super::{LoadOptions, LoadedProject, Only, Project, document, dotenv, secret};
use crate::resource::{ConfigValue, Origin, Origins, Secret, State};
use boundary::Boundary;
pub use disk::find;
use disk::{full, missing_folder, read, relative, unreadable};

/// Reads a project: what it declares, or everything that is wrong with it.
pub fn load(file: &Path, options: &LoadOptions<'_>) -> LoadedProject {
    let root = full(file).parent().map(Path::to_owned).unwrap_or_default();
    let mut loader = Loader {
        options,
        boundary: Boundary::new(&root, options.allow_outside),
        root,
        values: Values::default(),
        sources: Sources::default(),
        findings: Findings::default(),
        project_skills: None,
        secret_values: Vec::new(),
    };
    let source = loader.source(&full(file), mask::lobu_toml);
    let draft = source.as_ref().map(|source| loader.draft(source));
    let org = draft.as_ref().and_then(ProjectDraft::organization);
    let project = source
        .zip(draft)
        .map(|(source, draft)| loader.project(file, &source, draft));
    let diagnostics = loader.findings.into_sorted();
    let broken = diagnostics.iter().any(Diagnostic::is_error);
    LoadedProject {
        project: project.filter(|_| !broken),
        diagnostics,
        sources: loader.sources,
        org,
        secret_values: loader.secret_values,
    }
}

struct Loader<'a> {
    options: &'a LoadOptions<'a>,
    boundary: Boundary,
    /// The folder of `lobu.toml`.
    root: PathBuf,
    /// The values of the secrets that `lobu.toml` refers to.
    values: Values,
    sources: Sources,
    findings: Findings,
    /// The skills of the project itself, once they are read.
    project_skills: Option<Vec<(Skill, Origin)>>,
    /// The values that must never be shown.
    secret_values: Vec<Secret>,
}

impl Loader<'_> {
    fn draft(&mut self, source: &Source) -> ProjectDraft {
        let (mut draft, findings) = document::read(source, std::mem::take(&mut self.findings));
        self.findings = findings;
        if self.options.only == Only::Memory {
            draft.references.clear();
        }
        draft
    }

    fn project(&mut self, file: &Path, source: &Source, draft: ProjectDraft) -> Project {
        self.values = self.read_values(&draft.references);
        let check = self.options.secrets_check;
        secret::check(source, &draft.references, &self.values, check, &mut self.findings);
        let secrets = secret::uses(source, &draft.references, &self.values);
        let organization = draft.organization();
        let memory_enabled = draft.memory.as_ref().is_some_and(|memory| memory.enabled);
        let (desired, origins) = self.resources(source, draft);
        // Values that stand in clear under a secret's key count too.
        let literals = desired.platforms.values().flat_map(|it| it.config.values());
        let literals = literals.filter_map(|value| match value {
            ConfigValue::Secret(secret) => Some(secret),
            _ => None,
        });
        let resolved = self.values.iter().map(|(_, value)| value);
        self.secret_values = resolved.chain(literals).cloned().collect();
        Project {
            file: file.to_owned(),
            root: self.root.clone(),
            organization,
            memory_enabled,
            desired,
            origins,
            secrets,
        }
    }

    /// Reads the folders that the draft names, and builds the resources.
    fn resources(&mut self, source: &Source, draft: ProjectDraft) -> (State, Origins) {
        let mut agents = Vec::new();
        if self.options.only != Only::Memory {
            for agent in draft.agents {
                let folder = self.agent_folder(source, &agent);
                agents.push((agent, folder));
            }
        }
        let memory = draft
            .memory
            .filter(|memory| memory.enabled && self.options.only != Only::Agents);
        let models = memory.map(|memory| self.models(source, &memory));
        let mut builder = Builder {
            source,
            values: &self.values,
            findings: &mut self.findings,
            state: State::default(),
            origins: Origins::default(),
            stable_ids: HashMap::new(),
        };
        for (agent, folder) in agents {
            builder.agent(agent, folder);
        }
        if let Some((models, files)) = models {
            builder.models(models, &files);
        }
        (builder.state, builder.origins)
    }

    /// Returns the path of a file as it is shown.
    fn shown(&self, path: &Path) -> PathBuf {
        relative(path, self.options.display_root)
    }

    /// Reads a file of the project, and keeps its masked text for display.
    fn source(&mut self, path: &Path, mask: fn(&str) -> MaskedText) -> Option<Source> {
        match self.boundary.check(path) {
            Ok(()) => self.source_anywhere(path, mask),
            Err(problem) => {
                let shown = self.shown(path);
                self.findings.push(problem.in_file(shown));
                None
            }
        }
    }

    /// Reads a file that the user names, which may lie anywhere.
    fn source_anywhere(&mut self, path: &Path, mask: fn(&str) -> MaskedText) -> Option<Source> {
        let shown = self.shown(path);
        match read(path) {
            Ok(text) => {
                let source = Source::new(shown, &text);
                self.sources.insert(&source.path, mask(&source.text));
                Some(source)
            }
            Err(problem) => {
                self.findings.push(problem.in_file(shown));
                None
            }
        }
    }

    /// Reads the values of the names that are referred to; no other value is kept.
    fn read_values(&mut self, references: &[Reference]) -> Values {
        let wanted: HashSet<&str> = references.iter().map(|reference| reference.name.as_str()).collect();
        let mut values = Values::default();
        for name in &wanted {
            if let Some(value) = self.options.environment.get(*name) {
                values.add(name, Secret::new(value.as_str()), &SecretSource::Process);
            }
        }
        let given = self.options.env_files.iter().map(|file| full(file));
        let beside = [".env.local", ".env"].map(|name| self.root.join(name));
        let beside = beside.into_iter().filter(|file| file.exists() || file.is_symlink());
        for file in given.chain(beside).collect::<Vec<_>>() {
            let Some(source) = self.source_anywhere(&file, mask::env) else {
                continue;
            };
            let from = SecretSource::File(source.path.clone());
            // Within one file the last assignment counts; between files the first.
            for (name, value) in dotenv::parse(&source, &mut self.findings).into_iter().rev() {
                if wanted.contains(name.as_str()) {
                    values.add(&name, value, &from);
                }
            }
        }
        values
    }

    /// Returns the folder that a key of `lobu.toml` names, or reports why it cannot be read.
    fn folder(&mut self, source: &Source, dir: &Text) -> Option<PathBuf> {
        let path = full(&self.root.join(dir.value.trim()));
        let problem = match fs::metadata(&path) {
            Ok(found) if found.is_dir() => match self.boundary.check(&path) {
                Ok(()) => {
                    self.warn_outside(source, dir, &path);
                    return Some(path);
                }
                Err(problem) => *problem,
            },
            Ok(_) => Diagnostic::error("not-a-folder", format!("{} is not a folder", tick(&dir.value)))
                .help("name the folder that holds `IDENTITY.md` and the others"),
            Err(error) if error.kind() == io::ErrorKind::NotFound => missing_folder(source, dir, &path),
            Err(error) => unreadable(&error),
        };
        self.findings.push(problem.at(source, dir.span.clone()));
        None
    }

    /// Warns about a folder outside the project, which `--allow-outside` permits.
    fn warn_outside(&mut self, source: &Source, dir: &Text, path: &Path) {
        if !path.starts_with(&self.root) {
            let message = format!("{} lies outside the project", tick(&dir.value));
            let warning = Diagnostic::warning("outside-project", message).at(source, dir.span.clone());
            self.findings
                .push(warning.help("others who check out the project may not have it"));
        }
    }

    /// Returns the entries of a folder, sorted; none when there is no such folder.
    fn entries(&mut self, folder: &Path) -> Vec<PathBuf> {
        if !folder.exists() && !folder.is_symlink() {
            return Vec::new();
        }
        let listed = match self.boundary.check(folder) {
            Ok(()) => fs::read_dir(folder).map_err(|error| Box::new(unreadable(&error))),
            Err(problem) => Err(problem),
        };
        match listed {
            Ok(entries) => {
                let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
                paths.sort();
                paths
            }
            Err(problem) => {
                let shown = self.shown(folder);
                self.findings.push(problem.in_file(shown));
                Vec::new()
            }
        }
    }
}
