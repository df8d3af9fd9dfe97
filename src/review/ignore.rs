//! Writes `lobuctl.toml`, and reads it again.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::PlanReview;
use super::options::ReviewOptions;
use crate::config::{Diagnostic, LOBUCTL_TOML, LoadOptions, read_ignores};
use crate::failure::Failure;
use crate::host::Host;
use crate::plan::{Change, Prune, Row, Verb};
use crate::pull::{FileChange, IgnoreSubject, NewIgnore, Wanted, file_field, with_ignores, without_ignores, write};
use crate::resource::{DriftIgnore, FieldPath};

/// The `lobuctl.toml` of a project, which need not be there.
pub struct IgnoreFile {
    root: PathBuf,
}

impl IgnoreFile {
    /// Returns the file in the folder of a `lobu.toml`.
    pub fn beside(lobu_toml: &Path) -> Self {
        Self {
            root: lobu_toml.parent().map(Path::to_owned).unwrap_or_default(),
        }
    }

    /// Adds an entry for each subject, or gives the one that is there a new reason and day.
    ///
    /// # Errors
    /// When the file cannot be read, edited or written. It is unchanged then.
    pub fn ignore(&self, subjects: Vec<IgnoreSubject>, reason: &str, until: Date) -> Result<(), Failure> {
        let entry = |subject| NewIgnore {
            subject,
            reason: reason.to_owned(),
            until,
        };
        let entries: Vec<NewIgnore> = subjects.into_iter().map(entry).collect();
        let before = self.text()?;
        let after = with_ignores(before.as_deref(), &entries).map_err(|why| unedited(&why))?;
        self.replace(before, after)
    }

    /// Removes the entries about these subjects. Returns how many there were.
    ///
    /// # Errors
    /// As [`IgnoreFile::ignore`].
    pub fn unignore(&self, subjects: &[IgnoreSubject]) -> Result<usize, Failure> {
        let Some(before) = self.text()? else { return Ok(0) };
        let (after, removed) = without_ignores(&before, subjects).map_err(|why| unedited(&why))?;
        self.replace(Some(before), after)?;
        Ok(removed)
    }

    /// Reads the entries.
    ///
    /// # Errors
    /// The first thing that is wrong with the file.
    pub fn read(&self, host: &Host, options: &ReviewOptions) -> Result<Vec<DriftIgnore>, Failure> {
        let load = LoadOptions {
            environment: host.environment.variables(),
            env_files: &[],
            allow_outside: options.allow_outside,
            secrets_check: options.secrets_check,
            only: options.only,
            display_root: &host.current_dir,
        };
        let (entries, diagnostics) = read_ignores(&self.root.join(LOBUCTL_TOML), &load);
        match diagnostics.iter().find(|it| it.is_error()) {
            Some(problem) => Err(wrong(problem)),
            None => Ok(entries),
        }
    }

    fn text(&self) -> Result<Option<String>, Failure> {
        match fs::read_to_string(self.root.join(LOBUCTL_TOML)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unedited(&format!("`{LOBUCTL_TOML}` cannot be read: {error}"))),
        }
    }

    fn replace(&self, before: Option<String>, after: String) -> Result<(), Failure> {
        if before.as_ref() == Some(&after) {
            return Ok(());
        }
        let path = PathBuf::from(LOBUCTL_TOML);
        write(&self.root, &FileChange { path, before, after }).map_err(|error| unedited(&error.to_string()))
    }
}

impl PlanReview {
    /// Ignores drift from now on, and plans again. Ignored rows are not deleted: their marks go.
    ///
    /// # Errors
    /// When `lobuctl.toml` cannot be written.
    pub fn ignore(&mut self, host: &Host, wanted: &Wanted, reason: &str, until: Date) -> Result<(), Failure> {
        let subjects = self.subjects(wanted, Row::has_drift, Change::is_open_drift);
        self.ignore_file().ignore(subjects, reason, until)?;
        self.ignores_changed(host, wanted)
    }

    /// Ignores drift no longer, and plans again.
    ///
    /// # Errors
    /// When `lobuctl.toml` cannot be written, or has no entry of its own for the drift.
    pub fn unignore(&mut self, host: &Host, wanted: &Wanted) -> Result<(), Failure> {
        let subjects = self.subjects(wanted, Row::has_drift, |change| change.ignored.is_some());
        if self.ignore_file().unignore(&subjects)? == 0 {
            let message = format!("an entry for more than this ignores it: change it in `{LOBUCTL_TOML}`");
            return Err(Failure::failed(message));
        }
        self.ignores_changed(host, wanted)
    }

    fn ignore_file(&self) -> IgnoreFile {
        IgnoreFile::beside(&self.workspace.project.file)
    }

    fn ignores_changed(&mut self, host: &Host, wanted: &Wanted) -> Result<(), Failure> {
        self.workspace.project.ignores = self.ignore_file().read(host, &self.options)?;
        self.mark(self.prune.difference(&wanted.rows).cloned().collect())
    }

    /// Returns the subjects of entries: a row that only the server has, or each key of a file that drifts. Other fields that
    /// drift later are not meant.
    fn subjects(
        &self,
        wanted: &Wanted,
        is_drift: impl Fn(&Row) -> bool,
        is_meant: impl Fn(&Change) -> bool,
    ) -> Vec<IgnoreSubject> {
        let mut subjects = Vec::new();
        // With the marks for deletion, drift would be something that is written.
        let Ok(draft) = self.workspace.plan(Prune::Nothing, &self.options) else {
            return subjects;
        };
        let rows = draft.plan.rows.iter().filter(|row| wanted.rows.contains(&row.address));
        for row in rows.filter(|row| is_drift(row)) {
            let address = row.address.to_string();
            if row.verb == Verb::Drift {
                subjects.push(IgnoreSubject { address, field: None });
                continue;
            }
            let changes = row.changes.iter().filter(|change| is_meant(change));
            let fields: BTreeSet<FieldPath> = changes.map(|change| file_field(&change.path)).collect();
            let is_wanted = |field: &FieldPath| {
                let wanted = wanted.field.as_ref().map(file_field);
                wanted.is_none_or(|wanted| wanted == *field)
            };
            subjects.extend(fields.into_iter().filter(is_wanted).map(|field| IgnoreSubject {
                address: address.clone(),
                field: Some(field.to_string()),
            }));
        }
        subjects
    }
}

fn unedited(why: &str) -> Failure {
    Failure::failed(format!("{why}; nothing was written"))
}

fn wrong(problem: &Diagnostic) -> Failure {
    let line = problem.line.map(|line| format!(":{line}")).unwrap_or_default();
    let mut failure = Failure::invalid(format!("{LOBUCTL_TOML}{line}: {}", problem.message));
    failure.hints.clone_from(&problem.help);
    failure
}
