//! How a server is opened: plain data.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use super::runtime::{BuiltinRuntime, PlatformRuntime};

/// Where the server keeps what it knows.
#[derive(Debug, Clone)]
pub enum Storage {
    /// In the process, gone with it.
    Memory,
    /// One file below a directory, which one process serves at a time.
    Sqlite {
        /// The directory; made when it is missing.
        data_dir: PathBuf,
    },
    /// A PostgreSQL database, which several processes may serve.
    Postgres {
        /// `postgres://user@host:5432/name`.
        url: SecretString,
    },
}

/// What a platform's PUT does beside storing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlatformMode {
    /// The runtime checks and starts it.
    #[default]
    Live,
    /// It is stored as it comes, and stays `stopped` until told otherwise.
    Stored,
}

/// What a single request may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The maximum size of a request's body, in bytes, except for settings.
    pub body: usize,
    /// The maximum size of a change of settings, in bytes: it holds whole prompts and skills.
    pub settings_body: usize,
    /// Bytes of a request's path, query and headers together.
    pub head: usize,
    /// The maximum number of open connections; fewer where the system allows fewer open files.
    pub connections: usize,
    /// How long a connection may wait for the head of a request before it is closed.
    pub head_timeout: Duration,
    /// How long a request may take before it is answered with 503.
    pub request: Duration,
    /// How long a platform may take to start before that counts as failed.
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

/// Everything that [`super::Server::open`] needs to know.
pub struct ServerOptions {
    /// Where the server keeps what it knows.
    pub storage: Storage,
    /// The origin that clients see, as in `https://lobu.example.org`; the listening address when there is none.
    pub public_url: Option<String>,
    /// Starts and stops platforms.
    pub runtime: Arc<dyn PlatformRuntime>,
    /// Whether platforms are started at all.
    pub mode: PlatformMode,
    /// 32 bytes as base64, or 64 hexadecimal digits. Without one: random in memory, a file beside SQLite, an error with
    /// PostgreSQL.
    pub encryption_key: Option<SecretString>,
    /// Where the first start leaves its admin token; beside SQLite it is `bootstrap-pat.txt` without being told.
    pub bootstrap_file: Option<PathBuf>,
    /// What a single request may cost.
    pub limits: Limits,
    /// Most connections to the database for queries; PostgreSQL gets half as many again for locks.
    pub connections: u32,
}

impl ServerOptions {
    /// Enough for a small team; three servers of it fit into PostgreSQL's usual hundred.
    pub const CONNECTIONS: u32 = 16;

    /// The defaults over a storage.
    pub fn new(storage: Storage) -> Self {
        Self {
            storage,
            public_url: None,
            runtime: Arc::new(BuiltinRuntime),
            mode: PlatformMode::Live,
            encryption_key: None,
            bootstrap_file: None,
            limits: Limits::default(),
            connections: Self::CONNECTIONS,
        }
    }

    /// A server that dies with the process: for tests and demonstrations.
    pub fn memory() -> Self {
        Self::new(Storage::Memory)
    }
}
