//! What a command prints: results to standard output, everything else to standard error, in the chosen format.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;
use serde_json::json;

use super::collected::Collected;
use super::log::RequestLog;
use super::status::StatusLine;
use crate::apply::event::Event;
use crate::cli::{Common, Format};
use crate::config::{Diagnostic, Sources};
use crate::failure::{Failure, FailureKind, Label, print_labelled};
use crate::host::{Host, Output};
use crate::plan::Plan;
use crate::private_file::{Existing, open_private};
use crate::report::diagnostics::{DiagnosticStyle, render};
use crate::report::findings::{FindingList, ReportFinding};
use crate::report::github_log::WithoutCommands;
use crate::report::{ansi, github, json as ndjson, markdown};
use crate::show::plan::{PlanView, each_plan_line};
use crate::show::{Line, printable};

/// The streams of a command, and how to write to them.
#[derive(Clone)]
pub(super) struct Console {
    /// The streams, the environment and the clock of the process. On GitHub Actions, nothing in what is written to these
    /// streams commands the runner.
    pub host: Host,
    /// The same standard output, for a secret.
    pub secret_out: Output,
    /// The same standard error, for annotations, which are commands.
    annotations: Output,
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
    /// The file that has the result as lines of JSON too.
    json_file: Option<Output>,
    /// What the document at the end lists, for formats that have one.
    findings: Collected,
    /// The line that shows how far a slow command is; erased before anything else is printed.
    pub status: StatusLine,
}

impl Console {
    /// Creates the console that the command line and the process ask for.
    pub(super) fn new(mut host: Host, common: &Common) -> Self {
        let (secret_out, annotations) = (host.stdout.clone(), host.stderr.clone());
        if host.environment.switch("GITHUB_ACTIONS") {
            let is_json = matches!(common.format, Format::Json | Format::Sarif);
            host.stdout = Output::new(WithoutCommands::new(host.stdout, is_json), &host.redactor);
            host.stderr = Output::new(WithoutCommands::new(host.stderr, false), &host.redactor);
        }
        Self {
            secret_out,
            annotations,
            color_out: host.colors_stdout(common.color.forced()),
            color_err: host.colors_stderr(common.color.forced()),
            format: common.format,
            quiet: common.quiet,
            verbose: common.verbose,
            log_file: common.log_file.clone(),
            json_file: None,
            findings: Collected::new(common.format),
            status: if common.quiet || common.format == Format::Json {
                StatusLine::default()
            } else {
                StatusLine::new(&host)
            },
            host,
        }
    }

    /// Returns this console with the file that the command line asks for. It is emptied at once, so that nobody takes it for
    /// the result of this command if there is none.
    ///
    /// # Errors
    /// When the file cannot be opened, or other users can read it and that cannot be changed.
    pub(super) fn with_json_file(self, common: &Common) -> Result<Self, Failure> {
        let Some(path) = &common.json_into else {
            return Ok(self);
        };
        let opened = open_private(&self.host.absolute(path), Existing::Replace);
        let file =
            opened.map_err(|error| Failure::failed(format!("cannot write to {}", path.display())).because(&error))?;
        Ok(Self {
            json_file: Some(Output::new(file, &self.host.redactor)),
            ..self
        })
    }

