//! A plan in a file: what `plan --out` writes, and what `apply FILE` applies or refuses.
//!
//! It holds what a plan shows and no secret. Its digest notices a change of the file. It is no proof of who wrote it, and
//! needs to be none: an apply makes the plan again, and writes only when it is the same one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::config::{Only, SecretsFrom};
use crate::plan::{Plan, Target, hexadecimal};
use crate::private_file::replace_private;
use crate::redact::Redactor;

/// The version of the files that this release writes.
const VERSION: u64 = 1;

/// The type of such a file.
const KIND: &str = "saved-plan";

/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// The error for a file that is no saved plan, or none that can be applied.
#[derive(Debug, thiserror::Error)]
pub enum SavedPlanError {
    /// The file is anything else.
    #[error("`{}` is no saved plan", .0.display())]
    OtherFile(PathBuf),
    /// The file is not as it was saved.
    #[error("`{}` was changed after it was saved: its digest does not fit", .0.display())]
    Changed(PathBuf),
    /// A later release wrote the file.
    #[error("`{}` was saved by a later release, lobuctl {release}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The release that wrote it.
        release: String,
    },
    /// A file that is no saved plan would be replaced.
    #[error("`{}` exists and is no saved plan", .0.display())]
    WouldReplace(PathBuf),
    /// The system refused to read or write.
    #[error("`{}`: {source}", path.display())]
    System {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// What of the command line decides which plan is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanChoices {
    /// The part of the organization.
    pub only: Only,
    /// The patterns of `--target`; empty for the whole plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<String>,
    /// Whether everything that only the server has is deleted.
    pub prune: bool,
    /// The addresses of `--delete`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deletes: Vec<String>,
    /// Whether hidden secrets are sent again.
    pub recheck: bool,
    /// Who has the values that platforms use.
    #[serde(default)]
    pub secrets: SecretsFrom,
}

/// The first line of the file. The second one is the content.
#[derive(Serialize, Deserialize)]
struct FileHead {
    #[serde(rename = "type")]
    kind: String,
    version: u64,
    lobuctl: String,
    /// The SHA-256 of the content, as it stands in the file.
    digest: String,
}

/// A plan as it was saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedPlan {
    /// When it was saved.
    pub saved: Timestamp,
    /// How it was made.
    pub choices: PlanChoices,
    /// The plan, without any secret.
    pub plan: Plan,
}

impl SavedPlan {
    /// Creates what is saved of a plan. Secrets that the redactor finds in it are struck out.
    pub(super) fn new(plan: &Plan, choices: PlanChoices, redactor: &Redactor, saved: Timestamp) -> Self {
        Self {
            saved,
            choices,
            plan: shown(plan, redactor),
        }
    }

    /// Returns the organization and the server.
    pub fn target(&self) -> &Target {
        &self.plan.target
    }

    /// Reads a saved plan.
    ///
    /// # Errors
    /// When the file cannot be read, is no saved plan, was changed since, or comes from a later release.
    pub fn read(path: &Path) -> Result<Self, SavedPlanError> {
        let text = read_text(path).map_err(|source| SavedPlanError::System {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, path)
    }

    /// Reads the text of a saved plan; the path is for errors.
    ///
    /// # Errors
    /// As [`SavedPlan::read`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, SavedPlanError> {
        let mut lines = text.lines();
        let head = lines
            .next()
            .and_then(|line| serde_json::from_str::<FileHead>(line).ok());
        let Some(head) = head.filter(|head| head.kind == KIND) else {
            return Err(SavedPlanError::OtherFile(path.to_owned()));
        };
        // Before the digest: a later release may compute it in another way.
        if head.version > VERSION {
            return Err(SavedPlanError::Newer {
                path: path.to_owned(),
                release: head.lobuctl,
            });
        }
        let content = lines.next().filter(|content| digest(content) == head.digest);
        content
            .and_then(|content| serde_json::from_str(content).ok())
            .ok_or_else(|| SavedPlanError::Changed(path.to_owned()))
    }

    /// Checks that a file may be written: there is none, or it is a saved plan, which is replaced.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn check_place(path: &Path) -> Result<(), SavedPlanError> {
        let Ok(metadata) = fs::symlink_metadata(path) else {
            return Ok(());
        };
        let refused = || SavedPlanError::WouldReplace(path.to_owned());
        if !metadata.is_file() {
            return Err(refused());
        }
        match Self::read(path) {
            Err(SavedPlanError::OtherFile(_)) if metadata.len() > 0 => Err(refused()),
            Err(error @ SavedPlanError::System { .. }) => Err(error),
            _ => Ok(()),
        }
    }

    /// Writes the plan into a file that only this user can read. The file is the old or the new one, never half of it.
    ///
    /// # Errors
    /// When it cannot be written, or would replace a file that is no saved plan.
    pub fn write(&self, path: &Path) -> Result<(), SavedPlanError> {
        Self::check_place(path)?;
        self.replace(path).map_err(|source| SavedPlanError::System {
            path: path.to_owned(),
            source,
        })
    }

    fn replace(&self, path: &Path) -> io::Result<()> {
        let mut text = serde_json::to_string(self)?;
        let head = serde_json::to_string(&FileHead {
            kind: KIND.to_owned(),
            version: VERSION,
            lobuctl: env!("CARGO_PKG_VERSION").to_owned(),
            digest: digest(&text),
        })?;
        // In place: a large plan is not held twice.
        text.insert(0, '\n');
        text.insert_str(0, &head);
        text.push('\n');
        replace_private(path, text.as_bytes())
    }
}

/// Returns a plan as it is saved: without the secrets that the redactor knows.
pub(super) fn shown(plan: &Plan, redactor: &Redactor) -> Plan {
    redactor.record(plan.clone())
}

/// Reads a file that a user names.
///
/// # Errors
/// When it cannot be read, is too large, or is no text.
pub(super) fn read_text(path: &Path) -> io::Result<String> {
    if fs::metadata(path)?.len() > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is too large"));
    }
    fs::read_to_string(path)
}

fn digest(content: &str) -> String {
    hexadecimal(&Sha256::digest(content.as_bytes()))
}
