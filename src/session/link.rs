//! The project's link to a context and an organization, in `.lobu/project.json`, as `lobu link` of later releases writes it.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::Value;

use super::error::SessionError;

/// The file below the project's folder.
const FILE: &str = ".lobu/project.json";

/// What the project's folder is linked to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProjectLink {
    /// The name of a context.
    pub context: Option<String>,
    /// The organization's slug.
    pub organization: Option<String>,
}

impl ProjectLink {
    /// Reads the link of a project's folder; it is empty when there is none.
    ///
    /// # Errors
    /// When the file cannot be read, or is not JSON.
    pub fn read(root: &Path) -> Result<Self, SessionError> {
        let path = root.join(FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            // `.lobu` may be a file.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(Self::default());
            }
            Err(error) => {
                let why = error.to_string();
                return Err(SessionError::File { path, why });
            }
        };
        let value: Value = serde_json::from_str(&text).map_err(|error| SessionError::File {
            path,
            why: format!("line {}, column {}: not JSON", error.line(), error.column()),
        })?;
        let text = |key: &str| Some(value.get(key)?.as_str()?.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(Self {
            context: text("context"),
            organization: text("org"),
        })
    }
}
