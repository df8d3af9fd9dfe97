//! `lobuctl doctor`: checks what a first apply needs, in order; each line says what was found or what to do.

use std::fmt::Display;
use std::path::PathBuf;

use serde_json::json;

use super::console::Console;
use super::signal::Interrupt;
use crate::cli::{Common, Format};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::RemoteError;
use crate::review::{Connection, ProjectHint, ReviewOptions, choose_session, connect, read_project};
use crate::show::word::plural;
use crate::show::{Line, Role};

/// Runs every check and prints its result. Writes nothing, neither files nor to the server.
///
/// # Errors
/// When standard output cannot be written to.
pub(super) async fn run(console: &Console, common: &Common, interrupt: &Interrupt) -> Result<Exit, Failure> {
    let mut report = CheckReport { console, failed: 0 };
    let options = ReviewOptions::reading(&console.host, common);
    let needs = check_project(&mut report, &options)?;
    interrupt.or(check_server(&mut report, &options, &needs)).await?;
    check_terminal(&mut report)?;
    Ok(if report.failed == 0 { Exit::Done } else { Exit::Failed })
}

/// The parts of the server that the project writes; all of them when there is no usable project.
struct ServerNeeds {
    organization: Option<String>,
    /// The folder of the project.
    root: Option<PathBuf>,
    agents: bool,
    memory: bool,
}

impl ServerNeeds {
    fn everything(organization: Option<String>) -> Self {
        Self {
            organization,
            root: None,
            agents: true,
            memory: true,
        }
    }

    fn hint(&self) -> ProjectHint<'_> {
        ProjectHint {
            organization: self.organization.as_deref(),
            root: self.root.as_deref(),
        }
    }
}

fn check_project(report: &mut CheckReport<'_>, options: &ReviewOptions) -> Result<ServerNeeds, Failure> {
    let loaded = match read_project(&report.console.host, options) {
        Ok(loaded) => loaded,
        Err(failure) => {
            report.bad("config", &failure.message, failure.hints.first())?;
            // The server can still be checked with flags and environment.
            return Ok(ServerNeeds::everything(None));
        }
    };
    let errors = loaded.diagnostics.iter().filter(|it| it.is_error()).count();
    let Some(project) = &loaded.project else {
        let found = plural(errors, "error", "errors");
        report.bad(
            "config",
            found,
            Some(&"`lobuctl validate --secrets` shows them".to_owned()),
        )?;
        return Ok(ServerNeeds::everything(loaded.org));
    };
    report.good("config", project.file.display())?;
    let missing = project.secrets.iter().filter(|secret| secret.source.is_none()).count();
    let names = plural(project.secrets.len(), "name", "names");
    report.good("secrets", format!("{names} used, {missing} missing"))?;
    let desired = &project.desired;
    Ok(ServerNeeds {
        organization: loaded.org,
        root: Some(project.root.clone()),
        agents: !desired.agents.is_empty(),
        memory: !(desired.entity_types.is_empty() && desired.relationship_types.is_empty()),
    })
}

async fn check_server(
    report: &mut CheckReport<'_>,
    options: &ReviewOptions,
    needs: &ServerNeeds,
) -> Result<(), Failure> {
    let session = match choose_session(&report.console.host, &options.flags, needs.hint()).await {
        Ok(session) => session,
        Err(failure) => return report.bad("server", &failure.message, failure.hints.first()),
    };
    report.good("server", format!("{} (from {})", session.url.value, session.url.source))?;
    let name = format!("{} (from {})", session.organization.value, session.organization.source);
    report.good("organization", name)?;
    let connection = match connect(&session, options) {
        Ok(connection) => connection,
        Err(failure) => return report.bad("token", &failure.message, failure.hints.first()),
    };
    match connection.client.agents().await {
        Ok(agents) => {
            let found = format!("accepted; the server has {}", plural(agents.len(), "agent", "agents"));
            report.good("token", found)?;
            check_permissions(report, &connection, needs).await
        }
        Err(error) => report.bad(blamed(&error), &error, error.hint().map(str::to_owned).as_ref()),
    }
}

/// Checks that the token may write. One that can only read passes every other check, and fails on every row of an apply.
async fn check_permissions(
    report: &mut CheckReport<'_>,
    connection: &Connection,
    needs: &ServerNeeds,
) -> Result<(), Failure> {
    let client = &connection.client;
    if needs.agents {
        let checked = client.check_agent_writes().await;
        report.permission("write agents", "agents, settings and platforms", checked)?;
    }
    if needs.memory {
        let checked = client.check_memory_writes().await;
        report.permission("write memory", "entity and relationship types", checked)?;
    }
    Ok(())
}

/// Returns the check that a failed reading belongs to.
fn blamed(error: &RemoteError) -> &'static str {
    match error.status() {
        Some(401 | 403) => "token",
        // What an unknown organization is answered with (contract section 3).
        Some(404) => "organization",
        _ => "response",
    }
}

fn check_terminal(report: &mut CheckReport<'_>) -> Result<(), Failure> {
    let host = &report.console.host;
    let found = match (host.can_draw(), host.size) {
        (true, Some(size)) => format!("full-screen review, {}x{}", size.columns, size.rows),
        (true, None) => "full-screen review".to_owned(),
        (false, _) if host.can_ask() => "plain questions; no full-screen review here".to_owned(),
        _ => "none: use `--yes` or `--dry-run`".to_owned(),
    };
    report.good("terminal", found)
}

/// Prints the result of each check, and counts those that failed.
struct CheckReport<'a> {
    console: &'a Console,
    failed: usize,
}

impl CheckReport<'_> {
    fn permission(&mut self, check: &str, what: &str, checked: Result<(), RemoteError>) -> Result<(), Failure> {
        match checked {
            Ok(()) => self.good(check, format!("the token may write {what}")),
            Err(error) => {
                let hint = "use a token with the scope `mcp:admin` of an owner or admin of the organization";
                self.bad(check, &error, Some(&hint.to_owned()))
            }
        }
    }

    fn good(&mut self, check: &str, message: impl Display) -> Result<(), Failure> {
        if self.console.format == Format::Json {
            return self.object(check, true, &message.to_string(), None);
        }
        self.line(Role::Success, "ok  ", check, message)
    }

    fn bad(&mut self, check: &str, message: impl Display, hint: Option<&String>) -> Result<(), Failure> {
        self.failed += 1;
        if self.console.format == Format::Json {
            return self.object(check, false, &message.to_string(), hint);
        }
        self.line(Role::Error, "no  ", check, message)?;
        hint.map_or(Ok(()), |hint| {
            self.console
                .lines(&[Line::at(18).push(Role::Dim, "hint: ").plain(hint)])
        })
    }

    fn object(&self, check: &str, ok: bool, message: &str, hint: Option<&String>) -> Result<(), Failure> {
        self.console.object(
            "check",
            &json!({ "check": check, "ok": ok, "message": message, "hint": hint }),
        )
    }

    fn line(&self, role: Role, sign: &str, check: &str, message: impl Display) -> Result<(), Failure> {
        self.console.lines(&[Line::at(0)
            .push(role, sign)
            .push(Role::Strong, format!("{check:<14}"))
            .plain(message.to_string())])
    }
}
