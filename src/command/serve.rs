//! `lobuctl serve` and what can be done with the server's data.

use std::time::Duration;

use secrecy::SecretString;

use super::console::Console;
use super::signal::Interrupt;
use crate::cli::{Common, ServeArgs, ServeCommand, TokenCommand};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::server::command::{self, BackupArgs, Place, RekeyArgs};
use crate::server::command::{TokenCreateArgs, TokenListArgs, TokenRevokeArgs};
use crate::server::{PlatformMode, ServerError};

/// Runs the command.
///
/// # Errors
/// When the port or the database cannot be used.
pub async fn run(
    console: &Console,
    common: &Common,
    arguments: &ServeArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let place = place(console, arguments);
    match &arguments.command {
        None => serve(console, arguments, place, interrupt).await,
        Some(command) => maintain(console, common, command, place).await,
    }
}

fn place(console: &Console, arguments: &ServeArgs) -> Place {
    let secret = |name: &str| console.host.environment.get(name).map(SecretString::from);
    let database_url = arguments.database_url.as_deref().map(SecretString::from);
    Place {
        data_dir: console.host.absolute(&arguments.data_dir),
        database_url: database_url.or_else(|| secret("LOBU_DATABASE_URL")),
        encryption_key: secret("LOBUCTL_ENCRYPTION_KEY"),
    }
}

async fn serve(console: &Console, arguments: &ServeArgs, place: Place, interrupt: &Interrupt) -> Result<Exit, Failure> {
    log_to_stderr(console);
    let cancel = interrupt.cancel.clone();
    let arguments = command::ServeArgs {
        listen: arguments.listen.to_string(),
        place,
        public_url: arguments.public_url.clone(),
        mode: if arguments.local {
            PlatformMode::Stored
        } else {
            PlatformMode::Live
        },
    };
    let mut err = console.host.stderr.clone();
    let abandoned = interrupt.cancel.clone();
    tokio::select! {
        served = command::serve(arguments, &mut err, async move { cancel.stopping().await }) => served.map_err(|error| failure(&error))?,
        () = async move { abandoned.abandoned().await } => return Ok(interrupt.exit()),
    }
    Ok(Exit::Done)
}

/// The server's log: one line for each thing worth knowing, to standard error.
fn log_to_stderr(console: &Console) {
    use tracing_subscriber::EnvFilter;
    let level = match (console.quiet, console.verbose) {
        (true, _) => "error",
        (false, 0) => "lobuctl=info,warn",
        (false, 1) => "lobuctl=debug,tower_http=info,warn",
        (false, _) => "debug",
    };
    let err = console.host.stderr.clone();
    let builder = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(level))
        .with_ansi(console.colour_err)
        .with_writer(move || err.clone());
    // A log that is set up already is as good.
    let _ = if console.format == crate::cli::Format::Json {
        builder.json().try_init()
    } else {
        builder.try_init()
    };
}

async fn maintain(console: &Console, common: &Common, what: &ServeCommand, place: Place) -> Result<Exit, Failure> {
    let mut out = console.host.stdout.clone();
    let done = match what {
        ServeCommand::Rekey => {
            let new_key = console
                .host
                .environment
                .get("LOBUCTL_NEW_ENCRYPTION_KEY")
                .map(SecretString::from);
            command::rekey(&RekeyArgs { place, new_key }, &mut out).await
        }
        ServeCommand::Backup { file } => {
            let file = console.host.absolute(file);
            command::backup(&BackupArgs { place, file }, &mut out).await
        }
        ServeCommand::Token {
            command: TokenCommand::List,
        } => command::token_list(&TokenListArgs { place }, &mut out).await,
        ServeCommand::Token {
            command: TokenCommand::Revoke { id },
        } => command::token_revoke(&TokenRevokeArgs { place, id: id.clone() }, &mut out).await,
        ServeCommand::Token {
            command:
                TokenCommand::Create {
                    scope,
                    name,
                    expires_in_days,
                },
        } => {
            let day = Duration::from_hours(24);
            let arguments = TokenCreateArgs {
                place,
                name: name.clone(),
                organization: common.org.clone().unwrap_or_else(|| "dev".to_owned()),
                scope: scope.join(" "),
                expires_in: expires_in_days.map(|days| day * days),
            };
            command::token_create(&arguments, &mut out).await
        }
    };
    done.map(|()| Exit::Done).map_err(|error| failure(&error))
}

fn failure(error: &ServerError) -> Failure {
    Failure::failed(error.to_string()).because(error)
}
