//! `pull --init`: a project without agents, into which everything that the server has is pulled.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::pull::{FileChange, LOBU_TOML, PullPlan};

/// The folder of the model files.
const MODELS: &str = "models";

/// The lines of `.gitignore` that a project needs: files with secrets, and the link of this machine.
pub const GITIGNORE: &str = ".env\n.env.local\n.lobu/\n";

/// A project that is not written yet. Until then its `lobu.toml` is in a temporary folder.
pub struct NewProject {
    folder: PathBuf,
    draft: tempfile::TempDir,
    text: String,
}

impl NewProject {
    /// Drafts a project for an organization.
    ///
    /// # Errors
    /// When the folder is there and not empty, or the draft cannot be written.
    pub fn draft(folder: PathBuf, organization: &str) -> Result<Self, Failure> {
        let unusable = |why: String| Failure::failed(format!("{why}; nothing was read or written"));
        let entries = fs::read_dir(&folder).map(|mut entries| entries.next().is_some());
        if folder.exists() && entries.unwrap_or(true) {
            let message = format!("`{}` is not an empty folder", folder.display());
            return Err(unusable(message).hint("`lobuctl pull` without `--init` changes the files of a project"));
        }
        let organization = serde_json::Value::from(organization);
        let text = format!("[agents]\n\n[memory]\norg = {organization}\nmodels = \"./{MODELS}\"\n");
        let draft = tempfile::tempdir().and_then(|draft| {
            fs::write(draft.path().join(LOBU_TOML), &text)?;
            fs::create_dir(draft.path().join(MODELS))?;
            Ok(draft)
        });
        let draft = draft.map_err(|error| unusable(format!("no temporary folder can be used: {error}")))?;
        Ok(Self { folder, draft, text })
    }

    /// Returns the path of the draft's `lobu.toml`.
    pub fn file(&self) -> PathBuf {
        self.draft.path().join(LOBU_TOML)
    }

    /// Returns the folder of the project, and the changes to the draft as the files of the project.
    pub(super) fn with_files(&self, mut changes: PullPlan) -> (PathBuf, PullPlan) {
        let mut files: Vec<FileChange> = std::mem::take(&mut changes.files);
        for change in &mut files {
            change.before = None;
        }
        let has_models = files.iter().any(|change| change.path.starts_with(MODELS));
        let mut add = |path: &str, after: &str| {
            if !files.iter().any(|change| change.path == Path::new(path)) {
                files.push(FileChange {
                    path: path.into(),
                    before: None,
                    after: after.to_owned(),
                });
            }
        };
        add(LOBU_TOML, &self.text);
        add(".gitignore", GITIGNORE);
        if !has_models {
            // Git keeps no empty folder.
            add("models/.gitkeep", "");
        }
        files.sort_by(|left, right| left.path.cmp(&right.path));
        changes.files = files;
        (self.folder.clone(), changes)
    }
}
