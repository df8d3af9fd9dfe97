//! Where the value of a secret comes from, as text. The value itself never gets here.

use super::line::Role;
use crate::config::SecretSource;

/// Returns the source of a value: the process environment, the path of a file, or the server.
pub fn source_text(source: &SecretSource) -> String {
    match source {
        SecretSource::Process => "process environment".to_owned(),
        SecretSource::File(path) => path.display().to_string(),
        SecretSource::Server => "on the server".to_owned(),
    }
}

/// Returns where a secret comes from, or that it is missing.
pub fn source_or_missing(source: Option<&str>) -> (Role, &str) {
    match source {
        Some(source) => (Role::Plain, source),
        None => (Role::Error, "missing"),
    }
}
