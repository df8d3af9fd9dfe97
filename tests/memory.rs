//! What is left of a value in the memory of a process that has used it: the whole memory of a server that was sent some, and
//! of a client that has pushed one, is searched for them.

#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use lobuctl::config::parse_secret_text;
use lobuctl::remote::{Client, HttpOptions, HttpTransport, Retry, ServerUrl};
use lobuctl::resource::{Secret, SecretOp, SecretWrite};
use serde_json::json;

use crate::support::deadline::wait_for;
use crate::support::program::serve_process::ServeProcess;
use crate::support::server::JsonClient;

/// The number of bytes that are read at once.
const CHUNK: usize = 1 << 20;

/// Returns how often a text is in the memory of a process that it can write to, or why that cannot be read.
fn count(process: u32, text: &str) -> Result<usize, std::io::Error> {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps"))?;
    let mut memory = File::open(format!("/proc/{process}/mem"))?;
    let mut found = 0;
    for line in maps.lines() {
        let mut fields = line.split_whitespace();
        let (Some(range), Some(rights)) = (fields.next(), fields.next()) else {
            continue;
        };
        if !rights.starts_with("rw") {
            continue;
        }
        let (from, to) = range.split_once('-').unwrap();
        let [from, to] = [from, to].map(|address| u64::from_str_radix(address, 16).unwrap());
        found += count_between(&mut memory, (from, to), text.as_bytes())?;
    }
    Ok(found)
}

fn count_between(memory: &mut File, (from, to): (u64, u64), text: &[u8]) -> Result<usize, std::io::Error> {
    let (mut at, mut found, mut window) = (from, 0, Vec::new());
    while at < to {
        let size = CHUNK.min(usize::try_from(to - at).unwrap());
        // The end of the last chunk may be the beginning of a match.
        let kept = window.len().min(text.len() - 1);
        window.drain(..window.len() - kept);
        window.resize(kept + size, 0);
        memory.seek(SeekFrom::Start(at))?;
        if memory.read_exact(&mut window[kept..]).is_err() {
            // A range that went away since, or one of the kernel's.
            return Ok(found);
        }
        found += window.windows(text.len()).filter(|part| *part == text).count();
        at += size as u64;
    }
    Ok(found)
}

/// Returns how often a text is found, or `None` with a note where the memory of another process cannot be read.
fn count_or_skip(process: u32, text: &str) -> Option<usize> {
    match count(process, text) {
        Ok(found) => Some(found),
        Err(error) => {
            eprintln!("SKIPPED: the memory of another process cannot be read: {error}");
            None
        }
    }
}

/// Waits until a text is nowhere in the memory of a process: a connection ends a moment after its client has gone.
fn wait_until_gone(process: u32, text: &str) {
    let left = || count(process, text).unwrap();
    wait_for(
        || (left() == 0).then_some(()),
        || format!("{} of {text:?} are left", left()),
    );
}

/// Values of each kind, in the order in which a server is sent them.
fn values() -> Vec<String> {
    [
        "created", "rotated", "refused", "broken", "platform", "provider", "denied",
    ]
    .iter()
    .map(|kind| format!("marker-{kind}-{}", "m".repeat(40)))
    .collect()
}

async fn send_values(server: &ServeProcess, values: &[String]) {
    let admin = JsonClient::at(&server.url, &server.token());
    let manage = "/api/dev/secrets/manage";
    let one = |op: &str, value: &str| json!({ "actions": [{ "op": op, "name": "NAME", "value": value }] });
    assert_eq!(admin.post(manage, one("create", &values[0])).await.status, 200);
    assert_eq!(admin.post(manage, one("rotate", &values[1])).await.status, 200);
    assert_eq!(admin.post(manage, one("create", &values[2])).await.status, 409);
    // With escapes, which a parser takes apart in a buffer of its own.
    let broken = json!(format!("\u{e9}\n{}", values[3])).to_string();
    let reply = admin.post(manage, json!([broken])).await;
    assert_eq!(reply.status, 400, "{}", reply.text);
    let nobody = admin.with_token("owl_pat_nobody");
    assert_eq!(nobody.post(manage, one("create", &values[6])).await.status, 401);
    send_values_of_agent(&admin, values).await;
}

