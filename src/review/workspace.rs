//! What plan and apply work on: the project as it is read, the server as it is reached, and both compared.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::deletion;
use super::options::{DataReading, ReviewOptions};
use super::owner::check_owner;
use super::secret_memory::SecretMemory;
use super::server_names::{read_server_names, refer_to_server};
use super::undo::plan_undo;
use crate::config::{self, LoadCache, LoadOptions, LoadedProject, Project};
use crate::failure::Failure;
use crate::host::Host;
use crate::journal::UndoDraft;
use crate::plan::{Draft, PlanOptions, Problem, Prune, Target, plan};
use crate::remote::{
    Attempt, Client, DataScope, DetailsOf, HttpOptions, HttpTransport, NamedData, ReadProgress, RemoteError, Retry,
    Scope, WatcherScope, fetch_beside,
};
use crate::resource::{Address, Entity, Pattern, State, WatchedEntity};
use crate::session::Session;
use crate::show::word::plural;

/// Called for each attempt of a request.
pub type AttemptObserver = Box<dyn Fn(&Attempt) + Send + Sync>;

/// What a face wants to know while a plan is loaded.
pub trait LoadObserver: Send + Sync {
    /// A resource, or a list of them, was read.
    fn reading(&self, reading: &ReadProgress);

    /// What to call for each attempt of a request. It outlives the observer.
    fn attempts(&self) -> AttemptObserver;
}

/// Reads the project. Its diagnostics are in the result; a file that cannot be found is a failure.
///
/// # Errors
/// When there is no `lobu.toml`.
pub fn read_project(host: &Host, options: &ReviewOptions) -> Result<LoadedProject, Failure> {
    read_project_with(host, options, None)
}

/// Reads the project, and with a cache only what that does not have. A cache has a copy of what was read.
///
/// # Errors
/// When there is no `lobu.toml`.
pub fn read_project_with(
    host: &Host,
    options: &ReviewOptions,
    cache: Option<&mut LoadCache>,
) -> Result<LoadedProject, Failure> {
    if let Some(undo) = &options.undo {
        return Ok(undo.project(host));
    }
    let file = find_project(host, options)?;
    let load = LoadOptions {
        environment: host.environment.variables(),
        env_files: &options.env_files,
        allow_outside: options.allow_outside,
        // With values on the server, what is missing is known only once the server was asked.
        secrets_check: match options.secrets_from {
            config::SecretsFrom::Local => options.secrets_check,
            config::SecretsFrom::Server | config::SecretsFrom::Auto => config::SecretsCheck::Off,
        },
        only: options.only,
        display_root: &host.current_dir,
    };
    let loaded = match cache {
        Some(cache) => config::load_changes(&file, &load, cache),
        None => config::load(&file, &load),
    };
    // Before anything is printed: from here on, no output may contain a value, the diagnostics included.
    host.redactor.add(&loaded.secret_values);
    Ok(loaded)
}

/// Returns the path of the project's `lobu.toml`.
///
/// # Errors
/// When there is none, or another user owns it.
pub fn find_project(host: &Host, options: &ReviewOptions) -> Result<PathBuf, Failure> {
    let explicit = options.config.as_deref();
    let found = config::find(explicit, &host.current_dir).map_err(|it| {
        let message = match &it.file {
            Some(file) => format!("{}: {}", it.message, file.display()),
            None => it.message.clone(),
        };
        Failure::invalid(message).hints(it.help.clone())
    })?;
    // A file that is named with `--config` is trusted, whoever owns it.
    if explicit.is_none() {
        check_owner(&found, &host.current_dir)?;
    }
    Ok(found)
}

/// The way to a server, and its name.
#[derive(Clone)]
pub struct Connection {
    /// Sends requests to the server, with the session's token.
    pub client: Client,
    /// The organization and the URL, as plans and runs show them.
    pub target: Target,
}

impl Connection {
    /// Returns the same connection, with a function that is called for each attempt of a request.
    pub fn observed(self, observe: AttemptObserver) -> Self {
        Self {
            client: self.client.watched(observe),
            ..self
        }
    }
}

/// Announces that the server is waited for: once for each round of attempts, however many requests are in it.
#[derive(Default)]
pub struct RetryNotice(AtomicU32);

