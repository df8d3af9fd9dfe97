//! The folder of an agent: its texts and skills.

use std::fs;
use std::path::Path;

use super::disk::{holds, misspelt, unreadable};
use super::{Loader, prompt};
use crate::config::diagnostic::{Diagnostic, tick};
use crate::config::draft::AgentDraft;
use crate::config::layer::{AgentFolder, layered};
use crate::config::skill::{self, Skill};
use crate::config::source::Source;
use crate::config::{mask, whitespace};
use crate::resource::{Origin, field};

/// The texts of an agent's folder, with their wire names.
const TEXTS: [(&str, &str); 3] = [
    ("IDENTITY.md", field::IDENTITY),
    ("SOUL.md", field::SOUL),
    ("USER.md", field::USER),
];

impl Loader<'_> {
    pub(super) fn agent_folder(&mut self, source: &Source, agent: &AgentDraft) -> AgentFolder {
        let mut folder = AgentFolder::default();
        let mut skills = self.project_skills();
        if let Some(dir) = agent.dir.as_ref().and_then(|dir| self.folder(source, dir)) {
            for (name, wire) in TEXTS {
                self.warn_misspelt(&dir, name);
                let text = self.optional_text(&dir.join(name));
                folder.texts.extend(text.map(|(text, origin)| (wire, text, origin)));
            }
            skills.extend(self.skills(&dir.join("skills")));
        }
        folder.skill_origin = skills.first().map(|(_, origin)| origin.clone());
        folder.skills = layered(skills.into_iter().map(|(skill, _)| skill));
        folder
    }

    /// Reads a text that may be missing; a blank one counts as missing.
    fn optional_text(&mut self, path: &Path) -> Option<(String, Origin)> {
        if !path.exists() && !path.is_symlink() {
            return None;
        }
        let source = self.source(path, mask::covered)?;
        prompt::check(&source, &self.values, &mut self.findings);
        let text = whitespace::js_trim(&source.text);
        (!text.is_empty()).then(|| (text.to_owned(), first_line(&source)))
    }

    /// Warns about a file that would be read if its name were spelled right.
    fn warn_misspelt(&mut self, folder: &Path, name: &str) {
        if let Some(found) = misspelt(folder, name) {
            let message = format!("{} is not read: its name is spelled differently", tick(&found));
            let warning = Diagnostic::warning("misspelt-file", message).in_file(self.shown(&folder.join(&found)));
            self.findings.push(warning.help(format!("rename it to {}", tick(name))));
        }
    }

    fn project_skills(&mut self) -> Vec<(Skill, Origin)> {
        if self.project_skills.is_none() {
            let skills = self.skills(&self.root.join("skills"));
            self.project_skills = Some(skills);
        }
        self.project_skills.clone().unwrap_or_default()
    }

    fn skills(&mut self, folder: &Path) -> Vec<(Skill, Origin)> {
        let mut skills = Vec::new();
        for entry in self.entries(folder) {
            let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let (file, name, flat) = match fs::metadata(&entry) {
                Ok(found) if found.is_dir() && holds(&entry, "SKILL.md") => (entry.join("SKILL.md"), name, false),
                Ok(found) if found.is_dir() => {
                    self.warn_misspelt(&entry, "SKILL.md");
                    continue;
                }
                Ok(_) => match name.strip_suffix(".md") {
                    Some(stem) => (entry, stem.to_owned(), true),
                    None => continue,
                },
                Err(error) => {
                    let shown = self.shown(&entry);
                    self.findings.push(unreadable(&error).in_file(shown));
                    continue;
                }
            };
            let Some(source) = self.source(&file, mask::skill) else {
                continue;
            };
            prompt::check(&source, &self.values, &mut self.findings);
            let skill = skill::read(&source, &name, flat, &mut self.findings);
            skills.extend(skill.map(|skill| (skill, first_line(&source))));
        }
        skills
    }
}

/// Returns the origin of a file as a whole.
fn first_line(source: &Source) -> Origin {
    Origin {
        file: source.path.clone(),
        line: 1,
    }
}
