//! `lobuctl schema`: the JSON Schemas of files and of output, for editors.

use super::console::Console;
use super::preferences;
use crate::cli::SchemaFile;
use crate::config::schema::{json_schema, lobuctl_schema, preferences_schema};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::schema::{events_schema, plan_schema};

/// Prints the JSON Schema of a file.
///
/// # Errors
/// When standard output cannot be written to.
pub(super) fn run(console: &Console, file: SchemaFile) -> Result<Exit, Failure> {
    let schema = match file {
        SchemaFile::Lobu => json_schema(),
        SchemaFile::Lobuctl => lobuctl_schema(),
        SchemaFile::Plan => plan_schema(),
        SchemaFile::Events => events_schema(),
        SchemaFile::Config => preferences_schema(&preferences::words()),
    };
    let schema = serde_json::to_string_pretty(&schema).unwrap_or_default();
    console.text(&format!("{schema}\n"))?;
    Ok(Exit::Done)
}
