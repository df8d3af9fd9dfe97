//! The project: whether it can be applied, and what of the server it needs.

use super::report::CheckReport;
use crate::config::{LoadedProject, Project};
use crate::failure::Failure;
use crate::review::{ProjectHint, ReviewOptions, read_project};
use crate::show::word::plural;

/// The maximum number of names in a line.
const MAX_NAMES: usize = 8;

/// The project, as far as there is a usable one.
pub(super) struct CheckedProject {
    organization: Option<String>,
    /// The project, when it has no errors.
    pub(super) project: Option<Project>,
}

impl CheckedProject {
    /// Checks files and secrets.
    pub(super) fn check(report: &mut CheckReport<'_>, options: &ReviewOptions) -> Result<Self, Failure> {
        match read_project(&report.console.host, options) {
            Ok(loaded) => Self::check_loaded(report, loaded),
            Err(failure) => {
                report.failed("config", &failure)?;
                // The server can still be checked with flags and environment.
                Ok(Self {
                    organization: None,
                    project: None,
                })
            }
        }
    }

    fn check_loaded(report: &mut CheckReport<'_>, loaded: LoadedProject) -> Result<Self, Failure> {
        let errors = loaded.diagnostics.iter().filter(|it| it.is_error()).count();
        let warnings = loaded.diagnostics.len() - errors;
        let shows = Some("`lobuctl validate` shows them");
        match &loaded.project {
            None => report.bad("config", plural(errors, "error", "errors"), shows)?,
            Some(project) if warnings > 0 => {
                let found = plural(warnings, "warning", "warnings");
                report.doubtful("config", format!("{}: {found}", project.file.display()), shows)?;
            }
            Some(project) => report.good("config", project.file.display())?,
        }
        if let Some(project) = &loaded.project {
            check_secrets(report, project)?;
        }
        Ok(Self {
            organization: loaded.org,
            project: loaded.project,
        })
    }

    /// Returns what the project says about where it belongs.
    pub(super) fn hint(&self) -> ProjectHint<'_> {
        ProjectHint {
            organization: self.organization.as_deref(),
            root: self.project.as_ref().map(|project| project.root.as_path()),
        }
    }

    /// Whether the project writes agents. Without a usable project everything is checked.
    pub(super) fn writes_agents(&self) -> bool {
        self.project
            .as_ref()
            .is_none_or(|project| !project.desired.agents.is_empty())
    }

    /// Whether the project writes entity types, relationship types or watchers.
    pub(super) fn writes_memory(&self) -> bool {
        self.project.as_ref().is_none_or(|project| {
            let desired = &project.desired;
            let has_types = !(desired.entity_types.is_empty() && desired.relationship_types.is_empty());
            has_types || !desired.watchers.is_empty()
        })
    }

    /// Whether the project writes entities or relationships.
    pub(super) fn writes_data(&self) -> bool {
        self.project.as_ref().is_none_or(|project| {
            let desired = &project.desired;
            !(desired.entities.is_empty() && desired.relationships.is_empty())
        })
    }
}

fn check_secrets(report: &mut CheckReport<'_>, project: &Project) -> Result<(), Failure> {
    let missing = project.secrets.iter().filter(|secret| secret.source.is_none());
    let missing: Vec<String> = missing.map(|secret| format!("${}", secret.name)).collect();
    let used = plural(project.secrets.len(), "name", "names");
    if missing.is_empty() {
        return report.good("secrets", format!("{used} used, none missing"));
    }
    let more = missing.len().saturating_sub(MAX_NAMES);
    let names = missing[..missing.len() - more].join(", ");
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    report.bad(
        "secrets",
        format!("{used} used, {} missing: {names}{more}", missing.len()),
        Some("set them in the environment, in `.env` or in a file of `--env-file`"),
    )
}
