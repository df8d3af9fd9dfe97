//! The response times of one good client beside slow, broken and hostile ones, and the memory of the server.
//!
//! `cargo bench --bench soak` takes `LOBUCTL_BENCH_SOAK_SECONDS` (60). Windows without and with the bad clients alternate,
//! so that whatever else the machine does slows both. Needs Linux, whose `/proc` names the memory of a process.
#![allow(
    missing_docs,
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

#[path = "../tests/support/program/serve_process.rs"]
mod serve_process;

use serve_process::ServeProcess;

/// The length of a window with or without bad clients.
const WINDOW: Duration = Duration::from_secs(10);

/// The pause of the good client between two requests.
const PAUSE: Duration = Duration::from_millis(10);

/// The pause of a slow client between two bytes.
const DRIP: Duration = Duration::from_millis(300);

/// The number of clients of each bad kind at the same time.
const BAD_CLIENTS: usize = 8;

/// A kind of bad client. Each of its connections ends by itself within seconds.
#[derive(Clone, Copy)]
enum Bad {
    /// Connects and sends nothing.
    Silent,
    /// Sends the head of a request byte by byte.
    Slow,
    /// Sends bytes that are no HTTP.
    Garbage,
    /// Announces a body and hangs up in the middle of it.
    HangsUp,
    /// Sends a body of megabytes without a token.
    Large,
    /// Sends nested JSON with a token.
    Nested,
    /// Asks for a list and never reads the answer.
    Deaf,
    /// Connects and disconnects.
    Knocks,
}

const KINDS: [Bad; 8] = [
    Bad::Silent,
    Bad::Slow,
    Bad::Garbage,
    Bad::HangsUp,
    Bad::Large,
    Bad::Nested,
    Bad::Deaf,
    Bad::Knocks,
];

/// What a bad client does with its connection.
enum Then {
    /// Sends everything and keeps the connection open.
    Wait,
    /// Sends everything and closes the connection.
    HangUp,
    /// Sends everything and reads until the server closes the connection.
    Read,
    /// Sends one byte after the other.
    Drip,
}

struct Soak {
    server: ServeProcess,
    token: String,
    http: reqwest::Client,
    address: String,
    /// The number of connections that bad clients made.
    bad_connections: AtomicU64,
}

impl Soak {
    async fn send(&self, method: reqwest::Method, path: &str, body: serde_json::Value) -> Duration {
        let started = Instant::now();
        let request = self.http.request(method, format!("{}{path}", self.server.url));
        let request = request.bearer_auth(&self.token).body(body.to_string());
        let response = request.send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.status());
        response.bytes().await.unwrap();
        started.elapsed()
    }

    /// Works as a good client for one window: reads, settings and platforms in turn. Returns the response times.
    async fn good_window(&self) -> Vec<Duration> {
        let (started, mut times) = (Instant::now(), Vec::new());
        while started.elapsed() < WINDOW {
            let step = times.len();
            let (method, path, body) = match step % 3 {
                0 => (reqwest::Method::GET, "/api/dev/agents/good/config", json!(null)),
                1 => {
                    let body = json!({ "soulMd": format!("soul {step}") });
                    (reqwest::Method::PATCH, "/api/dev/agents/good/config", body)
                }
                _ => {
                    let config = json!({ "botToken": "123456:TOKEN", "chatId": step.to_string() });
                    let path = "/api/dev/agents/good/platforms/by-stable-id/good-telegram";
                    (
                        reqwest::Method::PUT,
                        path,
                        json!({ "platform": "telegram", "config": config }),
                    )
                }
            };
            times.push(self.send(method, path, body).await);
            tokio::time::sleep(PAUSE).await;
        }
        times
    }

    /// Lets all bad clients work until `stop`, each with one connection after the other.
    fn bad_clients(self: &Arc<Self>, stop: &Arc<AtomicBool>) -> JoinSet<()> {
        let mut clients = JoinSet::new();
        for index in 0..KINDS.len() * BAD_CLIENTS {
            let (soak, stop, kind) = (self.clone(), stop.clone(), KINDS[index % KINDS.len()]);
            clients.spawn(async move {
                // Spread over time: bad clients do not wait for each other.
                tokio::time::sleep(PAUSE * index as u32).await;
                while !stop.load(Ordering::Relaxed) {
                    soak.bad_connections.fetch_add(1, Ordering::Relaxed);
                    // A refused or broken connection is what such a client has to expect.
                    let _ = soak.bad_connection(kind, &stop).await;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            });
        }
        clients
    }

    async fn bad_connection(&self, kind: Bad, stop: &AtomicBool) -> std::io::Result<()> {
        let (bytes, then) = self.behavior(kind);
        let mut stream = TcpStream::connect(&self.address).await?;
        match then {
            Then::Wait => {
                stream.write_all(&bytes).await?;
                wait(stop).await;
            }
            Then::HangUp => stream.write_all(&bytes).await?,
            Then::Read => {
                stream.write_all(&bytes).await?;
                stream.read_to_end(&mut Vec::new()).await?;
            }
            Then::Drip => {
                for byte in bytes.into_iter().take_while(|_| !stop.load(Ordering::Relaxed)) {
                    stream.write_all(&[byte]).await?;
                    tokio::time::sleep(DRIP).await;
                }
            }
        }
        Ok(())
    }

    /// Returns the bytes that a bad client sends, and what it does with the connection.
    fn behavior(&self, kind: Bad) -> (Vec<u8>, Then) {
        let list = format!(
            "GET /api/dev/agents HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\r\n",
            self.token
        );
        match kind {
            Bad::Silent => (Vec::new(), Then::Wait),
            Bad::Slow => (list.into_bytes(), Then::Drip),
            Bad::Garbage => (vec![0x16, 0x03, 0x01, 0xff, b'\r', b'\n', 0x00, b'\n'], Then::Read),
            Bad::HangsUp => (self.post("/api/dev/agents", 1000, &[b'x'; 200], true), Then::HangUp),
            Bad::Large => {
                let body = vec![b'['; 2 * 1024 * 1024];
                (self.post("/api/dev/agents", body.len(), &body, false), Then::Read)
            }
            Bad::Nested => {
                let body = vec![b'['; 64 * 1024];
                (self.post("/api/dev/agents", body.len(), &body, true), Then::Read)
            }
            Bad::Deaf => (list.into_bytes(), Then::Wait),
            Bad::Knocks => (Vec::new(), Then::HangUp),
        }
    }

    /// Returns a POST that announces `length` bytes and carries `body`.
    fn post(&self, path: &str, length: usize, body: &[u8], signed: bool) -> Vec<u8> {
        let token = if signed { self.token.as_str() } else { "owl_pat_none" };
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        [head.as_bytes(), body].concat()
    }
}

