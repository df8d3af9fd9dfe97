//! The server: whether it is reached, is a Lobu server, knows the token, and lets it write what the project needs.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use serde_json::Value;

use super::project::CheckedProject;
use super::report::CheckReport;
use crate::command::reading::ConsoleObserver;
use crate::failure::Failure;
use crate::remote::{
    HttpOptions, HttpTransport, NoAnswerCause, RemoteError, Request, Response, ServerUrl, Transport, TransportError,
};
use crate::review::{Connection, PlanReview, ReviewOptions, connect};
use crate::session::{Account, Session};
use crate::show::word::plural;

/// The difference between the clocks, in seconds, from which on it is named.
const MAX_SKEW: u64 = 60;

/// Checks the server, then what an apply needs of it.
pub(super) async fn check_server(
    report: &mut CheckReport<'_>,
    options: &ReviewOptions,
    project: CheckedProject,
    account: Account,
) -> Result<(), Failure> {
    let reached = check_reach(report, &account).await?;
    let session = match Session::of(account) {
        Ok(session) => session,
        Err(error) => return report.failed("organization", &error.into()),
    };
    // What is not reached, or has no token, needs no second line about it.
    if !reached || session.token.is_none() {
        return Ok(());
    }
    let connection = match connect(&session, options) {
        Ok(connection) => connection,
        Err(failure) => return report.failed("token", &failure),
    };
    let organization = format!("{} (from {})", session.organization.value, session.organization.source);
    match connection.client.agents().await {
        Ok(agents) => {
            report.good("token", "accepted")?;
            let found = plural(agents.len(), "agent", "agents");
            report.good("organization", format!("{organization} has {found}"))?;
        }
        Err(error) => return report.bad(blamed(&error), &error, hint_of(&error)),
    }
    check_permissions(report, &connection, &project).await?;
    match project.project {
        Some(found) if !report.has_failed() => Box::pin(check_plan(report, options, found, &session)).await,
        _ => Ok(()),
    }
}

/// Checks that a Lobu server answers. Returns whether it does.
async fn check_reach(report: &mut CheckReport<'_>, account: &Account) -> Result<bool, Failure> {
    let url = &account.url.value;
    let answer = ask(url, "/health").await;
    let response = match answer {
        Ok(response) => response,
        Err(error) => {
            let (message, hint) = explained(url, &error).await;
            report.bad("server", message, Some(&hint))?;
            return Ok(false);
        }
    };
    check_encryption(report, account)?;
    let health: Option<Value> = serde_json::from_slice(&response.body).ok();
    let service = health.as_ref().and_then(|it| it.get("service")?.as_str());
    // The names of both generations (contract section 11.3).
    let generation = match service {
        Some("owletto-api") => "April 2026",
        Some("lobu-api") => "May 2026 or later",
        _ => {
            let message = format!(
                "{url} answered {} to GET /health, not as a Lobu server does",
                response.status
            );
            report.bad("server", message, Some("check `--url`, and its path prefix"))?;
            return Ok(false);
        }
    };
    let version = health
        .as_ref()
        .and_then(|it| it.get("version")?.as_str())
        .unwrap_or("of no version");
    let mode = mode_of(url).await;
    report.good(
        "server",
        format!("{url} is {version}, of the generation of {generation}{mode}"),
    )?;
    check_clock(report, response.date.as_deref())?;
    Ok(true)
}

/// Sends one request without a token, and without repeating it.
async fn ask(url: &ServerUrl, path: &str) -> Result<Response, TransportError> {
    HttpTransport::new(url.clone(), None, HttpOptions::default())?
        .send(Request::get(path))
        .await
}

/// Returns why a server was not reached, and what to do. Plain http on an https address, and the other way round, are named.
async fn explained(url: &ServerUrl, error: &TransportError) -> (String, String) {
    let other = |scheme: &str| format!("{scheme}://{}{}", url.host(), url.prefix());
    match error {
        TransportError::Redirect { location, .. } if url.is_plain() && location.starts_with("https://") => (
            format!("{url} leads to https"),
            format!("use `--url {}`", location.trim_end_matches("/health")),
        ),
        TransportError::NoAnswer {
            cause: NoAnswerCause::SpeaksPlainHttp,
            ..
        } => {
            let hint = format!(
                "use `--url {}`; another machine needs `--insecure-http` too",
                other("http")
            );
            (format!("{url} speaks plain http, not https"), hint)
        }
        TransportError::NoAnswer {
            cause: NoAnswerCause::Broken,
            ..
        } if url.is_plain() && speaks_tls(&other("https")).await => (
            format!("{url} speaks https, not plain http"),
            format!("use `--url {}`", other("https")),
        ),
        TransportError::NoAnswer { message, .. } => (format!("{url}: {message}"), error.hint().to_owned()),
        _ => (error.to_string(), error.hint().to_owned()),
    }
}

