//! What a command prints: results to standard output, everything else to standard error, in the chosen format.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;
use serde_json::json;

use super::log::RequestLog;
use super::status::StatusLine;
use crate::cli::{Common, Format};
use crate::config::{Diagnostic, Sources};
use crate::failure::{Failure, FailureKind, Label, print_labelled};
use crate::host::Host;
use crate::report::diagnostics::{DiagnosticStyle, render};
use crate::report::{ansi, github, json as ndjson};
use crate::show::Line;

/// The streams of a command, and how to write to them.
#[derive(Clone)]
pub(super) struct Console {
    /// The streams, the environment and the clock of the process.
    pub host: Host,
    /// The format of the result.
    pub format: Format,
    /// Whether standard output is colored.
    pub color_out: bool,
    /// Whether standard error is colored.
    pub color_err: bool,
    /// Whether only results, warnings and errors are printed.
    pub quiet: bool,
    /// The number of `-v` flags.
    pub verbose: u8,
    /// The file to which requests are logged.
    pub log_file: Option<PathBuf>,
    /// The line that shows how far a slow command is; erased before anything else is printed.
    pub status: StatusLine,
}

impl Console {
    /// Creates the console that the command line and the process ask for.
    pub(super) fn new(host: Host, common: &Common) -> Self {
        Self {
            color_out: host.colors_stdout(common.color.forced()),
            color_err: host.colors_stderr(common.color.forced()),
            format: common.format,
            quiet: common.quiet,
            verbose: common.verbose,
            log_file: common.log_file.clone(),
            status: if common.quiet || common.format == Format::Json {
                StatusLine::default()
            } else {
                StatusLine::new(&host)
            },
            host,
        }
    }

    /// Returns this console for a command that takes the whole screen, which text on standard error would destroy.
    pub(super) fn for_screen(&self) -> Self {
        Self {
            verbose: 0,
            status: StatusLine::default(),
            ..self.clone()
        }
    }

    /// Returns the log of requests that the command line asks for, if any.
    ///
    /// # Errors
    /// When its file cannot be opened.
    pub(super) fn request_log(&self) -> Result<Option<RequestLog>, Failure> {
        let printed = (self.verbose >= 2).then(|| self.status.clone());
        if self.log_file.is_none() && printed.is_none() {
            return Ok(None);
        }
        RequestLog::open(&self.host, self.log_file.as_deref(), printed).map(Some)
    }

    /// Prints lines of the result.
    ///
    /// # Errors
    /// When standard output cannot be written to.
    pub(super) fn lines(&self, lines: &[Line]) -> Result<(), Failure> {
        self.print(|out| ansi::write_lines(out, lines, self.color_out))
    }

    /// Prints text of the result.
    ///
    /// # Errors
    /// When standard output cannot be written to.
    pub(super) fn text(&self, text: &str) -> Result<(), Failure> {
        self.print(|out| out.write_all(text.as_bytes()))
    }

    /// Prints one JSON object of the result.
    ///
    /// # Errors
    /// When standard output cannot be written to.
    pub(super) fn object(&self, kind: &str, value: &impl Serialize) -> Result<(), Failure> {
        self.print(|out| ndjson::write(out, kind, self.host.now(), value))
    }

    /// Prints a line about what is going on, unless `--quiet` is given.
    pub(super) fn progress(&self, text: &str) {
        if !self.quiet {
            self.status.erase();
            let mut err = self.host.stderr.clone();
            // Nothing can be reported about a standard error that cannot be written to.
            let _ = writeln!(err, "{text}").and_then(|()| err.flush());
        }
    }

    /// Prints a warning; with `--format json` as an object of the result.
    pub(super) fn warning(&self, text: &str) {
        if self.format == Format::Json {
            let _ = self.object("warning", &json!({ "message": text }));
            return;
        }
        self.status.erase();
        let _ = print_labelled(&mut self.host.stderr.clone(), Label::Warning, text, self.color_err);
    }

    /// Prints a warning on standard error in every format, for a command whose output is not JSON.
    pub(super) fn warning_beside(&self, text: &str) {
        self.status.erase();
        let _ = print_labelled(&mut self.host.stderr.clone(), Label::Warning, text, self.color_err);
    }

    /// Prints the failure that ends the command.
    pub(super) fn failure(&self, failure: &Failure) {
        if self.format == Format::Json {
            let value = json!({
                "message": failure.message, "causes": failure.causes, "hints": failure.hints,
                "exit_code": failure.exit().code(),
            });
            let _ = self.object("error", &value);
        }
        if !failure.message.is_empty() {
            self.status.erase();
            let _ = failure.print(&mut self.host.stderr.clone(), self.color_err);
        }
    }

    /// Prints problems of the configuration with their source lines.
    pub(super) fn diagnostics(&self, diagnostics: &[Diagnostic], sources: &Sources) {
        let shown: Vec<Diagnostic> = diagnostics
            .iter()
            .filter(|it| it.is_error() || !self.quiet)
            .cloned()
            .collect();
        if shown.is_empty() {
            return;
        }
        if self.format == Format::Json {
            for diagnostic in &shown {
                let _ = self.object("diagnostic", &diagnostic_value(diagnostic));
            }
        }
        // Standard error has the source lines in every format.
        self.status.erase();
        let text = render(&shown, sources, self.diagnostic_style());
        let mut err = self.host.stderr.clone();
        let _ = err.write_all(text.as_bytes());
        // GitHub reads workflow commands from both streams; standard output is for the result.
        if self.host.environment.switch("GITHUB_ACTIONS") {
            let _ = err.write_all(github::annotations(&shown).as_bytes());
        }
    }

    /// Appends a plan to the job summary when this is a GitHub Actions job.
    pub(super) fn job_summary(&self, markdown: &str) {
        let Some(path) = self.host.environment.get("GITHUB_STEP_SUMMARY") else {
            return;
        };
        // Appended, because other steps of the job write to the same file.
        let appended = std::fs::OpenOptions::new().append(true).create(true).open(path);
        if let Err(error) = appended.and_then(|mut file| file.write_all(self.host.redactor.text(markdown).as_bytes())) {
            self.warning(&format!("cannot write the job summary: {error}"));
        }
    }

    /// Returns the style of diagnostics on standard error.
    pub(super) fn diagnostic_style(&self) -> DiagnosticStyle {
        let width = self.host.size.map_or(100, |size| usize::from(size.columns));
        DiagnosticStyle {
            color: self.color_err,
            unicode: false,
            width,
        }
    }

    fn print(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        self.status.erase();
        let mut out = self.host.stdout.clone();
        write(&mut out)
            .and_then(|()| out.flush())
            .map_err(|error| output_failure(&error))
    }
}

/// Returns the failure of a standard output that cannot be written to. It has no message where the reader has seen enough
/// and closed it, as `head` does.
pub(super) fn output_failure(error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Failure::new(FailureKind::OutputClosed, "");
    }
    Failure::failed("cannot write to standard output").because(error)
}

fn diagnostic_value(diagnostic: &Diagnostic) -> serde_json::Value {
    json!({
        "severity": if diagnostic.is_error() { "error" } else { "warning" },
        "code": diagnostic.code,
        "message": diagnostic.message,
        "file": diagnostic.file,
        "line": diagnostic.line,
        "column": diagnostic.column,
        "help": diagnostic.help,
    })
}
