//! The folder of an agent: its texts and skills.

use std::fs;
use std::path::Path;

use super::disk::{has_entry, misspelled_name, unreadable};
use super::{Loader, prompt};
use crate::config::diagnostic::{Diagnostic, tick};
use crate::config::draft::AgentDraft;
use crate::config::layer::{AgentFolder, layered};
use crate::config::skill::{self, Skill};
use crate::config::source::Source;
use crate::config::{mask, whitespace};
use crate::resource::{Origin, field};

impl Loader<'_> {
    /// Reads the folder of an agent. An agent without a usable folder has the project's skills only.
    pub(super) fn read_agent_folder(&mut self, source: &Source, agent: &AgentDraft) -> AgentFolder {
        let mut folder = AgentFolder::default();
        // The order matters: later skills replace earlier ones, and those of the agent come last (contract section 10.3).
        let mut skills = self.read_project_skills();
        if let Some(dir) = agent.dir.as_ref().and_then(|dir| self.resolve_folder(source, dir)) {
            for (name, wire) in field::TEXT_FILES {
                self.warn_misspelled(&dir, name);
                let text = self.read_optional_text(&dir.join(name));
                folder.texts.extend(text.map(|(text, origin)| (wire, text, origin)));
            }
            skills.extend(self.read_skills(&dir.join("skills")));
        }
        folder.skill_origin = skills.first().map(|(_, origin)| origin.clone());
        folder.skills = layered(skills.into_iter().map(|(skill, _)| skill));
        folder
    }

    /// Reads a text, trimmed, with its origin. `None` when it is missing, blank, or was reported instead.
    fn read_optional_text(&mut self, path: &Path) -> Option<(String, Origin)> {
        // A broken link "does not exist", but is not the same as a missing file: reading it reports the link.
        if !path.exists() && !path.is_symlink() {
            return None;
        }
        let source = self.read_source(path, mask::covered)?;
        prompt::check(&source, &self.values, &mut self.findings);
        let text = whitespace::js_trim(&source.text);
        (!text.is_empty()).then(|| (text.to_owned(), first_line(&source)))
    }

    /// Warns about a file whose name differs from `name` only in case, which makes the loader ignore it.
    fn warn_misspelled(&mut self, folder: &Path, name: &str) {
        if let Some(found) = misspelled_name(folder, name) {
            let message = format!("{} is not read: its name is spelled differently", tick(&found));
            let warning = Diagnostic::warning("misspelt-file", message).in_file(self.shown_path(&folder.join(&found)));
            self.findings.push(warning.help(format!("rename it to {}", tick(name))));
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
                    self.findings.push(unreadable(&error).in_file(shown));
                    continue;
                }
            };
            let Some(source) = self.read_source(&file, mask::skill) else {
                continue;
            };
            prompt::check(&source, &self.values, &mut self.findings);
            let skill = skill::read(&source, &name, flat, &mut self.findings);
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
