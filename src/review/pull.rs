//! The flow of a pull: read both sides, compare, edit in memory, prove, and write what was approved.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::PlanReview;
use super::new_project::NewProject;
use super::options::{DataReading, ReviewOptions};
use super::workspace::{LoadObserver, Workspace, connect};
use crate::config::{Only, Project};
use crate::failure::{Failure, FailureKind};
use crate::plan::{Plan, Prune, Row, Target};
use crate::pull::{
    ENV_EXAMPLE, LOBU_TOML, ProjectFiles, ProofError, PullPlan, Wanted, proved, remove_leftovers, write,
};
use crate::resource::{Address, FieldPath, Pattern, State};
use crate::session::Session;

/// Everything that decides what is pulled.
#[derive(Debug, Clone)]
pub struct PullOptions {
    /// How both sides are read. Its targets are the patterns of `--target`.
    pub reading: ReviewOptions,
    /// The patterns of `--exclude`.
    pub excludes: Vec<String>,
    /// The field of `--field`, for the rows of `--target`.
    pub field: Option<String>,
    /// Whether model files that cannot be changed in place are written anew.
    pub force: bool,
}

/// A pull that can be looked at, cut down, and carried out.
pub struct PullReview {
    source: PullSource,
    /// The folder of the project. A new one is not there yet.
    root: PathBuf,
    changes: PullPlan,
}

/// Both sides, and the texts of the files, from which a pull is worked out.
pub struct PullSource {
    root: PathBuf,
    files: ProjectFiles,
    plan: Plan,
    desired: State,
    remote: State,
    only: Only,
}

impl PullSource {
    /// Works out and proves the changes to the files, in a temporary folder. Writes none of them.
    ///
    /// # Errors
    /// When the edited files would not load.
    pub fn work_out(self) -> Result<PullReview, Failure> {
        let changes = self.changes(&self.plan)?;
        Ok(PullReview {
            root: self.root.clone(),
            source: self,
            changes,
        })
    }

    fn changes(&self, plan: &Plan) -> Result<PullPlan, Failure> {
        proved(&self.files, plan, &self.desired, &self.remote, self.only).map_err(unproved)
    }
}

impl PullReview {
    /// Reads the server, and works out the changes to the files. Writes none of them.
    ///
    /// # Errors
    /// When the server or a file cannot be read, a pattern names nothing, or the edited files would not load.
    pub async fn load(
        project: Project,
        session: &Session,
        options: &PullOptions,
        observer: &dyn LoadObserver,
    ) -> Result<Self, Failure> {
        // Before the server is read: what cannot be edited needs no request.
        let files = read_files(&project, &options.reading.env_files)?;
        let files = if options.force { files.with_rewriting() } else { files };
        let reading = &options.reading;
        let connection = connect(session, reading)?.observed(observer.attempts());
        let workspace = Workspace::read(project, connection, reading, observer).await?;
        let plan = selected(&workspace.plan(Prune::Nothing, reading)?.plan, options)?;
        let source = PullSource {
            root: workspace.project.root,
            files,
            plan,
            desired: workspace.project.desired,
            remote: Arc::unwrap_or_clone(workspace.remote),
            only: reading.only,
        };
        source.work_out()
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
        &self.source.plan.target
    }

    /// Returns everything that could be pulled, with what the files have as before; `folder` is the project's folder as it
    /// is shown.
    pub fn plan(&self, folder: &Path) -> Plan {
        self.changes.reversed(&self.source.plan, folder)
    }

    /// Pulls only these rows.
    ///
    /// # Errors
    /// When the edited files would not load; the selection stays as it was.
    pub fn select(&mut self, rows: &BTreeSet<Address>) -> Result<(), Failure> {
        let plan = self.source.plan.restricted(|row| rows.contains(&row.address));
        self.changes = self.source.changes(&plan)?;
        Ok(())
    }

    /// Returns the rows that could be pulled, or conflict.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.source.plan.rows.iter().filter(|row| row.differs_on_server())
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
        let folders = self.source.files.folders();
        remove_leftovers(&self.root, folders.iter().map(PathBuf::as_path).chain(changed));
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

impl PlanReview {
    /// Returns what a pull of these rows is worked out from. The files are read again.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn pull_source(&self, wanted: &Wanted) -> Result<PullSource, Failure> {
        self.source(wanted.of(&self.unmarked()?))
    }

