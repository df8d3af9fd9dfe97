//! `lobuctl serve` and its commands on the server's data.

use std::time::Duration;

use secrecy::SecretString;

use super::console::Console;
use super::signal::Interrupt;
use crate::cli::{Common, Format, MemberCommand, OrgCommand, ServeArgs, ServeCommand, TokenCommand};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::server::command::{self, AuditArgs, BackupArgs, DataLocation, ListFormat, RekeyArgs};
use crate::server::command::{LoginLinkArgs, MemberAddArgs, MemberRemoveArgs, OrgCreateArgs};
use crate::server::command::{TokenCreateArgs, TokenListArgs, TokenRevokeArgs};
use crate::server::{AuditLimits, PlatformMode, ServerError};

/// Runs the server, or one of the commands on its data.
///
/// # Errors
/// When the port or the database cannot be used.
pub(super) async fn run(
    console: &Console,
    common: &Common,
    arguments: &ServeArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    if arguments.database_url.as_deref().is_some_and(has_password) {
        return Err(
            Failure::usage("`--database-url` has a password, which other users of this machine can read")
                .hint("set `LOBU_DATABASE_URL` to the URL, or keep the password in a file that `PGPASSFILE` names"),
        );
    }
    let location = data_location(console, arguments);
    match &arguments.command {
        None => serve(console, arguments, location, interrupt).await,
        Some(command) => maintain(console, common, command, arguments.public_url.as_deref(), location).await,
    }
}

/// Returns where the server's data is, and its keys. Secrets come from the environment only, because other users can read
/// the command line of a process.
fn data_location(console: &Console, arguments: &ServeArgs) -> DataLocation {
    let secret = |name: &str| console.host.environment.get(name).map(SecretString::from);
    let database_url = arguments.database_url.as_deref().map(SecretString::from);
    DataLocation {
        data_dir: console.host.absolute(&arguments.data_dir),
        database_url: database_url.or_else(|| secret("LOBU_DATABASE_URL")),
        encryption_key: secret("LOBUCTL_ENCRYPTION_KEY"),
        new_encryption_key: secret("LOBUCTL_NEW_ENCRYPTION_KEY"),
    }
}

/// Whether a database URL carries a password, before the host or as a parameter.
fn has_password(url: &str) -> bool {
    let (_, rest) = url.split_once("://").unwrap_or_default();
    let user = rest.split_once('@').map(|(user, _)| user).unwrap_or_default();
    user.contains(':') || rest.contains("password=")
}

async fn serve(
    console: &Console,
    arguments: &ServeArgs,
    location: DataLocation,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    log_to_stderr(console);
    let cancel = interrupt.cancel.clone();
    let arguments = command::ServeConfig {
        listen: arguments.listen.to_string(),
        location,
        public_url: arguments.public_url.clone(),
        mode: if arguments.local {
            PlatformMode::Stored
        } else {
            PlatformMode::Live
        },
        audit: AuditLimits {
            age: Duration::from_hours(24) * arguments.audit_days,
            events: arguments.audit_events,
        },
    };
    let mut err = console.host.stderr.clone();
    // The first signal lets requests in flight finish, the second one does not wait for them.
    let abandoned = interrupt.cancel.clone();
    tokio::select! {
        served = command::serve(arguments, &mut err, async move { cancel.stopping().await }) => served.map_err(|error| failure(&error))?,
        () = async move { abandoned.abandoned().await } => return Ok(interrupt.exit()),
    }
    Ok(Exit::Done)
}

/// Sends the server's log to standard error.
fn log_to_stderr(console: &Console) {
    use tracing_subscriber::EnvFilter;
    // Messages of the server from `info` on, those of libraries only when something is wrong.
    let level = match (console.quiet, console.verbose) {
        (true, _) => "error",
        (false, 0) => "lobuctl=info,warn",
        (false, 1) => "lobuctl=debug,tower_http=info,warn",
        (false, _) => "debug",
    };
    let err = console.host.stderr.clone();
    let builder = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(level))
        .with_ansi(console.color_err)
        // A report that standard error is closed would go to standard error, panic, and end the request.
        .log_internal_errors(false)
        .with_writer(move || err.clone());
    // Only fails where a log is already set up, which then stays in use.
    let _ = if console.format == Format::Json {
        builder.json().try_init()
    } else {
        builder.try_init()
    };
}

