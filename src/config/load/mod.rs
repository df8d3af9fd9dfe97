//! Reads the files of a project. Only this module and those below it open files.

mod agent_folder;
mod boundary;
mod cache;
mod disk;
mod model_folder;
mod preferences;
mod prompt;

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use super::builder::{Builder, Built, SecretUses};
use super::diagnostic::{Diagnostic, tick};
use super::draft::ProjectDraft;
use super::ignore::{self, LOBUCTL_TOML};
use super::mask::{self, MaskedText};
use super::reference::Reference;
use super::secret::{SecretSource, Values};
use super::skill::Skill;
use super::source::{Source, Text};
use super::{LoadOptions, LoadedProject, Only, Project, document, dotenv, secret};
use crate::resource::{ConfigValue, DriftIgnore, Origin, Origins, Secret, State};
use boundary::Boundary;
pub use cache::LoadCache;
use cache::{CachedRead, CachedReads, ReadFacts};
pub use disk::find;
use disk::{absolute, missing_folder, read, relative, unreadable};
pub use preferences::{LoadedPreferences, load_preferences};

/// Reads a project, or reports everything that is wrong with it.
pub fn load(file: &Path, options: &LoadOptions<'_>) -> LoadedProject {
    load_with(Loader::new(file, options, None), file)
}

/// Reads a project like [`load`], but of the folders of agents only those that the cache does not have, and keeps in it what
/// was read. Meant for one project and the same options.
pub fn load_changes(file: &Path, options: &LoadOptions<'_>, cache: &mut LoadCache) -> LoadedProject {
    load_with(Loader::new(file, options, Some(cache)), file)
}

fn load_with(mut loader: Loader<'_>, file: &Path) -> LoadedProject {
    let source = loader.read_source(&absolute(file), mask::lobu_toml);
    let draft = source.as_ref().map(|source| loader.read_draft(source));
    // Taken from the draft, so that a command can report to the right organization even if the project has errors.
    let org = draft.as_ref().and_then(ProjectDraft::organization);
    let project = source
        .zip(draft)
        .map(|(source, draft)| loader.read_project(file, &source, draft));
    let ReadFacts {
        mut findings,
        secrets,
        sources,
        folders,
        ..
    } = loader.facts;
    findings.extend(&secrets);
    let diagnostics = findings.into_sorted();
    let has_errors = diagnostics.iter().any(Diagnostic::is_error);
    LoadedProject {
        // Folders and models were read even after errors in `lobu.toml`, so that all problems are reported at once.
        project: project.filter(|_| !has_errors),
        diagnostics,
        sources,
        org,
        secret_values: loader.secret_values,
        folders,
    }
}

struct Loader<'a> {
    options: &'a LoadOptions<'a>,
    /// What earlier loads have read.
    cache: Option<&'a mut LoadCache>,
    boundary: Boundary,
    /// The folder of `lobu.toml`.
    root: PathBuf,
    /// The values of the secrets that `lobu.toml` refers to.
    values: Values,
    /// What the reading led to so far.
    facts: ReadFacts,
    /// The skills of the project itself, which all agents share. `None` until the first agent needs them.
    project_skills: Option<Vec<(Skill, Origin)>>,
    /// The values that must never be shown.
    secret_values: Vec<Secret>,
}

/// Reads only the `lobuctl.toml` beside a `lobu.toml`: what it ignores, and what is wrong with it.
pub fn read_ignores(file: &Path, options: &LoadOptions<'_>) -> (Vec<DriftIgnore>, Vec<Diagnostic>) {
    let mut loader = Loader::new(file, options, None);
    let ignores = loader.read_ignores();
    (ignores, loader.facts.findings.into_sorted())
}

impl<'a> Loader<'a> {
    fn new(file: &Path, options: &'a LoadOptions<'a>, cache: Option<&'a mut LoadCache>) -> Self {
        let root = absolute(file).parent().map(Path::to_owned).unwrap_or_default();
        Self {
            options,
            cache,
            boundary: Boundary::new(&root, options.allow_outside),
            facts: ReadFacts {
                folders: BTreeSet::from([root.clone()]),
                ..ReadFacts::default()
            },
            root,
            values: Values::default(),
            project_skills: None,
            secret_values: Vec::new(),
        }
    }

    /// Reads `lobu.toml` itself.
    fn read_draft(&mut self, source: &Source) -> ProjectDraft {
        let (mut draft, findings) = document::read(source, std::mem::take(&mut self.facts.findings));
        self.facts.findings = findings;
        // Only agents use secrets, so a plan of the memory needs no values.
        if !self.options.only.has_agents() {
            draft.references.clear();
        }
        draft
    }

