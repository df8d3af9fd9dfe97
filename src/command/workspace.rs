//! What plan and apply work on: the project as it is read, the server as it is reached, and both compared.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::log::RequestLog;
use crate::cli::{self, Common, PlanArgs};
use crate::config::{self, LoadOptions, Loaded, Project};
use crate::failure::Failure;
use crate::host::Host;
use crate::plan::{Draft, PlanOptions, Problem, Prune, Target, plan};
use crate::remote::{Attempt, Client, HttpOptions, HttpTransport, RemoteError, Retry, Scope, Watch, fetch};
use crate::resource::State;
use crate::session::{Flags, Inputs, Session, Stored};

/// What does not change while a person looks at a plan.
#[derive(Clone)]
pub struct Settings {
    /// Where the project is.
    pub config: Option<PathBuf>,
    /// `--env-file`.
    pub env_files: Vec<PathBuf>,
    /// Whether the project may read files outside its folder.
    pub allow_outside: bool,
    /// Which secrets have to have a value.
    pub secrets_check: config::SecretsCheck,
    /// Which half.
    pub only: config::Only,
    /// Which server and organisation.
    pub flags: Flags,
    /// Rows in flight at most.
    pub parallelism: usize,
    /// Whether incomparable secrets are sent again.
    pub recheck: bool,
}

impl Settings {
    /// As the command line says.
    pub fn new(host: &Host, common: &Common, arguments: &PlanArgs, protect: bool) -> Self {
        Self {
            config: common.config.as_ref().map(|path| host.absolute(path)),
            env_files: common.env_file.iter().map(|path| host.absolute(path)).collect(),
            allow_outside: common.allow_outside,
            secrets_check: match arguments.secrets_check {
                cli::SecretsCheck::All => config::SecretsCheck::All,
                cli::SecretsCheck::Sent => config::SecretsCheck::Sent,
            },
            only: match arguments.only {
                None => config::Only::All,
                Some(cli::Only::Agents) => config::Only::Agents,
                Some(cli::Only::Memory) => config::Only::Memory,
            },
            flags: flags(common, protect),
            parallelism: usize::from(arguments.parallelism),
            recheck: !arguments.no_recheck,
        }
    }
}

/// What the command line says of server and organisation.
pub fn flags(common: &Common, protect: bool) -> Flags {
    Flags {
        url: common.url.clone(),
        org: common.org.clone(),
        context: common.context.clone(),
        insecure_http: common.insecure_http,
        protect,
    }
}

/// Reads the project. Its diagnostics are in the result; a file that cannot be found is a failure.
///
/// # Errors
/// When there is no `lobu.toml`.
pub fn read_project(host: &Host, settings: &Settings) -> Result<Loaded, Failure> {
    let file = find(host, settings.config.as_deref())?;
    let options = LoadOptions {
        environment: host.environment.variables(),
        env_files: &settings.env_files,
        allow_outside: settings.allow_outside,
        secrets_check: settings.secrets_check,
        only: settings.only,
        display_root: &host.current_dir,
    };
    Ok(config::load(&file, &options))
}

fn find(host: &Host, explicit: Option<&Path>) -> Result<PathBuf, Failure> {
    config::find(explicit, &host.current_dir).map_err(|it| {
        let message = match &it.file {
            Some(file) => format!("{}: {}", it.message, file.display()),
            None => it.message.clone(),
        };
        Failure::invalid(message).hints(it.help.clone())
    })
}

/// Chooses server, organisation and token.
///
/// # Errors
/// When one of them is not known, with every place that was looked at.
pub fn choose(host: &Host, flags: &Flags, organization: Option<&str>) -> Result<Session, Failure> {
    let environment = host.environment.variables();
    let stored = Stored::read(environment, host.home.as_deref())?;
    let inputs = Inputs {
        flags: flags.clone(),
        environment,
        project_organization: organization,
        stored: &stored,
    };
    Ok(Session::choose(&inputs)?)
}

/// A server that can be spoken with.
#[derive(Clone)]
pub struct Connection {
    /// Speaks with it.
    pub client: Client,
    /// What plans and runs call it.
    pub target: Target,
}

