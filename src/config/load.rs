//! The only module, with its `disk`, that opens files.

mod disk;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::build::Builder;
use super::diagnostic::{Diagnostic, Sink, Source, Sources, tick};
use super::draft::{AgentDraft, MemoryDraft, ProjectDraft, Reference};
use super::folder::AgentFolder;
use super::model::Models;
use super::secret::{SecretSource, Values};
use super::skill::Skill;
use super::table::Text;
use super::{LoadOptions, Loaded, Only, Project, dotenv, mask, merge, model, project, secret, skill};
pub use disk::find;
use disk::{full, holds, missing_folder, misspelt, read, relative, unreadable};

use crate::resource::{Origin, Origins, Secret, State, field};

/// How deep model folders may be nested.
const DEPTH: usize = 16;

/// Reads a project: everything that is wrong with it, or what it declares.
pub fn load(file: &Path, options: &LoadOptions<'_>) -> Loaded {
    let mut loader = Loader {
        options,
        root: full(file).parent().map(Path::to_owned).unwrap_or_default(),
        sources: Sources::default(),
        sink: Sink::new(),
        shared: None,
    };
    let mut org = None;
    let project = loader
        .source(&full(file), mask::toml)
        .map(|source| loader.project(file, &source, &mut org));
    let mut diagnostics = loader.sink;
    diagnostics.sort_by(|left, right| left.order().cmp(&right.order()));
    diagnostics.dedup();
    let broken = diagnostics.iter().any(Diagnostic::is_error);
    Loaded {
        project: project.filter(|_| !broken),
        diagnostics,
        sources: loader.sources,
        org,
    }
}

struct Loader<'a> {
    options: &'a LoadOptions<'a>,
    root: PathBuf,
    sources: Sources,
    sink: Sink,
    /// The project's own skills, read once.
    shared: Option<Vec<(Skill, Origin)>>,
}

/// The texts of an agent's folder, and what they are called on the wire.
const TEXTS: [(&str, &str); 3] = [
    ("IDENTITY.md", field::IDENTITY),
    ("SOUL.md", field::SOUL),
    ("USER.md", field::USER),
];