async fn send_values_of_agent(admin: &JsonClient, values: &[String]) {
    admin
        .post("/api/dev/agents", json!({ "agentId": "desk", "name": "Desk" }))
        .await;
    let config = json!({ "botToken": format!("1:{}", values[4]), "chatId": "1" });
    let put = json!({ "platform": "telegram", "config": config });
    let path = "/api/dev/agents/desk/platforms/by-stable-id/desk-telegram";
    assert_eq!(admin.put(path, put).await.status, 201);
    let path = "/api/dev/agents/desk/providers/anthropic/api-key";
    assert_eq!(admin.put(path, json!({ "value": values[5] })).await.status, 200);
}

#[test]
fn a_server_keeps_nothing_of_a_value_that_it_was_sent() {
    let dir = tempfile::tempdir().unwrap();
    let server = ServeProcess::on_sqlite(dir.path());
    let Some(found) = count_or_skip(server.id(), "/health/ready") else {
        return;
    };
    assert!(found > 0, "the search finds what is there");
    let values = values();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(send_values(&server, &values));
    // With it go the connections.
    drop(runtime);
    for value in values {
        wait_until_gone(server.id(), &value);
    }
}

const CHILD: &str = "memory::pushes_a_value_in_a_process_of_its_own";

/// Pushes the value on standard input, drops everything, says so, and stays. Does nothing unless the test below starts it.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the test that starts it says where the server is"
)]
fn pushes_a_value_in_a_process_of_its_own() {
    let Ok(url) = std::env::var("LOBUCTL_TEST_MEMORY_URL") else {
        return;
    };
    let token = Secret::new(std::env::var("LOBUCTL_TEST_MEMORY_TOKEN").unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    {
        // Not through the handle of the standard library, whose buffer is never dropped.
        let mut text = String::with_capacity(4096);
        File::open("/dev/stdin").unwrap().read_to_string(&mut text).unwrap();
        let mut writes = Vec::new();
        for (name, value) in parse_secret_text(&text).unwrap() {
            writes.push(SecretWrite {
                name,
                op: SecretOp::Create(value),
                source: "stdin",
                expected: None,
            });
        }
        let transport =
            HttpTransport::new(ServerUrl::parse(&url).unwrap().0, Some(token), HttpOptions::default()).unwrap();
        let client = Client::new(Retry::new(Arc::new(transport)), "dev", 1);
        let results = runtime.block_on(client.write_secrets(&writes)).unwrap();
        assert_eq!(results.len(), 2);
    }
    drop(runtime);
    println!("\ndropped");
    loop {
        std::thread::park();
    }
}

/// A process that is killed in the end.
struct Pusher(Child);

impl Drop for Pusher {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_client_keeps_nothing_of_a_value_that_it_has_pushed() {
    let dir = tempfile::tempdir().unwrap();
    let server = ServeProcess::on_sqlite(dir.path());
    let token = server.token();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", CHILD, "--nocapture"])
        .env("LOBUCTL_TEST_MEMORY_URL", &server.url)
        .env("LOBUCTL_TEST_MEMORY_TOKEN", &token)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut pusher = Pusher(command.spawn().unwrap());
    let values = ["lines", "more"].map(|kind| format!("marker-{kind}-{}", "m".repeat(40)));
    let text = format!("LINES={}\nMORE='{}'\n", values[0], values[1]);
    pusher.0.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = BufReader::new(pusher.0.stdout.take().unwrap());
    let dropped = output.lines().map_while(Result::ok).any(|line| line == "dropped");
    assert!(dropped, "the push failed");
    let Some(found) = count_or_skip(pusher.0.id(), &token) else {
        return;
    };
    assert!(found > 0, "the search finds the token in the environment");
    for value in values {
        wait_until_gone(pusher.0.id(), &value);
    }
}