impl Connection {
    /// The same, with every try of a read in the log, and handed to whoever waits for it.
    pub fn watched(self, log: Option<RequestLog>, waiting: impl Fn(&Attempt) + Send + Sync + 'static) -> Self {
        let watch = move |attempt: &Attempt| {
            if let Some(log) = &log {
                log.attempt(attempt);
            }
            waiting(attempt);
        };
        Self {
            client: self.client.watched(watch),
            ..self
        }
    }
}

/// Says that a server is waited for: once for each round of tries, however many requests are in it.
#[derive(Default)]
pub struct Waiting(AtomicU32);

impl Waiting {
    /// `connection refused; try 2 of 5`, where there is another try that was not said yet.
    pub fn words(&self, attempt: &Attempt) -> Option<String> {
        let (_, reason) = attempt.will_retry.as_ref()?;
        let (next, of) = (attempt.attempt + 1, attempt.of);
        let is_news = self.0.fetch_max(next, Ordering::Relaxed) < next;
        is_news.then(|| format!("{reason}; try {next} of {of}"))
    }
}

/// The way to the server; sends nothing yet.
///
/// # Errors
/// When there is no token, or it must not be sent there.
pub fn connect(session: &Session, parallelism: usize) -> Result<Connection, Failure> {
    session.token()?;
    let transport: HttpTransport = session
        .transport(HttpOptions::default())
        .map_err(|error| Failure::failed(error.to_string()).hint(error.hint()))?;
    let retry = Retry::new(Arc::new(transport));
    let organization = session.organization.value.clone();
    Ok(Connection {
        client: Client::new(retry, organization.clone(), parallelism),
        target: Target {
            organization,
            url: session.url.value.to_string(),
        },
    })
}

/// The project and the server, both read.
pub struct Workspace {
    /// What the files say.
    pub project: Project,
    /// What the server has.
    pub remote: State,
    /// The way to the server.
    pub connection: Connection,
    /// Whether incomparable secrets are sent again.
    pub recheck: bool,
}

impl Workspace {
    /// Reads the server.
    ///
    /// # Errors
    /// The first read that failed, in words for people.
    pub async fn read(
        project: Project,
        connection: Connection,
        settings: &Settings,
        watch: Watch<'_>,
    ) -> Result<Self, Failure> {
        let scope = scope(&project, settings.only);
        let remote = fetch(&connection.client, &scope, watch).await;
        let remote = remote.map_err(|error| remote_failure("the server could not be read", &connection, &error))?;
        Ok(Self {
            project,
            remote,
            connection,
            recheck: settings.recheck,
        })
    }

    /// Compares. Pure and quick.
    ///
    /// # Errors
    /// What the server is known to refuse.
    pub fn plan(&self, prune: Prune) -> Result<Draft, Vec<Problem>> {
        let options = PlanOptions {
            prune,
            recheck: self.recheck,
        };
        let target = self.connection.target.clone();
        plan(
            &self.project.desired,
            &self.remote,
            &self.project.origins,
            target,
            &options,
        )
    }
}

fn scope(project: &Project, only: config::Only) -> Scope {
    Scope {
        agents: only != config::Only::Memory,
        memory: only != config::Only::Agents && project.memory_enabled,
        settings_of: project.desired.agents.keys().cloned().collect::<BTreeSet<_>>(),
    }
}

/// A failed request as the end of a command that has written nothing.
pub fn remote_failure(what: &str, connection: &Connection, error: &RemoteError) -> Failure {
    let failure = Failure::failed(format!("{what}: {}", connection.target.url)).because(error);
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// Problems that only the comparison could find, as one failure.
pub fn problems_failure(problems: &[Problem]) -> Failure {
    let count = problems.len();
    let title = if count == 1 {
        "1 row would be refused by the server".to_owned()
    } else {
        format!("{count} rows would be refused by the server")
    };
    let mut failure = Failure::invalid(format!("{title}; nothing was written"));
    for problem in problems {
        let place = problem
            .origin
            .as_ref()
            .map(|it| format!("{}:{}: ", it.file.display(), it.line))
            .unwrap_or_default();
        failure
            .causes
            .push(format!("{place}{}: {}", problem.address, problem.message));
        failure.hints.push(problem.hint.clone());
    }
    failure.hints.dedup();
    failure
}
