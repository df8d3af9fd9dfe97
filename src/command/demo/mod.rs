//! `lobuctl demo`: the embedded server in memory on a free loopback port, a bundled project, and an organization that
//! has drifted from it, so that there is something of every kind to look at.

mod project;
mod seed;

use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::apply;
use super::console::Console;
use super::signal::Interrupt;
use crate::apply::Cancel;
use crate::cli::{ApplyArgs, Common, DemoArgs, Format, WritingArgs};
use crate::exit::Exit;
use crate::failure::{Failure, FailureKind};
use crate::server::{Server, ServerError, ServerOptions};

const ORGANIZATION: &str = "dev";

/// Runs the command: with `--yes` it plans, applies, and plans again to show that nothing is left to do.
///
/// # Errors
/// When the server cannot start, the folder of the project cannot be written, or the apply fails.
pub(super) async fn run(
    console: &Console,
    common: &Common,
    arguments: &DemoArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let folder = project::Folder::create()?;
    let server = Embedded::start()
        .await
        .map_err(|error| Failure::failed("the embedded server does not start").because(&error))?;
    let mut console = server.console(console);
    // Paths are shown as seen from here.
    folder.path().clone_into(&mut console.host.current_dir);
    let common = Common {
        config: Some(folder.path().join("support-desk/lobu.toml")),
        url: Some(server.url.clone()),
        org: Some(ORGANIZATION.to_owned()),
        ..common.clone()
    };
    console.progress(&format!("demo: embedded server at {}, in memory", server.url));
    console.progress(&format!(
        "demo: project in {}\n",
        folder.path().join("support-desk").display()
    ));
    seed::seed(&console, &common).await?;
    let apply_arguments = ApplyArgs {
        writing: WritingArgs {
            yes: arguments.yes,
            dry_run: arguments.dry_run,
            plain: arguments.plain,
            no_journal: true,
            ..WritingArgs::default()
        },
        ..ApplyArgs::default()
    };
    let exit = match apply::run(&console, &common, &apply_arguments, interrupt).await {
        // Leaving the demo without applying is no failure.
        Err(failure) if failure.kind == FailureKind::Declined => Exit::Done,
        done => done?,
    };
    if arguments.yes && exit == Exit::Done {
        show_convergence(&console, &common, interrupt).await?;
    }
    server.stop().await;
    Ok(exit)
}

async fn show_convergence(console: &Console, common: &Common, interrupt: &Interrupt) -> Result<(), Failure> {
    if console.format == Format::Text {
        console.text("\nthe same again: nothing is left to do\n\n")?;
    }
    let again = ApplyArgs {
        writing: WritingArgs {
            dry_run: true,
            ..WritingArgs::default()
        },
        ..ApplyArgs::default()
    };
    apply::run(console, common, &again, interrupt).await.map(drop)
}

/// A server that lives as long as the command.
struct Embedded {
    url: String,
    token: String,
    stop: Cancel,
    task: JoinHandle<Result<(), ServerError>>,
}

impl Embedded {
    async fn start() -> Result<Self, ServerError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(ServerError::Serve)?;
        let url = format!("http://{}", listener.local_addr().map_err(ServerError::Serve)?);
        let options = ServerOptions {
            public_url: Some(url.clone()),
            ..ServerOptions::memory()
        };
        let server = Server::open(options).await?;
        let token = server
            .bootstrap_token()
            .map(|token| token.expose_secret().to_owned())
            .unwrap_or_default();
        let stop = Cancel::new();
        let stopping = stop.clone();
        let task = tokio::spawn(server.serve(listener, async move { stopping.stopping().await }));
        Ok(Self { url, token, stop, task })
    }

    /// Returns the console with an environment in which only this server is known: the settings for a real server must not
    /// reach the demo, nor the demo's the real one.
    fn console(&self, console: &Console) -> Console {
        let mut console = console.clone();
        let ours = |name: &str| name.starts_with("LOBU_") || name == "XDG_STATE_HOME";
        let mut variables: Vec<(String, String)> = console
            .host
            .environment
            .variables()
            .iter()
            .filter(|(name, _)| !ours(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        variables.push(("LOBU_API_TOKEN".to_owned(), self.token.clone()));
        variables.push(("LOBU_CONFIG_DIR".to_owned(), nowhere().display().to_string()));
        console.host = console.host.with_environment(variables);
        // The demo leaves no state behind.
        console.host.home = None;
        console
    }

    async fn stop(self) {
        self.stop.interrupt();
        // The server is in memory: when it does not stop in time, it ends with the process.
        let _ = tokio::time::timeout(std::time::Duration::from_secs(2), self.task).await;
    }
}

/// Returns a folder that does not exist: the demo reads no stored context or credential.
fn nowhere() -> PathBuf {
    Path::new("/nonexistent/lobuctl-demo").to_owned()
}
