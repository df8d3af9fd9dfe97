//! A disk that fails: the k-th write, sync or open of the database, for every k; and connections that use up the files.
//!
//! The way SQLite tests itself: each case arms one failure, works until it happened, disarms it, and then the server
//! has to serve as if nothing had been, with everything that it acknowledged still there.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::program::serve_process::{ServeProcess, serve};
use crate::support::server::JsonClient;

/// The numbers that `failing_disk.c` reads.
struct FailingDisk {
    _dir: TempDir,
    library: PathBuf,
    path: PathBuf,
    control: File,
}

#[derive(Clone, Copy)]
enum Operation {
    Write = 1,
    Sync = 2,
    Open = 3,
}

const EIO: i32 = 5;
const EMFILE: i32 = 24;
const ENOSPC: i32 = 28;

impl FailingDisk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let library = dir.path().join("failing_disk.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/failing_disk.c");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(&library)
            .arg(source)
            .arg("-ldl")
            .status();
        assert!(compiled.unwrap().success());
        let path = dir.path().join("control");
        let control = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .unwrap();
        let disk = Self {
            _dir: dir,
            library,
            path,
            control,
        };
        disk.set([0; 5]);
        disk
    }

    fn server(&self, dir: &Path) -> ServeProcess {
        let mut command = serve(dir);
        command.env("LD_PRELOAD", &self.library).env("FAILING_DISK", &self.path);
        ServeProcess::start(command, dir)
    }

    fn set(&self, numbers: [i32; 5]) {
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_ne_bytes()).collect();
        self.control.write_all_at(&bytes, 0).unwrap();
    }

    fn arm(&self, operation: Operation, at: i32, error: i32, times: i32) {
        self.set([operation as i32, at, error, times, 0]);
    }

    /// Disarms it, and returns whether it had failed.
    fn disarm(&self) -> bool {
        let mut bytes = [0; 20];
        self.control.read_exact_at(&mut bytes, 0).unwrap();
        self.set([0; 5]);
        bytes[16..] != [0; 4]
    }
}

/// Works for a while, keeping count of what was acknowledged.
struct Worker {
    client: JsonClient,
    acknowledged: Vec<String>,
    next: usize,
}

impl Worker {
    fn new(server: &ServeProcess) -> Self {
        Self {
            client: JsonClient::at(&server.url, &server.token()),
            acknowledged: Vec::new(),
            next: 0,
        }
    }

    /// Three writes and a read. A refusal has to be one that says "try again".
    async fn work(&mut self, case: &str) {
        let id = format!("agent-{}", self.next);
        self.next += 1;
        let created = self
            .client
            .post("/api/dev/agents", json!({ "agentId": id, "name": id }))
            .await;
        if created.status == 201 {
            self.acknowledged.push(id.clone());
        }
        let soul = json!({ "soulMd": "x".repeat(20_000) });
        let patched = self.client.patch(&format!("/api/dev/agents/{id}/config"), soul).await;
        let listed = self.client.get("/api/dev/agents").await;
        for answer in [&created, &listed] {
            assert!(
                matches!(answer.status.as_u16(), 200 | 201 | 503),
                "{case}: {} {}",
                answer.status,
                answer.text
            );
        }
        assert!(
            matches!(patched.status.as_u16(), 200 | 404 | 503),
            "{case}: {} {}",
            patched.status,
            patched.text
        );
    }

    /// Everything works again, and nothing that was acknowledged is missing.
    async fn expect_whole(&mut self, case: &str) {
        let ready = self.client.get("/health/ready").await;
        assert_eq!(ready.status, 200, "{case}: {}", ready.text);
        let before = self.acknowledged.len();
        self.work(case).await;
        assert_eq!(self.acknowledged.len(), before + 1, "{case}: a write after the failure");
        let listed = self.client.get("/api/dev/agents").await;
        let there: Vec<&str> = listed.body["agents"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|agent| agent["agentId"].as_str())
            .collect();
        for id in &self.acknowledged {
            assert!(there.contains(&id.as_str()), "{case}: {id} was acknowledged");
        }
    }
}

async fn fails_at_every(operation: Operation, error: i32, times: i32) {
    let (disk, dir) = (FailingDisk::new(), tempfile::tempdir().unwrap());
    let server = disk.server(dir.path());
    let mut worker = Worker::new(&server);
    let mut reached = 0;
    for at in 1..200 {
        let case = format!("errno {error}, call {at}, {times} times");
        disk.arm(operation, at, error, times);
        worker.work(&case).await;
        if !disk.disarm() {
            break;
        }
        reached = at;
        worker.expect_whole(&case).await;
    }
    assert!(reached > 0, "no call was reached: is the library loaded?");
}

#[tokio::test]
async fn recovers_from_a_full_disk_at_every_write() {
    fails_at_every(Operation::Write, ENOSPC, 1).await;
    fails_at_every(Operation::Write, ENOSPC, 1000).await;
}

#[tokio::test]
async fn recovers_from_an_input_output_error_at_every_write_and_sync() {
    fails_at_every(Operation::Write, EIO, 1).await;
    fails_at_every(Operation::Sync, EIO, 1).await;
    fails_at_every(Operation::Sync, EIO, 1000).await;
}

#[tokio::test]
async fn recovers_when_no_file_can_be_opened() {
    let (disk, dir) = (FailingDisk::new(), tempfile::tempdir().unwrap());
    let server = disk.server(dir.path());
    let mut worker = Worker::new(&server);
    disk.arm(Operation::Open, 1, EMFILE, 1000);
    for _ in 0..20 {
        let clients = (0..8).map(|_| worker.client.get("/api/dev/agents"));
        for answer in futures_util::future::join_all(clients).await {
            assert!(
                matches!(answer.status.as_u16(), 200 | 503),
                "{} {}",
                answer.status,
                answer.text
            );
        }
    }
    disk.disarm();
    worker.expect_whole("out of files").await;
}

#[tokio::test]
async fn answers_503_while_the_disk_is_full_and_works_again_after() {
    let (disk, dir) = (FailingDisk::new(), tempfile::tempdir().unwrap());
    let server = disk.server(dir.path());
    let mut worker = Worker::new(&server);
    disk.arm(Operation::Write, 1, ENOSPC, i32::MAX);
    let refused = worker
        .client
        .post("/api/dev/agents", json!({ "agentId": "full", "name": "Full" }))
        .await;
    assert_eq!(refused.status, 503, "{}", refused.text);
    assert_eq!(
        refused.body["error"],
        Value::from("the database is not available, try again")
    );
    disk.disarm();
    worker.expect_whole("room again").await;
}
