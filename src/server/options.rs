//! The options of a server: plain data.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use super::runtime::{BuiltinRuntime, PlatformRuntime};

/// The database of a server.
#[derive(Debug, Clone)]
pub enum Storage {
    /// In memory, lost when the process ends.
    Memory,
    /// A SQLite file in a directory, which one process serves at a time.
    Sqlite {
        /// The directory. It is created when it is missing.
        data_dir: PathBuf,
    },
    /// A PostgreSQL database, which several processes may serve at the same time.
    Postgres {
        /// The URL, as in `postgres://user@host:5432/name`.
        url: SecretString,
    },
}

/// Whether a PUT of a platform only stores it: the two modes of the recorded server (contract section 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlatformMode {
    /// The runtime checks and starts the platform.
    #[default]
    Live,
    /// The platform is stored unchecked, and stays `stopped` until it is started by its own route.
    Stored,
}

/// Limits on requests and connections.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The maximum size of a request's body, in bytes, except for settings.
    pub body: usize,
    /// The maximum size of a change of settings, in bytes: it holds whole prompts and skills.
    pub settings_body: usize,
    /// The maximum size of a request's path, query and headers together, in bytes.
    pub head: usize,
    /// The maximum number of open connections; fewer where the system allows fewer open files.
    pub connections: usize,
    /// How long a connection may wait for the head of a request before it is closed.
    pub head_timeout: Duration,
    /// How long a request may take before it is answered with 503.
    pub request: Duration,
    /// How long the start of a platform may take before it counts as failed. Shorter than a request, so that the client
    /// still gets the reason.
    pub start: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 1024 * 1024,
            settings_body: 16 * 1024 * 1024,
            head: 16 * 1024,
            connections: 10_000,
            head_timeout: Duration::from_secs(15),
            request: Duration::from_secs(30),
            start: Duration::from_secs(20),
        }
    }
}

/// How much of the audit is kept. What exceeds either bound is deleted within a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditLimits {
    /// The maximum age of an event.
    pub age: Duration,
    /// The maximum number of events of all organizations together.
    pub events: u32,
}

impl AuditLimits {
    /// The default age, in days.
    pub const DAYS: u32 = 400;
    /// The default number of events.
    pub const EVENTS: u32 = 1_000_000;
}

impl Default for AuditLimits {
    fn default() -> Self {
        Self {
            age: Duration::from_hours(24) * Self::DAYS,
            events: Self::EVENTS,
        }
    }
}

/// Everything that [`super::Server::open`] needs to know.
pub struct ServerOptions {
    /// The database.
    pub storage: Storage,
    /// The origin that clients see, such as `https://lobu.example.org`. `None` means the listening address.
    pub public_url: Option<String>,
    /// Whether requests come through a proxy in a private network, whose `X-Forwarded-For` is believed.
    pub behind_proxy: bool,
    /// Starts and stops platforms.
    pub runtime: Arc<dyn PlatformRuntime>,
    /// Whether platforms are started.
    pub mode: PlatformMode,
    /// The key of the secrets: 32 bytes as base64, or 64 hexadecimal digits. `None` means a random key in memory, the key
    /// file beside a SQLite database, and the key files in `key_dir` with PostgreSQL.
    pub encryption_key: Option<SecretString>,
    /// The key that the next rekey will use, so that it can run while this server does. Only used with `encryption_key`.
    pub next_encryption_key: Option<SecretString>,
    /// The directory whose key files are used with PostgreSQL when there is no `encryption_key`.
    pub key_dir: Option<PathBuf>,
    /// The file for the admin token of the first start. `None` means `bootstrap-pat.txt` in the data directory with SQLite,
    /// and no file otherwise.
    pub bootstrap_file: Option<PathBuf>,
    /// Limits on requests and connections.
    pub limits: Limits,
    /// How much of the audit is kept.
    pub audit: AuditLimits,
    /// The maximum number of connections to the database for queries. PostgreSQL gets one more.
    pub connections: u32,
}

impl ServerOptions {
    /// The default of [`ServerOptions::connections`]: five servers together stay below PostgreSQL's usual limit of 100.
    pub const CONNECTIONS: u32 = 16;

    /// Returns the default options for a database.
    pub fn new(storage: Storage) -> Self {
        Self {
            storage,
            public_url: None,
            behind_proxy: false,
            runtime: Arc::new(BuiltinRuntime),
            mode: PlatformMode::Live,
            encryption_key: None,
            next_encryption_key: None,
            key_dir: None,
            bootstrap_file: None,
            limits: Limits::default(),
            audit: AuditLimits::default(),
            connections: Self::CONNECTIONS,
        }
    }

    /// Returns the default options for a database in memory: for tests and demonstrations.
    pub fn memory() -> Self {
        Self::new(Storage::Memory)
    }
}
