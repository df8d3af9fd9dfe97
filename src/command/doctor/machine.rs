//! What this machine has: contexts, credentials and their files, and the terminal.

use super::project::CheckedProject;
use super::report::CheckReport;
use crate::failure::Failure;
use crate::review::{ReviewOptions, find_account, refresh_account};
use crate::session::Account;
use crate::show::sign_in::time_text;

/// Finds the server and what is known for it. Returns `None` when no server is known.
pub(super) async fn check_account(
    report: &mut CheckReport<'_>,
    options: &ReviewOptions,
    project: &CheckedProject,
) -> Result<Option<Account>, Failure> {
    let host = &report.console.host;
    let mut account = match find_account(host, &options.flags, project.hint()) {
        Ok(account) => account,
        Err(failure) => {
            report.failed("context", &failure)?;
            return Ok(None);
        }
    };
    for warning in &account.warnings {
        report.doubtful("files", warning, None)?;
    }
    if account.warnings.is_empty() {
        report.good("files", "contexts and credentials are private, or not there")?;
    }
    account.warnings.clear();
    report.good(
        "context",
        match &account.context {
            Some(context) => format!("`{context}`, by {}", account.url.source),
            None => format!("none is needed: the server is from {}", account.url.source),
        },
    )?;
    // Not stopped by Ctrl-C: the server ends the old token when it sends the new one.
    let refreshed = refresh_account(host, &mut account).await;
    match (&refreshed, &account.token) {
        (Err(failure), _) => report.failed("sign-in", failure)?,
        (Ok(()), Some(token)) => {
            let source = format!("a token from {}", token.source);
            check_end(report, &account, &source)?;
        }
        (Ok(()), None) => {
            if let Err(error) = account.token() {
                report.failed("sign-in", &error.into())?;
            }
        }
    }
    for warning in &account.warnings {
        report.doubtful("sign-in", warning, None)?;
    }
    if refreshed.is_err() {
        account.token = None;
    }
    Ok(Some(account))
}

/// Checks how long the token goes on working.
fn check_end(report: &CheckReport<'_>, account: &Account, source: &str) -> Result<(), Failure> {
    let credential = account.used_credential();
    match credential.and_then(|credential| Some((credential.expires_at?, credential.refresh.is_some()))) {
        Some((end, false)) => {
            let message = format!("{source}, which ends {} and cannot be refreshed", time_text(end));
            report.doubtful(
                "sign-in",
                message,
                Some("sign in with a browser: `lobuctl login --force`"),
            )
        }
        Some((end, true)) => report.good("sign-in", format!("{source}, refreshed before {}", time_text(end))),
        None => report.good("sign-in", source),
    }
}

/// Says which face an apply would have here.
pub(super) fn check_terminal(report: &mut CheckReport<'_>) -> Result<(), Failure> {
    let host = &report.console.host;
    match (host.can_draw(), host.size) {
        (true, Some(size)) => {
            let found = format!("full-screen review, {}x{}", size.columns, size.rows);
            report.good("terminal", found)
        }
        (true, None) => report.good("terminal", "full-screen review"),
        (false, _) if host.can_ask() => report.good("terminal", "plain questions; no full-screen review here"),
        _ => report.doubtful("terminal", "none", Some("use `--yes` or `--dry-run`")),
    }
}
