//! The project's link to a context and an organization, in `.lobu/project.json`, as `lobu link` of later releases writes it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use serde_json::Value;

use super::error::SessionError;

/// The file below the project's folder.
const FILE: &str = ".lobu/project.json";
/// The maximum size of the file, in bytes. It names two things.
const MAX_SIZE: u64 = 64 * 1024;

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
    /// When the file cannot be read, is no regular file of the project, or is not JSON.
    pub fn read(root: &Path) -> Result<Self, SessionError> {
        let path = root.join(FILE);
        let text = match read(root, &path) {
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

/// Reads the file as one that nobody should trust: it comes with the project. A pipe would keep the program waiting, a device
/// or a file of the kernel would never end.
fn read(root: &Path, path: &Path) -> io::Result<String> {
    let real = fs::canonicalize(path)?;
    if !real.starts_with(fs::canonicalize(root)?) {
        return Err(io::Error::other("it leads out of the project"));
    }
    if !fs::metadata(&real)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut text = String::new();
    File::open(&real)?.take(MAX_SIZE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_SIZE {
        return Err(io::Error::other(format!("it has more than {} KB", MAX_SIZE / 1024)));
    }
    Ok(text)
}
