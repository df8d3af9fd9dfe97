//! `lobuctl doctor`: everything a first apply needs, checked in order; each line says what was found or what to do.

use std::fmt::Display;

use serde_json::json;

use super::console::Console;
use super::signal::Interrupt;
use crate::cli::{Common, Format};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::RemoteError;
use crate::review::{ReviewOptions, choose_session, connect, read_project};
use crate::show::word::plural;
use crate::show::{Line, Role};

/// Runs the command. Reads only.
///
/// # Errors
/// When standard output is closed.
pub async fn run(console: &Console, common: &Common, interrupt: &Interrupt) -> Result<Exit, Failure> {
    let mut report = Report { console, failed: 0 };
    let options = ReviewOptions::reading(&console.host, common);
    let organization = check_project(&mut report, &options)?;
    interrupt
        .or(check_server(&mut report, &options, organization.as_deref()))
        .await?;
    check_terminal(&mut report)?;
    Ok(if report.failed == 0 { Exit::Done } else { Exit::Failed })
}

fn check_project(report: &mut Report<'_>, options: &ReviewOptions) -> Result<Option<String>, Failure> {
    let loaded = match read_project(&report.console.host, options) {
        Ok(loaded) => loaded,
        Err(failure) => {
            return report
                .bad("config", &failure.message, failure.hints.first())
                .map(|()| None);
        }
    };
    let errors = loaded.diagnostics.iter().filter(|it| it.is_error()).count();
    let Some(project) = &loaded.project else {
        let found = plural(errors, "error", "errors");
        report.bad("config", found, Some(&"`lobuctl validate` shows them".to_owned()))?;
        return Ok(loaded.org);
    };
    report.good("config", project.file.display())?;
    let missing = project.secrets.iter().filter(|secret| secret.source.is_none()).count();
    let names = plural(project.secrets.len(), "name", "names");
    report.good("secrets", format!("{names} used, {missing} missing"))?;
    Ok(loaded.org)
}

async fn check_server(
    report: &mut Report<'_>,
    options: &ReviewOptions,
    organization: Option<&str>,
) -> Result<(), Failure> {
    let session = match choose_session(&report.console.host, &options.flags, organization) {
        Ok(session) => session,
        Err(failure) => return report.bad("server", &failure.message, failure.hints.first()),
    };
    report.good("server", format!("{} (from {})", session.url.value, session.url.source))?;
    let name = format!("{} (from {})", session.organization.value, session.organization.source);
    report.good("organisation", name)?;
    let connection = match connect(&session, options.parallelism) {
        Ok(connection) => connection,
        Err(failure) => return report.bad("token", &failure.message, failure.hints.first()),
    };
    match connection.client.agents().await {
        Ok(agents) => report.good(
            "token",
            format!("accepted; the server has {}", plural(agents.len(), "agent", "agents")),
        ),
        Err(error) => report.bad(refused(&error), &error, error.hint().map(str::to_owned).as_ref()),
    }
}

/// What is to be looked at after a read that did not work.
fn refused(error: &RemoteError) -> &'static str {
    match error.status() {
        Some(401 | 403) => "token",
        Some(404) => "organisation",
        _ => "answer",
    }
}

fn check_terminal(report: &mut Report<'_>) -> Result<(), Failure> {
    let host = &report.console.host;
    let words = match (host.can_draw(), host.size) {
        (true, Some(size)) => format!("full-screen review, {}x{}", size.columns, size.rows),
        (true, None) => "full-screen review".to_owned(),
        (false, _) if host.can_ask() => "plain questions; no full-screen review here".to_owned(),
        _ => "none: use `--yes` or `--dry-run`".to_owned(),
    };
    report.good("terminal", words)
}

struct Report<'a> {
    console: &'a Console,
    failed: usize,
}

impl Report<'_> {
    fn good(&mut self, what: &str, words: impl Display) -> Result<(), Failure> {
        if self.console.format == Format::Json {
            return self.object(what, true, &words.to_string(), None);
        }
        self.line(Role::Success, "ok  ", what, words)
    }

    fn bad(&mut self, what: &str, words: impl Display, hint: Option<&String>) -> Result<(), Failure> {
        self.failed += 1;
        if self.console.format == Format::Json {
            return self.object(what, false, &words.to_string(), hint);
        }
        self.line(Role::Error, "no  ", what, words)?;
        hint.map_or(Ok(()), |hint| {
            self.console
                .lines(&[Line::at(18).push(Role::Dim, "hint: ").plain(hint)])
        })
    }

    fn object(&self, what: &str, holds: bool, words: &str, hint: Option<&String>) -> Result<(), Failure> {
        self.console.object(
            "check",
            &json!({ "check": what, "ok": holds, "message": words, "hint": hint }),
        )
    }

    fn line(&self, role: Role, sign: &str, what: &str, words: impl Display) -> Result<(), Failure> {
        self.console.lines(&[Line::at(0)
            .push(role, sign)
            .push(Role::Strong, format!("{what:<14}"))
            .plain(words.to_string())])
    }
}
