//! Three servers on one PostgreSQL while servers are killed and stopped, networks freeze and break, clocks jump and the
//! database restarts: one order of operations explains every answer.
//!
//! `LOBUCTL_TEST_CHAOS_SECONDS` asks for a longer run, on a cluster of its own that can be restarted.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::support::chance::Chance;
use crate::support::deadline::settle_async;
use crate::support::program::serve_process::{ServeProcess, serve_on_postgres};
use crate::support::report_skip;
use crate::support::server::JsonClient;
use crate::support::server::history::{Moments, SequentialModel, is_linearizable};
use crate::support::server::link::{Link, LinkState};
use crate::support::server::postgres::{OwnCluster, TestDatabase};
use crate::support::server::workload::{Answer, Call, Register, Round, Servers, Subject};

const SERVERS: usize = 3;

/// The number of resources that are in use at the same time.
const ROUNDS_AT_ONCE: u64 = 8;

/// Where Debian keeps the library that gives a process another clock.
const FAKE_CLOCK: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

/// Three servers, each with its own link to the database.
struct Fleet {
    dir: PathBuf,
    database: SecretString,
    links: Vec<Link>,
    processes: Vec<Option<ServeProcess>>,
    token: String,
    servers: Servers,
}

impl Fleet {
    async fn start(dir: &Path, database: &SecretString) -> Self {
        let mut fleet = Self {
            dir: dir.to_owned(),
            database: database.clone(),
            links: Vec::new(),
            processes: Vec::new(),
            token: String::new(),
            servers: Arc::new(RwLock::new(Vec::new())),
        };
        for at in 0..SERVERS {
            fleet.links.push(Link::to(address_of(database.expose_secret())).await);
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
        let clock = self.clock_file();
        tokio::task::spawn_blocking(move || {
            let mut command = serve_on_postgres(&dir, &SecretString::from(behind_link));
            if Path::new(FAKE_CLOCK).exists() {
                command.env("LD_PRELOAD", FAKE_CLOCK);
                command.env("FAKETIME_TIMESTAMP_FILE", clock);
                command.env("FAKETIME_CACHE_DURATION", "1");
                command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
            }
            ServeProcess::start(command, &dir)
        })
        .await
        .unwrap()
    }

    fn clock_file(&self) -> PathBuf {
        self.dir.join("clock")
    }

    fn running(&self, at: usize) -> &ServeProcess {
        self.processes[at].as_ref().unwrap()
    }

    async fn kill_and_start(&mut self, at: usize) {
        self.processes[at].take().unwrap().kill();
        let process = self.process(at).await;
        self.servers.write().unwrap()[at] = JsonClient::at(&process.url, &self.token);
        self.processes[at] = Some(process);
    }
}

/// Returns the address in a URL such as `postgres://user:password@127.0.0.1:5432/name`.
fn address_of(url: &str) -> SocketAddr {
    let (_, rest) = url.rsplit_once('@').unwrap();
    rest.split_once('/').unwrap().0.parse().unwrap()
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Kill,
    Stop,
    Freeze,
    CutLink,
    EndSessions,
    ClockJump,
    RestartDatabase,
}

const FAULTS: [Fault; 7] = [
    Fault::Kill,
    Fault::Stop,
    Fault::Freeze,
    Fault::CutLink,
    Fault::EndSessions,
    Fault::ClockJump,
    Fault::RestartDatabase,
];

/// Breaks one thing after another until the time is over, and mends each. Returns how often each one was broken.
async fn break_things(
    fleet: &mut Fleet,
    database: &TestDatabase,
    cluster: Option<&OwnCluster>,
    until: Instant,
    chance: &mut Chance,
) -> [usize; FAULTS.len()] {
    let mut counts = [0; FAULTS.len()];
    // Most pauses are short; with time enough, some outlast the leases of locks.
    let longest = if cluster.is_some() { 40_000 } else { 2_000 };
    while Instant::now() < until {
        settle_async(Duration::from_millis(200 + chance.below(800) as u64)).await;
        let (kind, at) = (chance.below(FAULTS.len()), chance.below(SERVERS));
        let limit = if chance.below(6) == 0 { longest } else { 2_000 };
        let pause = Duration::from_millis(100 + chance.below(limit) as u64);
        counts[kind] += 1;
        match FAULTS[kind] {
            Fault::Kill => fleet.kill_and_start(at).await,
            Fault::Stop => {
                fleet.running(at).send("STOP");
                settle_async(pause).await;
                fleet.running(at).send("CONT");
            }
            Fault::Freeze | Fault::CutLink => {
                let frozen = FAULTS[kind] == Fault::Freeze;
                fleet.links[at].set(if frozen { LinkState::Frozen } else { LinkState::Cut });
                settle_async(pause).await;
                fleet.links[at].set(LinkState::Open);
            }
            Fault::EndSessions => database.cut().await,
            Fault::ClockJump => {
                let (sign, days) = (if chance.below(2) == 0 { '-' } else { '+' }, chance.below(30));
                std::fs::write(fleet.clock_file(), format!("{sign}{days}d\n")).unwrap();
            }
            Fault::RestartDatabase => match cluster {
                Some(cluster) => cluster.restart().await,
                None => counts[kind] -= 1,
            },
        }
    }
    counts
}

/// Uses one new resource after another until the time is over. Returns the numbers of rounds, operations and unknown
/// answers.
async fn use_resources(worker: u64, servers: Servers, moments: Moments, until: Instant) -> [usize; 3] {
    let mut counts = [0; 3];
    for number in 0.. {
        if Instant::now() >= until {
            break;
        }
        let subject = if number % 2 == 0 {
            Subject::Platform
        } else {
            Subject::Agent
        };
        let round = Arc::new(Round {
            subject,
            id: format!("chaos-{worker}-{number}"),
            servers: Arc::clone(&servers),
            moments: moments.clone(),
        });
        let operations = round.run(6, 5, worker << 16 | number).await;
        assert!(
            is_linearizable(&operations),
            "worker {worker}, round {number}: no order explains {operations:#?}"
        );
        counts[0] += 1;
        counts[1] += operations.len();
        counts[2] += operations.iter().filter(|operation| operation.answer.is_none()).count();
    }
    counts
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long to run is the decision of whoever runs the tests"
)]
fn asked_seconds() -> Option<u64> {
    std::env::var("LOBUCTL_TEST_CHAOS_SECONDS").ok()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_order_explains_every_answer_whatever_breaks() {
    let asked = asked_seconds();
    let cluster = asked.map(|_| OwnCluster::start());
    let created = match &cluster {
        Some(cluster) => Some(TestDatabase::on(&cluster.url, "chaos").await),
        None => TestDatabase::create("chaos").await,
    };
    let Some(database) = created else { return };
    if !Path::new(FAKE_CLOCK).exists() {
        report_skip("clock jumps: there is no libfaketime");
    }
    let dir = tempfile::tempdir().unwrap();
    let mut fleet = Fleet::start(dir.path(), &database.url).await;
    let host = json!({ "agentId": "host", "name": "host" });
    let first = fleet.servers.read().unwrap()[0].clone();
    assert_eq!(first.post("/api/dev/agents", host).await.status, 201);

    let until = Instant::now() + Duration::from_secs(asked.unwrap_or(15));
    let moments = Moments::default();
    let workers = (0..ROUNDS_AT_ONCE).map(|worker| {
        tokio::spawn(use_resources(
            worker,
            Arc::clone(&fleet.servers),
            moments.clone(),
            until,
        ))
    });
    let workers: Vec<_> = workers.collect();
    let faults = break_things(&mut fleet, &database, cluster.as_ref(), until, &mut Chance::new(7)).await;
    let mut totals = [0; 3];
    for worker in workers {
        let counts = worker.await.unwrap();
        (0..3).for_each(|at| totals[at] += counts[at]);
    }
    let [rounds, operations, unknown] = totals;
    assert!(rounds > 0 && unknown < operations, "nothing was tried");
    eprintln!("{rounds} rounds, {operations} operations, {unknown} without an answer, 0 not linearizable");
    eprintln!("broken: {:?}", FAULTS.iter().zip(faults).collect::<Vec<_>>());
    drop(fleet);
    database.drop_now().await;
}

#[test]
fn the_checker_finds_what_no_order_explains() {
    type Seen = (Call, Answer);
    let sequential = |seen: &[Seen]| {
        let moments = Moments::default();
        let operations: Vec<_> = seen
            .iter()
            .map(|(call, answer)| moments.ended::<Register>(moments.next(), *call, Some(*answer)))
            .collect();
        is_linearizable(&operations)
    };
    assert!(sequential(&[
        (Call::Put(1), Answer::Created),
        (Call::Put(2), Answer::Updated),
        (Call::Read, Answer::Value(2)),
        (Call::Delete, Answer::Deleted),
        (Call::Read, Answer::Missing),
    ]));
    assert!(
        !sequential(&[(Call::Put(1), Answer::Created), (Call::Read, Answer::Missing)]),
        "a lost write"
    );
    assert!(
        !sequential(&[(Call::Put(1), Answer::Created), (Call::Put(1), Answer::Created)]),
        "two creations"
    );
    assert!(!sequential(&[(Call::Read, Answer::Value(1))]), "a value from nowhere");

    // A write without an answer may take effect late, but not twice.
    let moments = Moments::default();
    let mut operations = vec![moments.ended::<Register>(moments.next(), Call::Put(1), None)];
    for answer in [Answer::Missing, Answer::Value(1)] {
        operations.push(moments.ended(moments.next(), Call::Read, Some(answer)));
    }
    assert!(is_linearizable(&operations));
    operations.push(moments.ended(moments.next(), Call::Read, Some(Answer::Missing)));
    assert!(!is_linearizable(&operations));
    assert_eq!(Register::step(&None, &Call::Delete, Some(&Answer::Missing)), Some(None));
}