impl RetryNotice {
    /// Returns `connection refused; attempt 2 of 5` where the attempt is followed by another one that was not announced
    /// yet.
    pub fn message(&self, attempt: &Attempt) -> Option<String> {
        let (_, reason) = attempt.will_retry.as_ref()?;
        let (next, max) = (attempt.attempt + 1, attempt.max_attempts);
        // Requests run concurrently: only the first one of a round raises the number.
        let is_news = self.0.fetch_max(next, Ordering::Relaxed) < next;
        is_news.then(|| format!("{reason}; attempt {next} of {max}"))
    }
}

/// Returns the way to the server, and sends nothing yet.
///
/// # Errors
/// When there is no token, or it must not be sent there.
pub fn connect(session: &Session, options: &ReviewOptions) -> Result<Connection, Failure> {
    session.token()?;
    let transport: HttpTransport = session
        .transport(HttpOptions::default())
        .map_err(|error| Failure::failed(error.to_string()).hint(error.hint()))?;
    let retry = Retry::new(Arc::new(transport));
    let organization = session.organization.value.clone();
    Ok(Connection {
        client: Client::new(retry, organization.clone(), options.parallelism).redacting(options.redactor.clone()),
        target: Target {
            organization,
            url: session.url.value.to_string(),
        },
    })
}

/// The project and the server, both read.
pub struct Workspace {
    /// The desired state, and where each part of it is declared.
    pub project: Project,
    /// The state of the server when it was read.
    pub remote: Arc<State>,
    /// What of it was read.
    pub(super) scope: Scope,
    /// The way to the server.
    pub connection: Connection,
    /// What takes a run back; `None` where files are applied.
    pub undo: Option<UndoDraft>,
    /// The names of the secrets on the server. `None` where this machine has all values.
    pub(super) server_names: Option<Arc<BTreeSet<String>>>,
    /// The secrets that were sent from here; `None` where that is not known.
    pub(super) secrets: Option<Arc<SecretMemory>>,
}

impl Workspace {
    /// Reads from the server everything that the plan compares.
    ///
    /// # Errors
    /// The first read that failed.
    pub async fn read(
        project: Project,
        connection: Connection,
        options: &ReviewOptions,
        observer: &dyn LoadObserver,
    ) -> Result<Self, Failure> {
        let mut project = project;
        let server_names = read_server_names(&project, (&connection.client, &connection.target), options).await?;
        refer_to_server(&mut project, server_names.as_deref(), &connection.target, options)?;
        let scope = scope(&project, options);
        let on_read = |reading| observer.reading(&reading);
        let declared = &project.desired;
        let remote = Box::pin(fetch_beside(&connection.client, &scope, declared, &on_read)).await;
        let mut remote = remote.map_err(|error| remote_failure("the server could not be read", &connection, &error))?;
        remote.facts.data.are_left_out = options.data == DataReading::Nothing;
        Ok(Self {
            undo: options.undo_draft(&remote),
            secrets: options.sent_secrets(&connection.target).map(Arc::new),
            project,
            remote: Arc::new(remote),
            scope,
            connection,
            server_names,
        })
    }

    /// Compares the files with the server.
    ///
    /// # Errors
    /// What the server is known to refuse.
    pub fn plan(&self, prune: Prune, reading: &ReviewOptions) -> Result<Draft, Failure> {
        if let Some(undo) = &self.undo {
            let target = self.connection.target.clone();
            let planned = plan_undo(undo, &self.remote, target, reading.forces_undo());
            return planned.map_err(|problems| problems_failure(&problems));
        }
        let desired = &self.project.desired;
        let options = PlanOptions {
            prune,
            recheck: reading.recheck,
            secrets: self
                .secrets
                .as_ref()
                .map(|secrets| secrets.known(desired, &self.remote))
                .unwrap_or_default(),
        };
        let target = self.connection.target.clone();
        let draft = plan(desired, &self.remote, &self.project.origins, target, &options)
            .map_err(|problems| problems_failure(&problems))?;
        Ok(draft.ignoring(&self.project.ignores, reading.today))
    }
}