async fn maintain(
    console: &Console,
    common: &Common,
    what: &ServeCommand,
    public_url: Option<&str>,
    location: DataLocation,
) -> Result<Exit, Failure> {
    let mut out = console.host.stdout.clone();
    let done = match what {
        ServeCommand::Rekey => {
            let new_key = location.new_encryption_key.clone();
            command::rekey(&RekeyArgs { location, new_key }, &mut out).await
        }
        ServeCommand::Backup { file } => {
            let file = console.host.absolute(file);
            command::backup(&BackupArgs { location, file }, &mut out).await
        }
        ServeCommand::Token { command } => token(console, common, command, location).await,
        ServeCommand::Org { command } => org(console, command, location).await,
        ServeCommand::Member { command } => member(console, common, command, location).await,
        ServeCommand::LoginLink { user } => {
            let arguments = LoginLinkArgs {
                location,
                user: user.clone(),
                public_url: public_url.map(str::to_owned),
            };
            command::login_link(&arguments, &mut out).await
        }
        ServeCommand::Audit { limit } => {
            let arguments = AuditArgs {
                location,
                organization: common.org.clone(),
                limit: *limit,
                format: list_format(console),
            };
            command::audit(&arguments, &mut out).await
        }
    };
    done.map(|()| Exit::Done).map_err(|error| failure(&error))
}

async fn token(
    console: &Console,
    common: &Common,
    what: &TokenCommand,
    location: DataLocation,
) -> Result<(), ServerError> {
    let mut out = console.host.stdout.clone();
    match what {
        TokenCommand::List => {
            let format = list_format(console);
            command::token_list(&TokenListArgs { location, format }, &mut out).await
        }
        TokenCommand::Revoke { id } => {
            let id = id.clone();
            command::token_revoke(&TokenRevokeArgs { location, id }, &mut out).await
        }
        TokenCommand::Create {
            scope,
            user,
            name,
            expires_in_days,
            never_expires,
        } => {
            let day = Duration::from_hours(24);
            let arguments = TokenCreateArgs {
                location,
                name: name.clone(),
                user: user.clone(),
                organization: organization(common),
                scope: scope.join(" "),
                expires_in: (!never_expires).then(|| day * *expires_in_days),
            };
            command::token_create(&arguments, &mut out).await
        }
    }
}

async fn org(console: &Console, what: &OrgCommand, location: DataLocation) -> Result<(), ServerError> {
    let mut out = console.host.stdout.clone();
    match what {
        OrgCommand::Create { slug, name, owner } => {
            let arguments = OrgCreateArgs {
                location,
                slug: slug.clone(),
                name: name.clone(),
                owner: owner.clone(),
            };
            command::org_create(&arguments, &mut out).await
        }
        OrgCommand::List => command::org_list(&location, list_format(console), &mut out).await,
        OrgCommand::Rename { slug, name } => command::org_rename(&location, slug, name, &mut out).await,
    }
}

async fn member(
    console: &Console,
    common: &Common,
    what: &MemberCommand,
    location: DataLocation,
) -> Result<(), ServerError> {
    let mut out = console.host.stdout.clone();
    match what {
        MemberCommand::Add { user, role, full_name } => {
            let arguments = MemberAddArgs {
                location,
                user: user.clone(),
                organization: organization(common),
                role: *role,
                full_name: full_name.clone(),
            };
            command::member_add(&arguments, &mut out).await
        }
        MemberCommand::Remove { user } => {
            let arguments = MemberRemoveArgs {
                location,
                user: user.clone(),
                organization: organization(common),
            };
            command::member_remove(&arguments, &mut out).await
        }
        MemberCommand::List => {
            command::member_list(&location, common.org.as_deref(), list_format(console), &mut out).await
        }
    }
}

/// Returns the organization that a command changes: that of `--org`, or the one of the first start.
fn organization(common: &Common) -> String {
    common.org.clone().unwrap_or_else(|| "dev".to_owned())
}

fn list_format(console: &Console) -> ListFormat {
    if console.format == Format::Json {
        ListFormat::Json
    } else {
        ListFormat::Lines
    }
}

fn failure(error: &ServerError) -> Failure {
    Failure::failed(error.to_string()).because(error)
}
