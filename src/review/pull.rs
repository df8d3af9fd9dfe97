//! The flow of a pull: read both sides, compare, edit in memory, prove, and write what was approved.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use super::new_project::NewProject;
use super::options::ReviewOptions;
use super::workspace::{LoadObserver, Workspace, connect};
use crate::config::{Project, Sources};
use crate::failure::{Failure, FailureKind};
use crate::plan::{Pattern, Plan, Prune, Target};
use crate::pull::{ENV_EXAMPLE, LOBU_TOML, ProjectFiles, ProofError, PullPlan, proved, remove_leftovers, write};
use crate::resource::Address;
use crate::session::Session;

/// Everything that decides what is pulled.
#[derive(Debug, Clone)]
pub struct PullOptions {
    /// How both sides are read. Its targets are the patterns of `--target`.
    pub reading: ReviewOptions,
    /// The patterns of `--exclude`.
    pub excludes: Vec<String>,
    /// The folder that the shown paths of files are relative to.
    pub current_dir: PathBuf,
}

/// A pull that can be looked at and carried out.
pub struct PullReview {
    root: PathBuf,
    target: Target,
    changes: PullPlan,
    /// The folders of the files that were read, relative to the root.
    folders: BTreeSet<PathBuf>,
}

impl PullReview {
    /// Reads the server, and works out and proves the changes to the files. Writes none of them.
    ///
    /// # Errors
    /// When the server or a file cannot be read, a pattern names nothing, or the edited files would not load.
    pub async fn load(
        project: Project,
        sources: &Sources,
        session: &Session,
        options: &PullOptions,
        observer: &dyn LoadObserver,
    ) -> Result<Self, Failure> {
        let files = read_files(&project, sources, options)?;
        let reading = &options.reading;
        let connection = connect(session, reading)?.observed(observer.attempts());
        let workspace = Workspace::read(project, connection, reading, observer).await?;
        let plan = selected(&workspace.plan(Prune::Nothing, false)?.plan, options)?;
        let (desired, remote) = (&workspace.project.desired, &workspace.remote);
        let changes = proved(&files, &plan, desired, remote, reading.only).map_err(unproved)?;
        Ok(Self {
            root: workspace.project.root.clone(),
            target: plan.target,
            changes,
            folders: files.folders(),
        })
    }

    /// Returns the pull into the files of a new project, which was read from its draft.
    #[must_use]
    pub fn into_new(self, project: &NewProject) -> Self {
        let (root, changes) = project.with_files(self.changes);
        Self { root, changes, ..self }
    }

    /// Returns what would be written.
    pub fn changes(&self) -> &PullPlan {
        &self.changes
    }

    /// Returns the organization and the server that were read.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Writes the files, one after the other. Each is written as a whole or not at all.
    ///
    /// # Errors
    /// The first file that could not be written. The failure says which ones were.
    pub fn write(&self) -> Result<(), Failure> {
        let mut written = Vec::new();
        // Only a new project has no folder yet. What cannot be made is reported by the first file.
        let _ = fs::create_dir_all(&self.root);
        let changed = self.changes.files.iter().filter_map(|change| change.path.parent());
        remove_leftovers(&self.root, self.folders.iter().map(PathBuf::as_path).chain(changed));
        for change in &self.changes.files {
            if let Err(error) = write(&self.root, change) {
                let kind = if written.is_empty() {
                    FailureKind::Failed
                } else {
                    FailureKind::Partial
                };
                let written: Vec<String> = written
                    .iter()
                    .map(|path: &&PathBuf| path.display().to_string())
                    .collect();
                let outcome = match written.as_slice() {
                    [] => "nothing was written".to_owned(),
                    written => format!("written before it: {}", written.join(", ")),
                };
                return Err(
                    Failure::new(kind, format!("{error}; {outcome}")).hint("pull again: it reads everything anew")
                );
            }
            written.push(&change.path);
        }
        Ok(())
    }
}

/// Reads the texts of the files that the project was loaded from, without `.env` files.
fn read_files(project: &Project, sources: &Sources, options: &PullOptions) -> Result<ProjectFiles, Failure> {
    let unusable = |what: String| Failure::invalid(format!("{what}; nothing was read from the server or written"));
    if project.file.file_name().is_none_or(|name| name != LOBU_TOML) {
        return Err(unusable("a pull writes to a file with the name `lobu.toml`".to_owned()));
    }
    let mut texts = BTreeMap::new();
    let example = project.root.join(ENV_EXAMPLE);
    let example = Some(example).filter(|path| path.is_file());
    for path in sources
        .paths()
        .map(|path| options.current_dir.join(path))
        .chain(example)
    {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_env = name.starts_with(".env") && name != ENV_EXAMPLE;
        if is_env || options.reading.env_files.contains(&path) {
            continue;
        }
        let Ok(relative) = path.strip_prefix(&project.root) else {
            return Err(unusable(format!("`{}` is outside the project", path.display())));
        };
        let text = fs::read_to_string(&path);
        let text = text.map_err(|error| unusable(format!("`{}` cannot be read: {error}", path.display())))?;
        texts.insert(relative.to_owned(), text);
    }
    ProjectFiles::new(texts).ok_or_else(|| unusable("`lobu.toml` cannot be edited".to_owned()))
}

/// Returns the rows of a plan that are to be pulled.
fn selected(plan: &Plan, options: &PullOptions) -> Result<Plan, Failure> {
    let parse = |patterns: &[String]| -> Result<Vec<Pattern>, Failure> {
        let parsed = patterns.iter().map(|pattern| Pattern::parse(pattern));
        parsed
            .collect::<Result<_, _>>()
            .map_err(|error| Failure::usage(error.to_string()))
    };
    let (targets, excludes) = (parse(&options.reading.targets)?, parse(&options.excludes)?);
    let names_nothing = |pattern: &&Pattern| !plan.rows.iter().any(|row| pattern.covers(&row.address));
    if let Some(pattern) = targets.iter().chain(&excludes).find(names_nothing) {
        let message = format!("`{}` names no row that differs or is declared", pattern.as_str());
        return Err(Failure::failed(message).hint("`lobuctl plan --all` shows every row"));
    }
    let covers = |patterns: &[Pattern], address: &Address| patterns.iter().any(|pattern| pattern.covers(address));
    Ok(plan
        .restricted(|row| (targets.is_empty() || covers(&targets, &row.address)) && !covers(&excludes, &row.address)))
}

/// Returns an error of a proof as the end of a command that has written nothing.
fn unproved(error: ProofError) -> Failure {
    let mut failure = Failure::failed(format!("{error}; nothing was written"));
    if let ProofError::WouldNotLoad(reasons) = error {
        failure.causes = reasons;
        return failure.hint("`--exclude ADDRESS` leaves a row out");
    }
    failure
}