/// Returns what of the server has to be read for these files.
pub(super) fn scope(project: &Project, options: &ReviewOptions) -> Scope {
    // Settings and rules need a request for each resource. Those of undeclared resources matter only to a deletion, which
    // is stale when they change.
    let details = |declared: BTreeSet<String>| {
        if options.may_delete {
            DetailsOf::All
        } else {
            DetailsOf::These(declared)
        }
    };
    Scope {
        agents: options.only.has_agents(),
        memory: options.only.has_types() && project.memory_enabled,
        watchers: reads_watchers(project, options).then(|| WatcherScope {
            declared: named_entities(&project.desired, options),
            scripts_of: details(project.desired.watchers.keys().cloned().collect()),
        }),
        data: match options.data {
            DataReading::Nothing => None,
            DataReading::Declared | DataReading::Targeted => {
                let is_whole = options.data == DataReading::Targeted || options.undo.is_some();
                data_scope(&project.desired, named_data(options), is_whole)
            }
        },
        details_of: details(project.desired.agents.keys().cloned().collect()),
        stable_ids: project
            .desired
            .platforms
            .keys()
            .map(|key| key.stable_id.clone())
            .collect(),
        rules_of: details(project.desired.relationship_types.keys().cloned().collect()),
    }
}

/// Whether watchers are read: where the files have some, or where what only the server has is asked for. Many organizations
/// have watchers that somebody made by hand, and no file with one.
fn reads_watchers(project: &Project, options: &ReviewOptions) -> bool {
    let is_asked_for = options.prune || options.adopts || options.only == config::Only::Watchers;
    let is_part = options.only.has_watchers() && project.memory_enabled;
    let is_undone = || undone(options).any(|it| matches!(it, Address::Watcher { .. }));
    is_part && (is_asked_for || !project.desired.watchers.is_empty() || is_undone())
}

/// Returns what the run wrote that is taken back, if one is.
fn undone(options: &ReviewOptions) -> impl Iterator<Item = &Address> {
    options.undo.iter().flat_map(|undo| undo.written())
}

/// Returns what of the data is read because the user names it, or the run that is taken back wrote it.
fn named_data(options: &ReviewOptions) -> NamedData {
    let is_targeted = options.data == DataReading::Targeted && options.only.has_data();
    let targets = options.targets.iter().filter(|_| is_targeted);
    let undone = undone(options).filter(|it| matches!(it, Address::Entity { .. } | Address::Relationship { .. }));
    NamedData {
        addresses: deletion::named(options).into_iter().chain(undone.cloned()).collect(),
        // What is no pattern is reported when the plan is restricted.
        patterns: targets.filter_map(|target| Pattern::parse(target).ok()).collect(),
    }
}

/// Returns what of the data has to be read. Without any in the files or by name, nothing is: what agents wrote is not compared.
fn data_scope(desired: &State, named: NamedData, is_whole: bool) -> Option<DataScope> {
    if desired.entities.is_empty() && desired.relationships.is_empty() && named.is_empty() {
        return None;
    }
    let entities = desired.entities.iter();
    let has_content = |entity: &Entity| entity.content.is_some() || entity.enabled_classifiers.is_some();
    Some(DataScope {
        entities: entities
            .map(|(path, entity)| (path.clone(), entity.entity_type.clone()))
            .collect(),
        relationships: desired.relationships.keys().cloned().collect(),
        // What is pulled or put back is that as a whole.
        needs_content: desired.entities.values().any(|it| has_content(it)) || is_whole,
        named,
    })
}

/// Returns the watchers that the files declare, each with the entity that it names, and those that are taken back.
fn named_entities(desired: &State, options: &ReviewOptions) -> BTreeMap<String, Option<WatchedEntity>> {
    let watchers = desired.watchers.iter();
    let declared = watchers.map(|(slug, watcher)| (slug.clone(), watcher.entities.first().cloned()));
    let undone = undone(options).filter_map(|address| match address {
        Address::Watcher { slug } => Some((slug.to_string(), None)),
        _ => None,
    });
    undone.chain(declared).collect()
}

/// Returns a failed request as the end of a command that has written nothing.
fn remote_failure(what: &str, connection: &Connection, error: &RemoteError) -> Failure {
    let failure = Failure::failed(format!("{what}: {}", connection.target.url)).because(error);
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// Returns the problems that only the comparison could find, as one failure.
fn problems_failure(problems: &[Problem]) -> Failure {
    let rows = plural(problems.len(), "row", "rows");
    let mut failure = Failure::invalid(format!("{rows} would be refused by the server; nothing was written"));
    for problem in problems {
        let location = problem
            .origin
            .as_ref()
            .map(|it| format!("{}:{}: ", it.file.display(), it.line))
            .unwrap_or_default();
        failure
            .causes
            .push(format!("{location}{}: {}", problem.address, problem.message));
        failure.hints.push(problem.hint.clone());
    }
    // Problems of one kind follow each other, and have the same hint.
    failure.hints.dedup();
    failure
}
