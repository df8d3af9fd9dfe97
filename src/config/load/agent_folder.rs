//! The folder of an agent: its texts and skills.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::Loader;
use super::cache::{CachedRead, FolderTexts};
use super::disk::{absolute, has_entry, misspelled_name, unreadable};
use crate::config::diagnostic::{Diagnostic, tick};
use crate::config::draft::AgentDraft;
use crate::config::finding::Findings;
use crate::config::layer::{AgentFolder, layered};
use crate::config::skill::{self, Skill};
use crate::config::source::{Source, Text};
use crate::config::{mask, whitespace};
use crate::resource::{Origin, field};

impl Loader<'_> {
    /// Reads the folder of an agent. An agent without a usable folder has the project's skills only.
    pub(super) fn read_agent_folder(&mut self, source: &Source, agent: &AgentDraft) -> AgentFolder {
        let mut folder = AgentFolder::default();
        // The order matters: later skills replace earlier ones, and those of the agent come last (contract section 10.3).
        let mut skills = self.read_project_skills();
        if let Some(own) = agent.dir.as_ref().and_then(|dir| self.own_folder(source, dir)) {
            folder.texts.clone_from(&own.content.texts);
            skills.extend(own.content.skills.iter().cloned());
        }
        folder.skill_origin = skills.first().map(|(_, origin)| origin.clone());
        folder.skills = layered(skills.into_iter().map(|(skill, _)| skill));
        folder
    }

    /// Returns what is in the folder that an agent names.
    fn own_folder(&mut self, source: &Source, dir: &Text) -> Option<Arc<CachedRead<FolderTexts>>> {
        let path = absolute(&self.root.join(dir.value.trim()));
        let is_known = self
            .cache
            .as_ref()
            .is_some_and(|cache| cache.folders.contains_key(&path));
        let is_outside = !path.starts_with(&self.root);
        // A folder outside the project is warned about at each load.
        let path = if is_known && !is_outside {
            self.look_into(&path);
            path
        } else {
            self.resolve_folder(source, dir)?
        };
        Some(self.read_once(
            &path,
            |cache| &mut cache.folders,
            |loader| loader.read_own_folder(&path),
        ))
    }

    fn read_own_folder(&mut self, dir: &Path) -> FolderTexts {
        let mut read = FolderTexts::default();
        self.look_into(dir);
        for (name, wire) in field::TEXT_FILES {
            self.warn_misspelled(dir, name);
            let text = self.read_optional_text(&dir.join(name));
            read.texts.extend(text.map(|(text, origin)| (wire, text, origin)));
        }
        read.skills = self.read_skills(&dir.join("skills"));
        // There can be ten thousand of them, and an excerpt of what is covered as a whole says nothing.
        let findings = [&self.facts.findings, &self.facts.secrets];
        let shown = findings.into_iter().flat_map(Findings::files).collect();
        self.facts.sources.keep_only(&shown);
        read
    }

    /// Reads a text, trimmed, with its origin. `None` when it is missing, blank, or was reported instead.
    fn read_optional_text(&mut self, path: &Path) -> Option<(String, Origin)> {
        // A broken link "does not exist", but is not the same as a missing file: reading it reports the link.
        if !path.exists() && !path.is_symlink() {
            return None;
        }
        let source = self.read_source(path, mask::covered)?;
        self.check_text(&source);
        let text = whitespace::js_trim(&source.text);
        (!text.is_empty()).then(|| (text.to_owned(), first_line(&source)))
    }

    /// Warns about a file whose name differs from `name` only in case, which makes the loader ignore it.
    fn warn_misspelled(&mut self, folder: &Path, name: &str) {
        if let Some(found) = misspelled_name(folder, name) {
            let message = format!("{} is not read: its name is spelled differently", tick(&found));
            let warning = Diagnostic::warning("misspelt-file", message).in_file(self.shown_path(&folder.join(&found)));
            self.facts
                .findings
                .push(warning.help(format!("rename it to {}", tick(name))));
        }
    }

    fn read_project_skills(&mut self) -> Vec<(Skill, Origin)> {
        if self.project_skills.is_none() {
            let skills = self.read_skills(&self.root.join("skills"));
            self.project_skills = Some(skills);
        }
        self.project_skills.clone().unwrap_or_default()
    }

    /// Reads the skills in a folder, sorted by file name. Entries that are neither a folder nor `*.md` are ignored.
    fn read_skills(&mut self, folder: &Path) -> Vec<(Skill, Origin)> {
        let mut skills = Vec::new();
        for entry in self.list_entries(folder) {
            let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // `metadata` follows links, so a linked skill counts like any other.
            let (file, name, flat) = match fs::metadata(&entry) {
                Ok(found) if found.is_dir() && has_entry(&entry, "SKILL.md") => (entry.join("SKILL.md"), name, false),
                Ok(found) if found.is_dir() => {
                    self.look_into(&entry);
                    self.warn_misspelled(&entry, "SKILL.md");
                    continue;
                }
                Ok(_) => match name.strip_suffix(".md") {
                    Some(stem) => (entry, stem.to_owned(), true),
                    None => continue,
                },
                Err(error) => {
                    let shown = self.shown_path(&entry);
                    self.facts.findings.push(unreadable(&error).in_file(shown));
                    continue;
                }
            };
            let Some(source) = self.read_source(&file, mask::skill) else {
                continue;
            };
            self.check_text(&source);
            let skill = skill::read(&source, &name, flat, &mut self.facts.findings);
            skills.extend(skill.map(|skill| (skill, first_line(&source))));
        }
        skills
    }
}

/// Returns the origin of a file as a whole, which is its first line.
fn first_line(source: &Source) -> Origin {
    Origin {
        file: source.path.clone(),
        line: 1,
    }
}