    fn read_project(&mut self, file: &Path, source: &Source, draft: ProjectDraft) -> Project {
        // Before the folders are read: their texts are searched for these values.
        self.values = self.read_values(&draft.references);
        if let Some(cache) = &mut self.cache {
            let (values, shown_root) = (&self.values, self.options.display_root);
            cache.search_for(values, |file, findings| {
                // What cannot be read any more is read as a whole soon.
                if let Ok(text) = read(file) {
                    prompt::check_secrets(&Source::new(relative(file, shown_root), &text), values, findings);
                }
            });
        }
        let check = self.options.secrets_check;
        secret::check(source, &draft.references, &self.values, check, &mut self.facts.findings);
        let secrets = secret::summaries(source, &draft.references, &self.values);
        let ignores = self.read_ignores();
        let organization = draft.organization();
        let memory_enabled = draft.memory.as_ref().is_some_and(|memory| memory.enabled);
        let (desired, origins, uses) = self.build_resources(source, draft);
        // A literal value under a secret key must not be shown either, although no `$NAME` leads to it.
        let literals = desired.platforms.values().flat_map(|it| it.config.values());
        let literals = literals.filter_map(ConfigValue::secret);
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
            secret_values: self.values.to_map(),
            secret_fields: uses.fields,
            provider_keys: uses.provider_keys,
            files: std::mem::take(&mut self.facts.files),
            ignores,
        }
    }

    /// Reads `lobuctl.toml`, which need not be there.
    fn read_ignores(&mut self) -> Vec<DriftIgnore> {
        let file = self.root.join(LOBUCTL_TOML);
        if !file.exists() && !file.is_symlink() {
            return Vec::new();
        }
        let Some(source) = self.read_source(&file, mask::lobu_toml) else {
            return Vec::new();
        };
        let (entries, findings) = ignore::read(&source, std::mem::take(&mut self.facts.findings));
        self.facts.findings = findings;
        entries
    }

    /// Reads the folders that the draft names, as far as `only` asks for them, and builds the resources.
    fn build_resources(&mut self, source: &Source, draft: ProjectDraft) -> (State, Origins, SecretUses) {
        let mut built = Built::default();
        if self.options.only.has_agents() {
            // One after the other, so that what was read of one is gone before the next: there can be ten thousand.
            for agent in draft.agents {
                let folder = self.read_agent_folder(source, &agent);
                self.builder(source, &mut built).add_agent(agent, folder);
            }
        }
        let memory = draft
            .memory
            .filter(|memory| memory.enabled && self.options.only != Only::Agents);
        if let Some(memory) = memory {
            let (models, data) = self.read_memory(source, &memory);
            let only = self.options.only;
            let mut builder = self.builder(source, &mut built);
            builder.add_models(models, only);
            if only.has_data() {
                builder.add_data(data);
            }
        }
        (built.state, built.origins, built.secret_uses)
    }

    fn builder<'b>(&'b mut self, source: &'b Source, built: &'b mut Built) -> Builder<'b> {
        Builder {
            source,
            values: &self.values,
            findings: &mut self.facts.findings,
            built,
        }
    }

    /// Returns the path of a file as it is shown.
    fn shown_path(&self, path: &Path) -> PathBuf {
        relative(path, self.options.display_root)
    }

    /// Reads a file within the boundary, and keeps its masked text for display. `None` when it was reported instead.
    fn read_source(&mut self, path: &Path, mask: fn(&str) -> MaskedText) -> Option<Source> {
        match self.boundary.check(path) {
            Ok(()) => {
                self.facts.files.insert(path.to_owned());
                self.read_source_anywhere(path, mask)
            }
            Err(problem) => {
                let shown = self.shown_path(path);
                self.facts.findings.push(problem.in_file(shown));
                None
            }
        }
    }

    /// Reads a file that the user chose, or a `.env` file, which may be outside the boundary.
    fn read_source_anywhere(&mut self, path: &Path, mask: fn(&str) -> MaskedText) -> Option<Source> {
        self.facts.folders.extend(path.parent().map(Path::to_owned));
        if path.is_symlink() {
            // A change of the file that the link leads to is seen only in the folder of that file.
            let real = fs::canonicalize(path).ok();
            let parent = real.as_deref().and_then(Path::parent).map(Path::to_owned);
            self.facts.folders.extend(parent);
            self.facts.related.extend(real);
        }
        let shown = self.shown_path(path);
        match read(path) {
            Ok(text) => {
                let source = Source::new(shown, &text);
                self.facts.sources.insert(&source.path, mask(&source.text));
                Some(source)
            }
            Err(problem) => {
                self.facts.findings.push(problem.in_file(shown));
                None
            }
        }
    }

    /// Checks a text that language models will read.
    fn check_text(&mut self, source: &Source) {
        prompt::check_invisible(source, &mut self.facts.findings);
        prompt::check_secrets(source, &self.values, &mut self.facts.secrets);
    }

    /// Reads a file or a folder, or takes what an earlier load has read of it. `read` must look at nothing else, and nothing
    /// that was read before.
    fn read_once<T>(
        &mut self,
        path: &Path,
        reads: fn(&mut LoadCache) -> &mut CachedReads<T>,
        read: impl FnOnce(&mut Self) -> T,
    ) -> Arc<CachedRead<T>> {
        let known = self
            .cache
            .as_mut()
            .and_then(|cache| reads(cache).get(path).map(Arc::clone));
        let read = known.unwrap_or_else(|| {
            let before = std::mem::take(&mut self.facts);
            let content = read(self);
            let facts = std::mem::replace(&mut self.facts, before);
            let read = Arc::new(CachedRead { content, facts });
            if let Some(cache) = &mut self.cache {
                reads(cache).insert(path.to_owned(), Arc::clone(&read));
            }
            read
        });
        self.facts.extend(&read.facts);
        read
    }

    /// Reads the values of the names that are referred to. No other variable is kept.
    fn read_values(&mut self, references: &[Reference]) -> Values {
        let wanted: HashSet<&str> = references.iter().map(|reference| reference.name.as_str()).collect();
        let mut values = Values::default();
        for name in &wanted {
            if let Some(value) = self.options.environment.get(*name) {
                values.add(name, Secret::new(value.as_str()), &SecretSource::Process);
            }
        }
        // The order of precedence: environment, `--env-file` in order, `.env.local`, `.env` (semantics, "Secrets").
        let given = self.options.env_files.iter().map(|file| absolute(file));
        let local = [".env.local", ".env"].map(|name| self.root.join(name));
        // A broken link does not "exist"; it is reported when it is read.
        let local = local.into_iter().filter(|file| file.exists() || file.is_symlink());
        for file in given.chain(local).collect::<Vec<_>>() {
            let Some(source) = self.read_source_anywhere(&file, mask::env) else {
                continue;
            };
            let from = SecretSource::File(source.path.to_path_buf());
            // Reversed, because the last assignment in a file counts, and `add` keeps the first value.
            for (name, value) in dotenv::parse(&source, &mut self.facts.findings).into_iter().rev() {
                if wanted.contains(name.as_str()) {
                    values.add(&name, value, &from);
                }
            }
        }
        values
    }

    /// Returns the folder that a key of `lobu.toml` names, or reports why it cannot be read.
    fn resolve_folder(&mut self, source: &Source, dir: &Text) -> Option<PathBuf> {
        let path = absolute(&self.root.join(dir.value.trim()));
        self.look_into(&path);
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
        self.facts.findings.push(problem.at(source, dir.span.clone()));
        None
    }

    /// Warns about a folder outside the project. The boundary has let it pass because of `--allow-outside`.
    fn warn_outside(&mut self, source: &Source, dir: &Text, path: &Path) {
        if !path.starts_with(&self.root) {
            let message = format!("{} lies outside the project", tick(&dir.value));
            let warning = Diagnostic::warning("outside-project", message).at(source, dir.span.clone());
            self.facts
                .findings
                .push(warning.help("others who check out the project may not have it"));
        }
    }

    /// Notes a folder in which each entry counts, with the one above it, in which it appears and goes.
    fn look_into(&mut self, folder: &Path) {
        self.facts.listed.insert(folder.to_owned());
        self.facts.folders.insert(folder.to_owned());
        self.facts.folders.extend(folder.parent().map(Path::to_owned));
    }

    /// Returns the paths in a folder, sorted. Empty when there is no such folder, or when it was reported instead.
    fn list_entries(&mut self, folder: &Path) -> Vec<PathBuf> {
        self.look_into(folder);
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
                // The system lists entries in any order, which would be the order of skills and diagnostics.
                paths.sort();
                paths
            }
            Err(problem) => {
                let shown = self.shown_path(folder);
                self.facts.findings.push(problem.in_file(shown));
                Vec::new()
            }
        }
    }
}