    /// Prints the findings of a command, and what was kept back because it may be the start of a secret. For the end of the
    /// program.
    pub(super) fn finish(&self, command: &str) {
        if let Some(document) = self.findings.document(command, self.format) {
            // What the command did is done, whether its report can be printed or not.
            let _ = self.text(&document);
        }
        // The streams around others first.
        for stream in [
            &self.host.stdout,
            &self.host.stderr,
            &self.secret_out,
            &self.annotations,
        ]
        .into_iter()
        .chain(&self.json_file)
        {
            // A stream that is closed has been reported by whoever wrote to it.
            let _ = stream.finish();
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

    /// Prints a plan as text, line by line.
    ///
    /// # Errors
    /// When standard output cannot be written to.
    pub(super) fn plan_lines(&self, plan: &Plan, view: PlanView) -> Result<(), Failure> {
        let color = self.color_out;
        self.print(|out| each_plan_line(plan, view, &mut |line| ansi::write_line(out, &line, color)))
    }

    /// Prints text of the result.
    ///
    /// # Errors
    /// When standard output cannot be written to.
    pub(super) fn text(&self, text: &str) -> Result<(), Failure> {
        self.print(|out| out.write_all(text.as_bytes()))
    }

    /// Adds one object to the result in JSON: to the file of `--json-into`, and with `--format json` to standard output.
    ///
    /// # Errors
    /// When one of them cannot be written to.
    pub(super) fn object(&self, kind: &str, value: &impl Serialize) -> Result<(), Failure> {
        let now = self.host.now();
        if let Some(mut file) = self.json_file.clone() {
            let written = ndjson::write(&mut file, kind, now, value).and_then(|()| file.flush());
            written.map_err(|error| Failure::failed("cannot write to the file of `--json-into`").because(&error))?;
        }
        if self.format == Format::Json {
            self.print(|out| ndjson::write(out, kind, now, value))?;
        }
        Ok(())
    }

    /// Adds an event of a run to the result in JSON.
    pub(super) fn event(&self, event: &Event) {
        // A closed standard output must not stop a run that has begun to write.
        let _ = self.object(&ndjson::event_type(event), event);
    }

    /// Prints lines about what is going on, unless `--quiet` is given. What a terminal would obey is replaced: a server may
    /// have said it.
    pub(super) fn progress(&self, text: &str) {
        if !self.quiet {
            let lines: Vec<String> = text.split('\n').map(printable).collect();
            let text = lines.join("\n");
            self.status.erase();
            let mut err = self.host.stderr.clone();
            // Nothing can be reported about a standard error that cannot be written to.
            let _ = writeln!(err, "{text}").and_then(|()| err.flush());
        }
    }

    /// Prints a warning; with `--format json` as an object of the result.
    pub(super) fn warning(&self, text: &str) {
        let _ = self.object("warning", &json!({ "message": text }));
        self.findings.add([ReportFinding::warning(text)]);
        if self.format == Format::Json {
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
        let value = json!({
            "message": failure.message, "causes": failure.causes, "hints": failure.hints,
            "exit_code": failure.exit().code(),
        });
        let _ = self.object("error", &value);
        self.findings.fail(failure);
        if !failure.message.is_empty() {
            self.status.erase();
            let _ = failure.print(&mut self.host.stderr.clone(), self.color_err);
        }
    }

    /// Prints problems of the configuration with their source lines.
    pub(super) fn diagnostics(&self, diagnostics: &[Diagnostic], sources: &Sources) {
        if diagnostics.is_empty() {
            return;
        }
        self.findings.add(diagnostics.iter().map(ReportFinding::from));
        for diagnostic in diagnostics {
            let _ = self.object("diagnostic", &diagnostic_value(diagnostic));
        }
        // Standard error has the source lines in every format.
        self.status.erase();
        let text = render(diagnostics, sources, self.diagnostic_style());
        let mut err = self.host.stderr.clone();
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
        // GitHub reads workflow commands from both streams; standard output is for the result.
        if self.host.environment.switch("GITHUB_ACTIONS") {
            let mut err = self.annotations.clone();
            let _ = err
                .write_all(github::annotations(diagnostics).as_bytes())
                .and_then(|()| err.flush());
        }
    }

    /// Adds the rows of a plan to the findings, and a plan itself to the job summary and to the result in JSON.
    ///
    /// # Errors
    /// When standard output or the file of `--json-into` cannot be written to.
    pub(super) fn plan(&self, plan: &Plan) -> Result<(), Failure> {
        // First: the job summary is there even if standard output is closed.
        self.job_summary(|| markdown::plan(plan));
        self.recorded_plan(plan)
    }

    /// Adds the rows of a plan that was made earlier to the findings, and the plan to the result in JSON.
    ///
    /// # Errors
    /// When standard output or the file of `--json-into` cannot be written to.
    pub(super) fn recorded_plan(&self, plan: &Plan) -> Result<(), Failure> {
        self.findings.add(FindingList::of_plan(plan));
        self.object("plan", plan)
    }

    /// Appends a plan to the job summary when this is a GitHub Actions job.
    fn job_summary(&self, markdown: impl FnOnce() -> String) {
        let Some(path) = self.host.environment.get("GITHUB_STEP_SUMMARY") else {
            return;
        };
        // Appended, because other steps of the job write to the same file.
        let appended = std::fs::OpenOptions::new().append(true).create(true).open(path);
        if let Err(error) =
            appended.and_then(|mut file| file.write_all(self.host.redactor.text(&markdown()).as_bytes()))
        {
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
