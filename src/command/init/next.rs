//! What `lobuctl init` names as the next commands, which depend on the server that was found.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::template::NewProjectPlan;
use crate::command::console::Console;
use crate::remote::{HttpOptions, HttpTransport, Request, ServerUrl, Transport};
use crate::server::command::{BOOTSTRAP_TOKEN, DataLocation, ServeConfig};
use crate::session::{Session, ValueSource};

/// The server that the commands would use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FoundServer {
    /// The one that flags, environment or a context name.
    Own {
        /// The URL when only a flag names it, so that the next command would not know it.
        flag_url: Option<String>,
        /// Whether a token is known for it.
        has_token: bool,
    },
    /// One on this machine, at the address where `lobuctl serve` listens by default.
    Local {
        /// The file with its first token, if it is where `lobuctl serve` writes it.
        token_file: Option<PathBuf>,
    },
    /// None.
    None,
}

/// Finds the server. Asks none but the one at the default address of `lobuctl serve`, and that one without a token.
pub(super) async fn find_server(console: &Console, session: Option<&Session>) -> FoundServer {
    if let Some(session) = session {
        return FoundServer::Own {
            flag_url: matches!(session.url.source, ValueSource::Flag(_)).then(|| session.url.value.to_string()),
            has_token: session.token.is_some(),
        };
    }
    if !answers_as_server(&local_url()).await {
        return FoundServer::None;
    }
    let token_file = console.host.absolute(&local_token_file());
    FoundServer::Local {
        token_file: token_file.exists().then_some(token_file),
    }
}

/// Returns the commands to type next, for a project in a folder as it is spelled from the current one.
pub(super) fn next_commands(found: &FoundServer, plan: &NewProjectPlan, folder: Option<&str>) -> Vec<String> {
    let mut commands: Vec<String> = folder.iter().map(|folder| format!("cd {folder}")).collect();
    let names = plan.secret_names();
    if !names.is_empty() {
        commands.push(commented(
            "cp .env.example .env",
            &format!("and fill in {}", names.join(", ")),
        ));
    }
    let token_file = local_token_file();
    match found {
        FoundServer::Own { flag_url, has_token } => {
            commands.extend(flag_url.iter().map(|url| format!("export LOBU_API_URL={url}")));
            if !has_token {
                commands.push("lobuctl login".to_owned());
            }
        }
        FoundServer::Local { token_file: Some(file) } => commands.extend(local_exports(file)),
        FoundServer::Local { token_file: None } => {
            commands.extend(local_exports(&token_file));
            if let Some(last) = commands.last_mut() {
                *last = commented(last, "in the folder where `lobuctl serve` runs");
            }
        }
        FoundServer::None => {
            commands.push(commented("lobuctl serve &", "a server of your own"));
            commands.extend(local_exports(&token_file));
        }
    }
    commands.push(commented("lobuctl", "review, then apply"));
    commands
}

/// Returns a path as a shell takes it.
pub(super) fn quoted(path: &str) -> String {
    let is_plain = |character: char| character.is_alphanumeric() || "/._-".contains(character);
    if path.chars().all(is_plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', "'\\''"))
    }
}

fn local_exports(token_file: &Path) -> [String; 2] {
    [
        format!("export LOBU_API_URL={}", local_url()),
        format!(
            "export LOBU_API_TOKEN=$(cat {})",
            quoted(&token_file.display().to_string())
        ),
    ]
}

fn commented(command: &str, comment: &str) -> String {
    format!("{command:<34}  # {comment}")
}

fn local_url() -> String {
    format!("http://{}", ServeConfig::LISTEN)
}

fn local_token_file() -> PathBuf {
    Path::new(DataLocation::DATA_DIR).join(BOOTSTRAP_TOKEN)
}

/// Whether a Lobu server answers at a URL.
async fn answers_as_server(url: &str) -> bool {
    let Ok((url, _)) = ServerUrl::parse(url) else {
        return false;
    };
    let options = HttpOptions {
        // A server on this machine answers at once; what does not is not worth waiting for.
        timeout: Duration::from_millis(500),
        ..HttpOptions::default()
    };
    let Ok(transport) = HttpTransport::new(url, None, options) else {
        return false;
    };
    let Ok(response) = transport.send(Request::get("/health")).await else {
        return false;
    };
    let body: Option<serde_json::Value> = serde_json::from_slice(&response.body).ok();
    let service = body.as_ref().and_then(|body| body.get("service")?.as_str());
    // The names of both generations (contract section 11.3).
    response.succeeded() && matches!(service, Some("owletto-api" | "lobu-api"))
}