/// Waits for three seconds, or until `stop`.
async fn wait(stop: &AtomicBool) {
    for _ in 0..30 {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Returns the memory that a process has in use now, in KiB.
fn resident_kibibytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn percentile(times: &mut [Duration], percent: usize) -> f64 {
    times.sort_unstable();
    times[(times.len() * percent / 100).min(times.len() - 1)].as_secs_f64() * 1000.0
}

async fn start() -> Arc<Soak> {
    let dir = tempfile::tempdir().unwrap().keep();
    let server = ServeProcess::on_sqlite(&dir);
    let soak = Soak {
        token: server.token(),
        address: server.url.trim_start_matches("http://").to_owned(),
        http: reqwest::Client::builder().no_proxy().build().unwrap(),
        server,
        bad_connections: AtomicU64::new(0),
    };
    for agent in std::iter::once("good".to_owned()).chain((0..200).map(|number| format!("other-{number}"))) {
        let body = json!({ "agentId": agent, "name": "soak" });
        soak.send(reqwest::Method::POST, "/api/dev/agents", body).await;
    }
    Arc::new(soak)
}

async fn soak(duration: Duration) {
    let soak = start().await;
    let (mut calm, mut hostile) = (Vec::new(), Vec::new());
    let mut memory = Vec::new();
    let started = Instant::now();
    while started.elapsed() < duration {
        calm.extend(soak.good_window().await);
        let stop = Arc::new(AtomicBool::new(false));
        let clients = soak.bad_clients(&stop);
        hostile.extend(soak.good_window().await);
        stop.store(true, Ordering::Relaxed);
        clients.join_all().await;
        memory.push(resident_kibibytes(soak.server.id()));
    }
    for (name, times) in [("calm", &mut calm), ("hostile", &mut hostile)] {
        println!(
            "{name:<8} {:>7} requests   p50 {:>6.1} ms   p99 {:>6.1} ms   max {:>7.1} ms",
            times.len(),
            percentile(times, 50),
            percentile(times, 99),
            percentile(times, 100)
        );
    }
    println!(
        "p99 hostile / calm: {:.2}",
        percentile(&mut hostile, 99) / percentile(&mut calm, 99)
    );
    println!(
        "connections of bad clients: {}",
        soak.bad_connections.load(Ordering::Relaxed)
    );
    let tenth = |number: usize| memory[(memory.len() - 1) * number / 10] / 1024;
    let tenths: Vec<String> = (0..=10).map(|number| format!("{} MiB", tenth(number))).collect();
    println!("memory of the server over time: {}", tenths.join(", "));
}

fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let seconds = std::env::var("LOBUCTL_BENCH_SOAK_SECONDS").map_or(60, |text| text.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(soak(Duration::from_secs(seconds)));
}
