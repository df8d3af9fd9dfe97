//! Where the value of a secret comes from, as text. The value itself never gets here.

use crate::config::SecretSource;

/// Returns the source of a value: the process environment, or the path of a file.
pub fn source_text(source: &SecretSource) -> String {
    match source {
        SecretSource::Process => "process environment".to_owned(),
        SecretSource::File(path) => path.display().to_string(),
    }
}
