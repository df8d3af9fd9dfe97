//! Clients that send nothing, half a request or another protocol: they are closed, and the others are served.

use std::time::Duration;

use lobuctl::server::{Limits, ServerOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::server::{JsonClient, ListeningServer, listening_with};

const LONG: Duration = Duration::from_secs(10);

async fn server(limits: Limits) -> ListeningServer {
    listening_with(ServerOptions {
        limits,
        ..ServerOptions::memory()
    })
    .await
}

async fn connect(server: &ListeningServer) -> TcpStream {
    let address = server.url.strip_prefix("http://").unwrap();
    TcpStream::connect(address).await.unwrap()
}

/// Everything that comes until the server closes.
async fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(LONG, stream.read_to_end(&mut bytes)).await;
    let _ = read.expect("the server closes the connection");
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn serves_new_clients_although_silent_ones_fill_all_connections() {
    let limits = Limits {
        connections: 8,
        head_timeout: Duration::from_mins(10),
        ..Limits::default()
    };
    let server = server(limits).await;
    let mut silent = Vec::new();
    for number in 0..40 {
        let mut stream = connect(&server).await;
        if number % 2 == 0 {
            stream.write_all(b"GET /health HTTP/1.1\r\nHost: ").await.unwrap();
        }
        silent.push(stream);
    }
    for _ in 0..10 {
        let client = JsonClient::at(&server.url, &server.token);
        let answer = tokio::time::timeout(LONG, client.get("/api/dev/agents")).await;
        assert_eq!(answer.expect("served in time").status, 200);
    }
    assert_eq!(rest(silent.remove(0)).await, "", "the oldest silent one is closed");
    server.stopped().await;
}

#[tokio::test]
async fn closes_a_connection_that_does_not_finish_a_head_in_time() {
    let limits = Limits {
        head_timeout: Duration::from_millis(50),
        ..Limits::default()
    };
    let server = server(limits).await;
    let silent = connect(&server).await;
    let mut half = connect(&server).await;
    half.write_all(b"GET /health HTTP/1.1\r\n").await.unwrap();
    assert_eq!(rest(silent).await, "");
    assert!(!rest(half).await.contains("200 OK"));
    server.stopped().await;
}

#[tokio::test]
async fn stops_at_once_although_clients_hold_half_requests() {
    let limits = Limits {
        head_timeout: Duration::from_mins(10),
        ..Limits::default()
    };
    let server = server(limits).await;
    let mut half = connect(&server).await;
    half.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /hea")
        .await
        .unwrap();
    let mut first = [0; 15];
    half.read_exact(&mut first).await.unwrap();
    tokio::time::timeout(LONG, server.stopped())
        .await
        .expect("stops without waiting for a head");
}

#[tokio::test]
async fn speaks_http_1_only() {
    let server = server(Limits::default()).await;
    let mut stream = connect(&server).await;
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    assert!(!rest(stream).await.contains("200 OK"));
    server.stopped().await;
}

#[tokio::test]
async fn refuses_the_name_that_a_web_page_would_use() {
    let server = server(Limits::default()).await;
    for (host, expected) in [
        ("evil.example", "421"),
        ("localhost:1", "200"),
        ("127.0.0.1", "200"),
        ("[::1]:9", "200"),
    ] {
        let mut stream = connect(&server).await;
        let request = format!("GET /health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = rest(stream).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected}")), "{host}: {answer}");
    }
    server.stopped().await;
}
