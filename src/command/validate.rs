//! `lobuctl validate`: the configuration alone, offline.

use std::path::PathBuf;

use serde_json::json;

use super::console::Console;
use super::reading::read_files;
use super::signal::Interrupt;
use crate::cli::{Common, Format, ValidateArgs};
use crate::config::SecretsCheck;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::review::ReviewOptions;
use crate::show::word::plural;

/// Reports every problem of the project's files. A pull request has no secrets, so a missing one is an error only with
/// `--secrets`.
///
/// # Errors
/// When the project has errors, there is none, or a signal stopped it.
pub(super) async fn run(
    console: &Console,
    common: &Common,
    arguments: &ValidateArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let options = ReviewOptions {
        secrets_check: if arguments.secrets {
            SecretsCheck::All
        } else {
            SecretsCheck::Warn
        },
        ..ReviewOptions::reading(&console.host, common)
    };
    let loaded = read_files(console, &options, interrupt).await?;
    console.diagnostics(&loaded.diagnostics, &loaded.sources);
    let Some(project) = loaded.project else {
        return Err(Failure::invalid("the configuration has errors"));
    };
    let desired = &project.desired;
    // As the user would type it.
    let file: PathBuf = project
        .file
        .strip_prefix(&console.host.current_dir)
        .unwrap_or(&project.file)
        .to_owned();
    let value = json!({
        "file": file, "agents": desired.agents.len(), "platforms": desired.platforms.len(),
        "entity_types": desired.entity_types.len(), "relationship_types": desired.relationship_types.len(),
    });
    console.object("valid", &value)?;
    if console.format == Format::Json || console.format.lists_findings() {
        return Ok(Exit::Done);
    }
    console.text(&format!(
        "{} is valid: {}, {}, {}, {}\n",
        file.display(),
        plural(desired.agents.len(), "agent", "agents"),
        plural(desired.platforms.len(), "platform", "platforms"),
        plural(desired.entity_types.len(), "entity type", "entity types"),
        plural(
            desired.relationship_types.len(),
            "relationship type",
            "relationship types"
        ),
    ))?;
    Ok(Exit::Done)
}
