//! What tools of a pipeline show at lines of files: problems of a project, and the rows of a plan. SARIF and JUnit are made
//! from it.

use std::path::PathBuf;

use super::ansi::to_text;
use crate::config::Diagnostic;
use crate::plan::{Plan, Row, Verb};
use crate::show::change::{Detail, row_details};
use crate::show::row::row_line;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingLevel {
    /// Something that happens as it was asked for.
    Note,
    /// Something that wants a look.
    Warning,
    /// Something that stops the command.
    Error,
}

/// Something to show at a line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFinding {
    /// The stable name of the kind of finding, such as `unknown-key` or `update`.
    pub rule: String,
    /// How much it matters.
    pub level: FindingLevel,
    /// The address of the row, for a finding about one.
    pub address: Option<String>,
    /// The finding in one line.
    pub message: String,
    /// More about it: what to do next, or what changes.
    pub details: String,
    /// The file, as it is shown. `None` where it is not known.
    pub file: Option<PathBuf>,
    /// The line, counted from 1.
    pub line: Option<usize>,
    /// The column, counted from 1, in characters.
    pub column: Option<usize>,
}

impl From<&Diagnostic> for ReportFinding {
    fn from(diagnostic: &Diagnostic) -> Self {
        Self {
            rule: diagnostic.code.to_owned(),
            level: if diagnostic.is_error() {
                FindingLevel::Error
            } else {
                FindingLevel::Warning
            },
            address: None,
            message: diagnostic.message.clone(),
            details: diagnostic.help.join("\n"),
            file: diagnostic.file.clone(),
            line: diagnostic.line,
            column: diagnostic.column,
        }
    }
}

impl From<&Row> for ReportFinding {
    fn from(row: &Row) -> Self {
        let wants_a_look = row.needs_attention() || row.has_drift() || row.recheck || row.verb == Verb::Delete;
        Self {
            rule: rule(row).to_owned(),
            level: if wants_a_look {
                FindingLevel::Warning
            } else {
                FindingLevel::Note
            },
            address: Some(row.address.to_string()),
            message: to_text(&[row_line(row)]).trim_end().to_owned(),
            details: to_text(&row_details(row, Detail::PLAN)).trim_end().to_owned(),
            file: row.origin.as_ref().map(|origin| origin.file.to_path_buf()),
            line: row.origin.as_ref().map(|origin| origin.line),
            column: None,
        }
    }
}

/// Returns the kind of finding that a row is: what happens to it, and for an unchanged row why it is one.
fn rule(row: &Row) -> &'static str {
    match row.verb {
        Verb::Noop if row.has_open_field_drift() => "field-drift",
        Verb::Noop if row.recheck => "secret-resent",
        Verb::Noop => "remark",
        verb => verb.word(),
    }
}

/// Everything that a command has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FindingList {
    /// The command: `plan`, `validate`.
    pub command: String,
    /// What was found, in the order in which it was found.
    pub findings: Vec<ReportFinding>,
    /// Why the command failed, in sentences. `None` when it did not.
    pub failure: Option<String>,
}

impl FindingList {
    /// Returns the findings of a plan: each row that says something, and its warnings.
    pub fn of_plan(plan: &Plan) -> impl Iterator<Item = ReportFinding> {
        let rows = plan.rows.iter().filter(|row| row.is_notable()).map(ReportFinding::from);
        rows.chain(plan.warnings.iter().map(|warning| ReportFinding::warning(warning)))
    }

    /// Returns whether the command did what it was asked to.
    pub fn succeeded(&self) -> bool {
        self.failure.is_none()
    }
}

impl ReportFinding {
    /// Creates a finding that is a warning without a location.
    pub fn warning(message: &str) -> Self {
        Self {
            rule: "warning".to_owned(),
            level: FindingLevel::Warning,
            address: None,
            message: message.to_owned(),
            details: String::new(),
            file: None,
            line: None,
            column: None,
        }
    }

    /// Returns the message with everything else that is known, in lines.
    pub fn text(&self) -> String {
        if self.details.is_empty() {
            return self.message.clone();
        }
        format!("{}\n{}", self.message, self.details)
    }
}