impl Loader<'_> {
    fn project(&mut self, file: &Path, source: &Source, org: &mut Option<String>) -> Project {
        let mut draft = project::read(source, &mut self.sink);
        *org = draft
            .memory
            .as_ref()
            .and_then(|memory| memory.org.as_ref())
            .map(|org| org.value.trim().to_owned());
        let memory_enabled = draft.memory.as_ref().is_some_and(|memory| memory.enabled);
        if self.options.only == Only::Memory {
            draft.references.clear();
        }
        let values = self.values(&draft.references);
        secret::check(
            source,
            &draft.references,
            &values,
            self.options.secrets_check,
            &mut self.sink,
        );
        let secrets = secret::uses(source, &draft.references, &values);
        let mut builder = Builder {
            source,
            values: &values,
            state: State::default(),
            origins: Origins::default(),
            stable_ids: HashMap::new(),
        };
        self.parts(source, draft, &mut builder);
        Project {
            file: file.to_owned(),
            root: self.root.clone(),
            organization: org.clone(),
            memory_enabled,
            desired: builder.state,
            origins: builder.origins,
            secrets,
        }
    }

    fn parts(&mut self, source: &Source, draft: ProjectDraft, builder: &mut Builder<'_>) {
        if self.options.only != Only::Memory {
            for agent in draft.agents {
                let folder = self.agent_folder(source, &agent);
                builder.agent(agent, folder, &mut self.sink);
            }
        }
        if let Some(memory) = draft
            .memory
            .filter(|memory| memory.enabled && self.options.only != Only::Agents)
        {
            let (models, files) = self.models(source, &memory);
            builder.models(models, &files, &mut self.sink);
        }
    }

    fn shown(&self, path: &Path) -> PathBuf {
        relative(path, self.options.display_root)
    }

    /// Reads a file, and keeps its masked text for display.
    fn source(&mut self, path: &Path, mask: fn(&str) -> String) -> Option<Source> {
        let shown = self.shown(path);
        match read(path) {
            Ok(text) => {
                let source = Source::new(shown, &text);
                self.sources.insert(&source.path, mask(&source.text));
                Some(source)
            }
            Err(problem) => {
                self.sink.push(problem.in_file(shown));
                None
            }
        }
    }

    /// The values of the names that are referred to; no other is kept.
    fn values(&mut self, references: &[Reference]) -> Values {
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
            let Some(source) = self.source(&file, mask::env) else {
                continue;
            };
            let from = SecretSource::File(source.path.clone());
            // Within one file the last assignment counts; between files the first.
            for (name, value) in dotenv::parse(&source, &mut self.sink).into_iter().rev() {
                if wanted.contains(name.as_str()) {
                    values.add(&name, value, &from);
                }
            }
        }
        values
    }

    fn agent_folder(&mut self, source: &Source, agent: &AgentDraft) -> AgentFolder {
        let mut folder = AgentFolder::default();
        let mut skills = self.shared_skills();
        if let Some(dir) = agent.dir.as_ref().and_then(|dir| self.folder(source, dir)) {
            for (name, wire) in TEXTS {
                self.misspelt(&dir, name);
                let text = self.optional_text(&dir.join(name));
                folder.texts.extend(text.map(|(text, place)| (wire, text, place)));
            }
            skills.extend(self.skills(&dir.join("skills")));
        }
        folder.skill_place = skills.first().map(|(_, place)| place.clone());
        folder.skills = merge::layered(skills.into_iter().map(|(skill, _)| skill));
        folder
    }

    /// The folder that `dir` names, with a word when it is missing or elsewhere.
    fn folder(&mut self, source: &Source, dir: &Text) -> Option<PathBuf> {
        let path = full(&self.root.join(dir.value.trim()));
        if !path.starts_with(&self.root) {
            let outside = format!("{} lies outside the project", tick(&dir.value));
            let warning = Diagnostic::warning("outside-project", outside).at(source, dir.span.clone());
            self.sink
                .push(warning.help("others who check out the project may not have it"));
        }
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => Some(path),
            Ok(_) => {
                let problem = Diagnostic::error("not-a-folder", format!("{} is not a folder", tick(&dir.value)));
                self.sink.push(
                    problem
                        .at(source, dir.span.clone())
                        .help("name the folder that holds `IDENTITY.md` and the others"),
                );
                None
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.sink.push(missing_folder(source, dir, &path));
                None
            }
            Err(error) => {
                self.sink.push(unreadable(&error).at(source, dir.span.clone()));
                None
            }
        }
    }

    /// A text that may be missing; blank counts as missing.
    fn optional_text(&mut self, path: &Path) -> Option<(String, Origin)> {
        if !path.exists() && !path.is_symlink() {
            return None;
        }
        let shown = self.shown(path);
        match read(path) {
            Ok(text) => {
                let text = super::text::js_trim(&text);
                (!text.is_empty()).then(|| (text.to_owned(), Origin { file: shown, line: 1 }))
            }
            Err(problem) => {
                self.sink.push(problem.in_file(shown));
                None
            }
        }
    }

    /// Warns about a file that would be read if its name were spelt right.
    fn misspelt(&mut self, folder: &Path, name: &str) {
        if let Some(found) = misspelt(folder, name) {
            let message = format!("{} is not read: its name is spelt differently", tick(&found));
            let warning = Diagnostic::warning("misspelt-file", message).in_file(self.shown(&folder.join(&found)));
            self.sink.push(warning.help(format!("rename it to {}", tick(name))));
        }
    }

    fn shared_skills(&mut self) -> Vec<(Skill, Origin)> {
        if self.shared.is_none() {
            let skills = self.skills(&self.root.join("skills"));
            self.shared = Some(skills);
        }
        self.shared.clone().unwrap_or_default()
    }

    fn skills(&mut self, folder: &Path) -> Vec<(Skill, Origin)> {
        let mut skills = Vec::new();
        for entry in self.entries(folder) {
            let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let (file, name, flat) = match fs::metadata(&entry) {
                Ok(found) if found.is_dir() && holds(&entry, "SKILL.md") => (entry.join("SKILL.md"), name, false),
                Ok(found) if found.is_dir() => {
                    self.misspelt(&entry, "SKILL.md");
                    continue;
                }
                Ok(_) => match name.strip_suffix(".md") {
                    Some(stem) => (entry, stem.to_owned(), true),
                    None => continue,
                },
                Err(error) => {
                    let shown = self.shown(&entry);
                    self.sink.push(unreadable(&error).in_file(shown));
                    continue;
                }
            };
            let Some(source) = self.source(&file, mask::skill) else {
                continue;
            };
            let place = Origin {
                file: source.path.clone(),
                line: 1,
            };
            skills.extend(skill::read(&source, &name, flat, &mut self.sink).map(|skill| (skill, place)));
        }
        skills
    }

    /// What a folder holds, sorted; nothing when there is no such folder.
    fn entries(&mut self, folder: &Path) -> Vec<PathBuf> {
        if !folder.exists() && !folder.is_symlink() {
            return Vec::new();
        }
        match fs::read_dir(folder) {
            Ok(entries) => {
                let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
                paths.sort();
                paths
            }
            Err(error) => {
                let shown = self.shown(folder);
                self.sink.push(unreadable(&error).in_file(shown));
                Vec::new()
            }
        }
    }

    fn models(&mut self, source: &Source, memory: &MemoryDraft) -> (Models, Vec<Source>) {
        let mut models = Models::default();
        let mut sources = Vec::new();
        if let Some(data) = memory
            .data
            .as_ref()
            .filter(|data| self.root.join(data.value.trim()).exists())
        {
            let message = format!("the folder {} is not synced", tick(&data.value));
            let warning = Diagnostic::warning("not-synced", message).at(source, data.span.clone());
            self.sink.push(warning.help("load its files with `lobu memory`"));
        }
        if memory.models.is_none() && self.root.join("models").is_dir() {
            let warning = Diagnostic::warning("not-synced", "the folder `models` is not synced: nothing names it");
            let warning = warning.at(source, memory.span.clone());
            self.sink.push(warning.help("add `models = \"./models\"` here"));
        }
        let Some(folder) = memory.models.as_ref().and_then(|models| self.folder(source, models)) else {
            return (models, sources);
        };
        let mut files = Vec::new();
        self.model_files(&folder, DEPTH, &mut BTreeSet::new(), &mut files);
        for file in files {
            if let Some(source) = self.source(&file, mask::yaml) {
                model::read(&source, sources.len(), &mut models, &mut self.sink);
                sources.push(source);
            }
        }
        (models, sources)
    }

    /// All YAML files of a folder and the folders in it, each folder once.
    fn model_files(&mut self, folder: &Path, depth: usize, seen: &mut BTreeSet<PathBuf>, files: &mut Vec<PathBuf>) {
        let real = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        if depth == 0 || !seen.insert(real) {
            return;
        }
        for entry in self.entries(folder) {
            let yaml = entry
                .extension()
                .and_then(OsStr::to_str)
                .is_some_and(|end| matches!(end.to_ascii_lowercase().as_str(), "yaml" | "yml"));
            match fs::metadata(&entry) {
                Ok(found) if found.is_dir() => self.model_files(&entry, depth - 1, seen, files),
                Ok(_) if yaml => files.push(entry),
                Ok(_) => {}
                Err(error) => {
                    let shown = self.shown(&entry);
                    self.sink.push(unreadable(&error).in_file(shown));
                }
            }
        }
    }
}
