//! Three servers on one PostgreSQL while servers are killed and stopped, networks freeze, break and part, clocks jump, the
//! database restarts and the key of its secrets changes: one order of operations explains every answer, and every secret
//! opens.
//!
//! `LOBUCTL_TEST_CHAOS_SECONDS` asks for a longer run, on a cluster of its own that can be restarted, and with a network of
//! its own for each server where one can be made.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::chance::Chance;
use crate::support::deadline::settle_async;
use crate::support::report_skip;
use crate::support::server::fleet::{FAKE_CLOCK, Fleet, SERVERS};
use crate::support::server::history::{Moments, Operation, SequentialModel, is_linearizable};
use crate::support::server::link::LinkState;
use crate::support::server::namespace::Namespace;
use crate::support::server::postgres::{OwnCluster, TestDatabase};
use crate::support::server::workload::{Answer, Call, Register, Round, Servers, Subject, check_secrets};

/// The number of resources that are in use at the same time.
const ROUNDS_AT_ONCE: u64 = 8;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Kill,
    Stop,
    Freeze,
    CutLink,
    /// Takes the network of one server away, from its clients and from the database.
    Partition,
    EndSessions,
    ClockJump,
    RestartDatabase,
    Rekey,
}

const FAULTS: [Fault; 9] = [
    Fault::Kill,
    Fault::Stop,
    Fault::Freeze,
    Fault::CutLink,
    Fault::Partition,
    Fault::EndSessions,
    Fault::ClockJump,
    Fault::RestartDatabase,
    Fault::Rekey,
];

/// The faults that may break a rekey: they mend themselves and need no server to be started.
const BESIDE_A_REKEY: [Fault; 6] = [
    Fault::Stop,
    Fault::Freeze,
    Fault::CutLink,
    Fault::Partition,
    Fault::EndSessions,
    Fault::RestartDatabase,
];

/// The servers and databases that break.
struct Chaos {
    fleet: Fleet,
    database: TestDatabase,
    /// The cluster of a longer run.
    cluster: Option<OwnCluster>,
    chance: Chance,
}

impl Chaos {
    /// Breaks one thing after another until the time is over, and mends each. Returns how often each one was broken.
    async fn break_things(&mut self, until: Instant) -> [usize; FAULTS.len()] {
        let mut counts = [0; FAULTS.len()];
        for number in 0.. {
            settle_async(self.below(200, 800)).await;
            if Instant::now() >= until {
                break;
            }
            let fault = self.choose(number);
            self.break_one(fault).await;
            counts[fault as usize] += 1;
        }
        counts
    }

    /// Returns `from` and up to `limit` milliseconds.
    fn below(&mut self, from: u64, limit: usize) -> Duration {
        Duration::from_millis(from + self.chance.below(limit) as u64)
    }

    /// Chooses the fault with this number. Each eighth one is a rekey, beginning with the third, so that a short run has one.
    fn choose(&mut self, number: usize) -> Fault {
        let is_long = self.cluster.is_some();
        if number == 2 || (is_long && number % FAULTS.len() == 2) {
            return Fault::Rekey;
        }
        self.choose_from(&FAULTS)
    }

    /// Chooses one of these faults that can be made here, other than a rekey.
    fn choose_from(&mut self, faults: &[Fault]) -> Fault {
        loop {
            match faults[self.chance.below(faults.len())] {
                Fault::Rekey => {}
                Fault::RestartDatabase if self.cluster.is_none() => {}
                Fault::Partition if self.fleet.namespaces.is_empty() => {}
                fault => return fault,
            }
        }
    }

    async fn break_one(&mut self, fault: Fault) {
        let at = self.chance.below(SERVERS);
        match fault {
            Fault::Kill => self.fleet.kill_and_start(at).await,
            Fault::Rekey => self.change_key(at).await,
            Fault::ClockJump => {
                let sign = if self.chance.below(2) == 0 { '-' } else { '+' };
                let difference = format!("{sign}{}d\n", self.chance.below(30));
                std::fs::write(self.fleet.clock_file(), difference).unwrap();
            }
            _ => {
                let pause = self.pause();
                self.break_for(fault, at, pause).await;
            }
        }
    }

    /// Returns how long the next fault lasts. Most pauses are short; with time enough, some outlast the leases of locks.
    fn pause(&mut self) -> Duration {
        let is_long = self.cluster.is_some() && self.chance.below(6) == 0;
        self.below(100, if is_long { 40_000 } else { 2_000 })
    }