    /// Returns what a whole pull is worked out from. The files are read again.
    ///
    /// # Errors
    /// When a file cannot be read, or a pattern names nothing.
    pub fn whole_pull(&self, options: &PullOptions) -> Result<PullSource, Failure> {
        let source = self.source(selected(&self.unmarked()?, options)?)?;
        Ok(if options.force {
            PullSource {
                files: source.files.with_rewriting(),
                ..source
            }
        } else {
            source
        })
    }

    /// Returns the plan without marks for deletion, which turn drift into something that is written.
    fn unmarked(&self) -> Result<Plan, Failure> {
        Ok(self.workspace.plan(Prune::Nothing, &self.options)?.plan)
    }

    fn source(&self, plan: Plan) -> Result<PullSource, Failure> {
        let project = &self.workspace.project;
        Ok(PullSource {
            root: project.root.clone(),
            files: read_files(project, &self.options.env_files)?,
            plan,
            desired: project.desired.clone(),
            remote: State::clone(&self.workspace.remote),
            only: self.options.only,
        })
    }
}

/// Reads the texts of the files that the project was loaded from, without those of secrets.
fn read_files(project: &Project, env_files: &[PathBuf]) -> Result<ProjectFiles, Failure> {
    let unusable = |what: String| Failure::invalid(format!("{what}; nothing was written"));
    if project.file.file_name().is_none_or(|name| name != LOBU_TOML) {
        return Err(unusable("a pull writes to a file with the name `lobu.toml`".to_owned()));
    }
    let mut texts = BTreeMap::new();
    let example = Some(project.root.join(ENV_EXAMPLE)).filter(|path| is_own_file(path) && !env_files.contains(path));
    for path in project.files.iter().chain(&example) {
        let Ok(relative) = path.strip_prefix(&project.root) else {
            return Err(unusable(format!("`{}` is outside the project", path.display())));
        };
        let text = fs::read_to_string(path);
        let text = text.map_err(|error| unusable(format!("`{}` cannot be read: {error}", path.display())))?;
        texts.insert(relative.to_owned(), text);
    }
    ProjectFiles::new(texts).ok_or_else(|| unusable("`lobu.toml` cannot be edited".to_owned()))
}

/// Whether there is a regular file of this name, and no link: one could lead to the file with the secrets.
fn is_own_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_file())
}

/// Returns what of a plan is to be pulled.
fn selected(plan: &Plan, options: &PullOptions) -> Result<Plan, Failure> {
    let targets = patterns(plan, &options.reading.targets, options.reading.data)?;
    let excludes = patterns(plan, &options.excludes, options.reading.data)?;
    let covers = |patterns: &[Pattern], row: &Row| patterns.iter().any(|pattern| pattern.covers(&row.address));
    let plan = plan.restricted(|row| !covers(&excludes, row));
    if targets.is_empty() {
        return Ok(plan);
    }
    let rows = plan.rows.iter().filter(|row| covers(&targets, row));
    let wanted = Wanted {
        rows: rows.map(|row| row.address.clone()).collect(),
        field: options.field.as_deref().map(FieldPath::parse),
        ignored_too: true,
    };
    let plan = wanted.of(&plan);
    match &options.field {
        Some(field) if plan.rows.iter().all(|row| row.changes.is_empty()) => {
            Err(Failure::failed(format!("no row of `--target` differs in `{field}`"))
                .hint("`lobuctl plan --full` shows the fields as they are named"))
        }
        _ => Ok(plan),
    }
}

/// Parses patterns, each of which has to name a row of the plan.
fn patterns(plan: &Plan, texts: &[String], data: DataReading) -> Result<Vec<Pattern>, Failure> {
    let parsed = texts.iter().map(|text| Pattern::parse(text));
    let parsed: Vec<Pattern> = parsed
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::usage(error.to_string()))?;
    let names_nothing = |pattern: &&Pattern| !plan.rows.iter().any(|row| pattern.covers(&row.address));
    match parsed.iter().find(names_nothing) {
        Some(pattern) => {
            let message = format!("`{}` names no row that differs or is declared", pattern.as_str());
            let is_about_data = ["entity", "relationship"].iter().any(|kind| pattern.may_cover(kind));
            Err(
                Failure::failed(message).hint(if is_about_data && data == DataReading::Nothing {
                    "`--data` pulls entities and relationships"
                } else {
                    "`lobuctl plan --all` shows every row"
                }),
            )
        }
        None => Ok(parsed),
    }
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