/// Whether a server answers a TLS handshake, even with a certificate that is not accepted.
async fn speaks_tls(url: &str) -> bool {
    let Ok((url, _)) = ServerUrl::parse(url) else {
        return false;
    };
    match ask(&url, "/health").await {
        Ok(_) => true,
        Err(TransportError::NoAnswer { cause, .. }) => cause == NoAnswerCause::Tls,
        Err(_) => false,
    }
}

fn check_encryption(report: &mut CheckReport<'_>, account: &Account) -> Result<(), Failure> {
    let url = &account.url.value;
    if !url.is_plain() {
        return report.good("tls", "the certificate is accepted");
    }
    if url.is_loopback() {
        return report.good("tls", "not needed: the server is on this machine");
    }
    let message = format!("tokens and secrets travel unencrypted to {}", url.host());
    if account.insecure_http {
        report.doubtful("tls", message, Some("use an https URL"))
    } else {
        report.bad(
            "tls",
            message,
            Some("use an https URL; `--insecure-http` if you trust the network in between"),
        )
    }
}

/// Returns what the server says of its mode.
async fn mode_of(url: &ServerUrl) -> &'static str {
    let answer = ask(url, "/api/features").await.ok();
    let features: Option<Value> = answer.and_then(|answer| serde_json::from_slice(&answer.body).ok());
    match features.and_then(|features| features.get("lobuEmbedded")?.as_bool()) {
        Some(true) => "; it runs chat platforms",
        Some(false) => "; it stores chat platforms and runs none",
        None => "",
    }
}

fn check_clock(report: &CheckReport<'_>, date: Option<&str>) -> Result<(), Failure> {
    let date = date.and_then(|date| DateTimeParser::new().parse_timestamp(date).ok());
    let Some(theirs) = date else {
        return report.doubtful("clock", "the server names no time", None);
    };
    let ours: Timestamp = report.console.host.now();
    let skew = ours.duration_since(theirs);
    if skew.unsigned_abs().as_secs() < MAX_SKEW {
        return report.good("clock", "agrees with the server's");
    }
    let direction = if skew.is_positive() { "ahead of" } else { "behind" };
    let message = format!(
        "this machine is {} {direction} the server",
        plural_seconds(skew.unsigned_abs().as_secs())
    );
    report.doubtful("clock", message, Some("set the clock: tokens are refreshed by it"))
}

fn plural_seconds(seconds: u64) -> String {
    plural(usize::try_from(seconds).unwrap_or(usize::MAX), "second", "seconds")
}

/// Checks that the token may write. One that can only read passes every other check, and fails on every row of an apply.
async fn check_permissions(
    report: &mut CheckReport<'_>,
    connection: &Connection,
    project: &CheckedProject,
) -> Result<(), Failure> {
    let client = &connection.client;
    if project.writes_agents() {
        let checked = client.check_agent_writes().await;
        permission(
            report,
            "write agents",
            ("agents, settings and platforms", ADMIN),
            checked,
        )?;
    }
    if project.writes_memory() {
        let checked = client.check_memory_writes().await;
        let what = "entity and relationship types, and watchers";
        permission(report, "write memory", (what, ADMIN), checked)?;
    }
    if project.writes_data() {
        let checked = client.check_data_writes().await;
        permission(report, "write data", ("entities and relationships", WRITE), checked)?;
    }
    Ok(())
}

/// The tokens that may write.
const ADMIN: &str = "use a token with the scope `mcp:admin` of an owner or admin of the organization";
const WRITE: &str = "use a token with the scope `mcp:write` of a member of the organization";

/// Reports whether the token may write something, with the token that may.
fn permission(
    report: &mut CheckReport<'_>,
    check: &str,
    (what, hint): (&str, &str),
    checked: Result<(), RemoteError>,
) -> Result<(), Failure> {
    match checked {
        Ok(()) => report.good(check, format!("the token may write {what}")),
        Err(error) => report.bad(check, &error, Some(hint)),
    }
}

/// Plans, which finds what only the comparison can find.
async fn check_plan(
    report: &mut CheckReport<'_>,
    options: &ReviewOptions,
    project: crate::config::Project,
    session: &Session,
) -> Result<(), Failure> {
    let observer = ConsoleObserver::begin(report.console)?;
    match PlanReview::load(project, session, options.clone(), &observer).await {
        Ok(review) => {
            let counts = &review.plan().counts;
            let changes = counts.create + counts.update;
            report.good("plan", format!("{} to write", plural(changes, "row", "rows")))
        }
        Err(failure) => report.failed("plan", &failure),
    }
}

/// Returns the check that a failed reading belongs to.
fn blamed(error: &RemoteError) -> &'static str {
    match error.status() {
        Some(401) => "token",
        // A token of another organization, and an unknown organization (contract sections 2 and 3).
        Some(403 | 404) => "organization",
        _ => "response",
    }
}

fn hint_of(error: &RemoteError) -> Option<&'static str> {
    match error.status() {
        Some(401) => Some("sign in: `lobuctl login --force`; or check `LOBU_API_TOKEN`"),
        Some(403) => Some("`lobuctl org list` shows the organizations of the token"),
        _ => error.hint(),
    }
}
