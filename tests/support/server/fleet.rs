//! Several server processes on one PostgreSQL database, each with a link of its own to it. Their key can be changed while
//! they run.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use lobuctl::server::ServerError;
use lobuctl::server::command::{DataLocation, RekeyArgs, rekey};
use secrecy::{ExposeSecret, SecretString};

use crate::support::chance::Chance;
use crate::support::deadline::settle_async;
use crate::support::program::serve_process::{ServeProcess, serve_on_postgres};
use crate::support::server::JsonClient;
use crate::support::server::link::Link;
use crate::support::server::namespace::Namespace;
use crate::support::server::workload::Servers;

/// The number of servers of a fleet.
pub const SERVERS: usize = 3;

/// Where Debian keeps the library that gives a process another clock.
pub const FAKE_CLOCK: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

/// How often a rekey is tried while other things break.
const REKEY_ATTEMPTS: usize = 5;

/// Three servers, each with its own link to the database.
pub struct Fleet {
    dir: PathBuf,
    database: SecretString,
    pub links: Vec<Link>,
    processes: Vec<Option<ServeProcess>>,
    /// The network of each server. Empty when all servers share that of this process.
    pub namespaces: Vec<Namespace>,
    token: String,
    /// The key that servers start with.
    key: SecretString,
    /// The key that they also start with while a rekey is planned.
    next_key: Option<SecretString>,
    pub servers: Servers,
}

impl Fleet {
    /// Starts the servers, each in its namespace if there are any.
    pub async fn start(dir: &Path, database: &SecretString, namespaces: Vec<Namespace>, chance: &mut Chance) -> Self {
        let mut fleet = Self {
            dir: dir.to_owned(),
            database: database.clone(),
            links: Vec::new(),
            processes: Vec::new(),
            namespaces,
            token: String::new(),
            key: random_key(chance),
            next_key: None,
            servers: Arc::new(RwLock::new(Vec::new())),
        };
        for at in 0..SERVERS {
            let namespace = fleet.namespaces.get(at);
            let outside = namespace.map_or(Ipv4Addr::LOCALHOST, |namespace| namespace.outside);
            fleet
                .links
                .push(Link::at(outside, address_of(database.expose_secret())).await);
            let process = fleet.process(at).await;
            if at == 0 {
                fleet.token = process.token();
            }
            let client = JsonClient::at(&process.url, &fleet.token);
            fleet.servers.write().unwrap().push(client);
            fleet.processes.push(Some(process));
        }
        fleet
    }

    /// Starts a server. Blocks a thread, so that links go on meanwhile.
    async fn process(&self, at: usize) -> ServeProcess {
        let dir = self.dir.join(at.to_string());
        std::fs::create_dir_all(&dir).unwrap();
        let database = self.database.expose_secret();
        let behind_link = database.replacen(
            &address_of(database).to_string(),
            &self.links[at].address.to_string(),
            1,
        );
        // Over a namespace the database seems to be on another machine, for which a server demands TLS.
        let behind_link = format!("{behind_link}?sslmode=disable");
        let mut command = serve_on_postgres(&dir, &SecretString::from(behind_link));
        command.env("LOBUCTL_ENCRYPTION_KEY", self.key.expose_secret());
        if let Some(next) = &self.next_key {
            command.env("LOBUCTL_NEW_ENCRYPTION_KEY", next.expose_secret());
        }
        if Path::new(FAKE_CLOCK).exists() {
            command.env("LD_PRELOAD", FAKE_CLOCK);
            command.env("FAKETIME_TIMESTAMP_FILE", self.clock_file());
            command.env("FAKETIME_CACHE_DURATION", "1");
            command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        let mut address = Ipv4Addr::LOCALHOST;
        if let Some(namespace) = self.namespaces.get(at) {
            (address, command) = (namespace.inside, namespace.enter(&command));
        }
        let process = tokio::task::spawn_blocking(move || ServeProcess::start_at(address, command, &dir))
            .await
            .unwrap();
        remove_shared_clock(process.id());
        process
    }

    /// Returns the file with the difference between the clock of all servers and the real one.
    pub fn clock_file(&self) -> PathBuf {
        self.dir.join("clock")
    }

    pub fn running(&self, at: usize) -> &ServeProcess {
        self.processes[at].as_ref().unwrap()
    }

    pub async fn kill_and_start(&mut self, at: usize) {
        self.processes[at].take().unwrap().kill();
        let process = self.process(at).await;
        self.servers.write().unwrap()[at] = JsonClient::at(&process.url, &self.token);
        self.processes[at] = Some(process);
    }

    /// Kills and starts every server, one after the other.
    pub async fn kill_and_start_all(&mut self) {
        for at in 0..SERVERS {
            self.kill_and_start(at).await;
        }
    }

    /// Starts every server again with a new key beside its current one.
    pub async fn plan_rekey(&mut self, chance: &mut Chance) {
        self.next_key = Some(random_key(chance));
        self.kill_and_start_all().await;
    }

    /// Seals every secret with the planned key. Meanwhile other things may break, also the connections of this rekey.
    pub async fn rekey(&self) {
        let arguments = RekeyArgs {
            location: DataLocation {
                data_dir: self.dir.clone(),
                database_url: Some(self.database.clone()),
                encryption_key: Some(self.key.clone()),
                new_encryption_key: None,
            },
            new_key: self.next_key.clone(),
        };
        let mut failures = Vec::new();
        while failures.len() < REKEY_ATTEMPTS {
            let mut out = Vec::new();
            match rekey(&arguments, &mut out).await {
                Ok(()) => {
                    let out = String::from_utf8(out).unwrap();
                    assert!(!out.contains("no key opens"), "a rekey found unreadable secrets: {out}");
                    return;
                }
                // The answer to an earlier commit was lost.
                Err(ServerError::WrongKey) if failures.iter().any(lost_connection) => return,
                Err(error @ (ServerError::Database(_) | ServerError::ServersLackKey(_))) => failures.push(error),
                Err(error) => panic!("a rekey failed: {error:?}, after {failures:?}"),
            }
            // A server that has lost its session shows itself again after a second.
            settle_async(Duration::from_secs(2)).await;
        }
        panic!("no rekey succeeded: {failures:?}");
    }

    /// Makes the planned key the one that servers start with. Those that run have both and go on.
    pub fn finish_rekey(&mut self) {
        self.key = self.next_key.take().unwrap();
    }
}

/// Whether an attempt may have lost the answer to its commit.
fn lost_connection(failure: &ServerError) -> bool {
    matches!(failure, ServerError::Database(_))
}

/// Returns the address in a URL such as `postgres://user:password@127.0.0.1:5432/name`.
fn address_of(url: &str) -> SocketAddr {
    let (_, rest) = url.rsplit_once('@').unwrap();
    rest.split_once('/').unwrap().0.parse().unwrap()
}

fn random_key(chance: &mut Chance) -> SecretString {
    let text = (0..32).fold(String::new(), |mut text, _| {
        let _ = write!(text, "{:02x}", chance.below(256));
        text
    });
    SecretString::from(text)
}

/// Removes the files that the library of the other clock shares between processes, which a killed process would leave behind.
/// The process has them open already.
fn remove_shared_clock(process: u32) {
    for name in ["faketime_shm", "sem.faketime_sem"] {
        let _ = std::fs::remove_file(format!("/dev/shm/{name}_{process}"));
    }
}