    /// Breaks what mends itself after a time.
    async fn break_for(&self, fault: Fault, at: usize, pause: Duration) {
        let link = &self.fleet.links[at];
        match fault {
            Fault::Stop => {
                self.fleet.running(at).send("STOP");
                settle_async(pause).await;
                self.fleet.running(at).send("CONT");
            }
            Fault::Freeze | Fault::CutLink => {
                let frozen = fault == Fault::Freeze;
                link.set(if frozen { LinkState::Frozen } else { LinkState::Cut });
                settle_async(pause).await;
                link.set(LinkState::Open);
            }
            Fault::Partition => {
                let namespace = &self.fleet.namespaces[at];
                namespace.part();
                settle_async(pause).await;
                namespace.mend();
            }
            Fault::RestartDatabase => self.cluster.as_ref().unwrap().restart().await,
            _ => self.database.cut().await,
        }
    }

    /// Moves all servers to a new key. With time enough, something else breaks while the secrets are sealed with it.
    async fn change_key(&mut self, at: usize) {
        self.fleet.plan_rekey(&mut self.chance).await;
        if self.cluster.is_some() {
            let beside = self.choose_from(&BESIDE_A_REKEY);
            let (delay, pause) = (self.below(0, 200), self.pause());
            let disturbed = async {
                settle_async(delay).await;
                self.break_for(beside, at, pause).await;
            };
            tokio::join!(self.fleet.rekey(), disturbed);
        } else {
            self.fleet.rekey().await;
        }
        self.fleet.finish_rekey();
    }

    /// Checks that every secret opens on each server when it only has the current key. Returns the number of secrets.
    async fn check_secrets(&mut self) -> usize {
        self.fleet.kill_and_start_all().await;
        let servers = self.fleet.servers.read().unwrap().clone();
        let mut count = 0;
        for server in &servers {
            count = check_secrets(server).await;
        }
        count
    }
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
        let operations = check_history(operations, format!("worker {worker}, round {number}")).await;
        counts[0] += 1;
        counts[1] += operations.len();
        counts[2] += operations.iter().filter(|operation| operation.answer.is_none()).count();
    }
    counts
}

/// Checks that one order explains the operations of the round with this name. Does so on a thread of its own: the links of
/// the servers need those of the runtime.
async fn check_history(operations: Vec<Operation<Register>>, name: String) -> Vec<Operation<Register>> {
    let check = move || {
        assert!(
            is_linearizable(&operations),
            "{name}: no order explains {operations:#?}"
        );
        operations
    };
    tokio::task::spawn_blocking(check).await.unwrap()
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
    let mut chance = Chance::new(7);
    let namespaces = match asked {
        Some(_) => Namespace::make(SERVERS as u32),
        None => Vec::new(),
    };
    let fleet = Fleet::start(dir.path(), &database.url, namespaces, &mut chance).await;
    let servers = Arc::clone(&fleet.servers);
    let host = json!({ "agentId": "host", "name": "host" });
    let first = servers.read().unwrap()[0].clone();
    assert_eq!(first.post("/api/dev/agents", host).await.status, 201);

    let mut chaos = Chaos {
        fleet,
        database,
        cluster,
        chance,
    };
    let until = Instant::now() + Duration::from_secs(asked.unwrap_or(15));
    let moments = Moments::default();
    let workers = (0..ROUNDS_AT_ONCE)
        .map(|worker| tokio::spawn(use_resources(worker, Arc::clone(&servers), moments.clone(), until)));
    let workers: Vec<_> = workers.collect();
    let faults = chaos.break_things(until).await;
    let mut totals = [0; 3];
    for worker in workers {
        let counts = worker.await.unwrap();
        (0..3).for_each(|at| totals[at] += counts[at]);
    }
    let [rounds, operations, unknown] = totals;
    assert!(rounds > 0 && unknown < operations, "nothing was tried");
    let secrets = chaos.check_secrets().await;
    assert!(secrets > 0, "no secret was left");
    eprintln!(
        "{rounds} rounds, {operations} operations, {unknown} without an answer, 0 not linearizable, {secrets} secrets open"
    );
    eprintln!("broken: {:?}", FAULTS.iter().zip(faults).collect::<Vec<_>>());
    drop(chaos.fleet);
    chaos.database.drop_now().await;
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

    // Many writes without an answer do not make the search endless.
    let missing = (0..40).map(|number| moments.ended(moments.next(), Call::Put(number % 3), None));
    let mut operations: Vec<_> = missing.collect();
    operations.push(moments.ended::<Register>(moments.next(), Call::Read, Some(Answer::Value(2))));
    assert!(is_linearizable(&operations));
    operations.push(moments.ended(moments.next(), Call::Read, Some(Answer::Value(3))));
    assert!(!is_linearizable(&operations), "a value that was never written");
}
