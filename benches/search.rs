//! How long a search of the knowledge takes on SQLite, beside a scan of the table for the same word.
//!
//! `cargo bench --bench search`, with 100,000 pieces of knowledge, or as many as `LOBUCTL_BENCH_KNOWLEDGE` says.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods
)]

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use lobuctl::server::{Server, ServerOptions, Storage};
use secrecy::ExposeSecret;
use serde_json::json;
use sqlx::{Connection, SqliteConnection};
use tower::ServiceExt;

/// The number of different words. Each piece has twelve of them, so that a word is in one piece of eighty.
const WORDS: u64 = 1000;
const SEARCHES: u64 = 500;

/// Returns the word of a number. The numbers are spread by a step that has no factor in common with their count.
fn word(number: u64) -> String {
    format!("word{}", number.wrapping_mul(7919) % WORDS)
}

async fn send(router: &Router, token: &str, method: &str, path: &str, body: serde_json::Value) -> usize {
    let request = Request::builder().method(method).uri(path);
    let request = request.header("authorization", format!("Bearer {token}"));
    let response = router
        .clone()
        .oneshot(request.body(Body::from(body.to_string())).unwrap());
    let response = response.await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    to_bytes(response.into_body(), usize::MAX).await.unwrap().len()
}

/// Returns the median and the 99th percentile.
fn percentiles(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() * 99 / 100])
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let asked = std::env::var("LOBUCTL_BENCH_KNOWLEDGE").ok();
    let pieces: u64 = asked.and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let dir = tempfile::tempdir().unwrap();
    let server = Server::open(ServerOptions::new(Storage::Sqlite {
        data_dir: dir.path().to_owned(),
    }));
    let server = server.await.unwrap();
    let (router, token) = (server.router(), server.bootstrap_token().unwrap());
    let token = token.expose_secret();
    for piece in 0..pieces {
        let content: Vec<String> = (0..12).map(|at| word(piece * 12 + at * piece)).collect();
        let body = json!({ "content": content.join(" "), "semantic_type": "note" });
        send(&router, token, "POST", "/api/dev/save_knowledge", body).await;
    }
    let mut searches = Vec::new();
    for search in 0..SEARCHES {
        let started = Instant::now();
        let path = format!(
            "/api/dev/knowledge/search?query={}%20{}",
            word(search),
            word(search + 1)
        );
        send(&router, token, "GET", &path, json!(null)).await;
        searches.push(started.elapsed());
    }
    let url = format!("sqlite://{}/lobu.db?mode=ro", dir.path().display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let mut scans = Vec::new();
    for search in 0..20 {
        let started = Instant::now();
        let found: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM knowledge WHERE content LIKE $1 OR content LIKE $2")
            .bind(format!("%{}%", word(search)))
            .bind(format!("%{}%", word(search + 1)))
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert!(found > 0);
        scans.push(started.elapsed());
    }
    let ((median, tail), (scan, _)) = (percentiles(searches), percentiles(scans));
    println!("{pieces} pieces: search {median:?}, 99th percentile {tail:?}; scan {scan:?}");
    println!(
        "a search takes {:.2} of a scan",
        median.as_secs_f64() / scan.as_secs_f64()
    );
}
