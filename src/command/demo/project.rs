//! The bundled example project, written to a folder that is removed with the demo.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::private_file::create_private_folder;

macro_rules! bundled {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../../examples/support-desk/", $path)))),*]
    };
}

const FILES: &[(&str, &str)] = bundled![
    ".env",
    "lobu.toml",
    "agents/billing/IDENTITY.md",
    "agents/billing/SOUL.md",
    "agents/triage/IDENTITY.md",
    "agents/triage/SOUL.md",
    "agents/triage/USER.md",
    "agents/triage/skills/escalate/SKILL.md",
    "models/about.yaml",
    "models/customer.yaml",
    "models/duplicates.yaml",
    "models/order.yaml",
    "models/placed.yaml",
    "models/ticket.yaml",
    "skills/part-numbers.md",
    "skills/tone/SKILL.md",
];

/// A folder with the project in it, removed when dropped.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Writes the project to a new folder.
    ///
    /// # Errors
    /// When the temporary folder cannot be written to.
    pub(super) fn create() -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("lobuctl-demo-{}", std::process::id()));
        let unwritable = |error: &std::io::Error| {
            Failure::failed(format!("the demo's folder {} cannot be written", path.display())).because(error)
        };
        // The name can be guessed: a folder that exists already may be another user's, and is an error.
        create_private_folder(&path).map_err(|error| unwritable(&error))?;
        let folder = Self(path.clone());
        folder.write().map_err(|error| unwritable(&error))?;
        Ok(folder)
    }

    /// Returns the path of the folder.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    fn write(&self) -> std::io::Result<()> {
        for (path, text) in FILES {
            let path = self.0.join("support-desk").join(path);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(path, text)?;
        }
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind is a handful of example files in the temporary folder.
        let _ = fs::remove_dir_all(&self.0);
    }
}
