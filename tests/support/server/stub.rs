//! A server that sends exactly the bytes that a test gives it.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the stub does once a request is read.
#[derive(Clone)]
pub enum StubReply {
    /// Sends these bytes and closes the connection.
    Bytes(Vec<u8>),
    /// Closes the connection without a byte.
    Nothing,
    /// Keeps the connection open without a byte.
    Hang,
}

impl StubReply {
    /// Returns a complete response with this status line, these headers and this body.
    pub fn new(status: &str, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::Bytes(
            format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}")
                .into_bytes(),
        )
    }

    /// Returns a complete JSON response.
    pub fn json(status: &str, body: &str) -> Self {
        Self::new(status, "content-type: application/json\r\n", body)
    }
}

/// A running stub server. It stops with the runtime of the test.
pub struct StubServer {
    /// `http://127.0.0.1:PORT`
    pub url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl StubServer {
    /// Starts a stub that sends the replies in order and repeats the last one.
    pub async fn start(replies: Vec<StubReply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = requests.clone();
        tokio::spawn(async move {
            let mut count = 0;
            while let Ok((stream, _)) = listener.accept().await {
                let reply = replies[count.min(replies.len() - 1)].clone();
                count += 1;
                tokio::spawn(serve(stream, reply, seen.clone()));
            }
        });
        Self { url, requests }
    }

    /// Returns every request so far, head and body as received.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, reply: StubReply, seen: Arc<Mutex<Vec<String>>>) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    while !is_complete(&bytes) {
        match stream.read(&mut buffer).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&buffer[..read]),
            _ => return,
        }
    }
    seen.lock().unwrap().push(String::from_utf8_lossy(&bytes).into_owned());
    match reply {
        StubReply::Bytes(bytes) => {
            stream.write_all(&bytes).await.ok();
            stream.shutdown().await.ok();
        }
        StubReply::Nothing => {}
        StubReply::Hang => std::future::pending().await,
    }
}

/// Whether the bytes contain a head and as much of a body as its `content-length` announces.
fn is_complete(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    body.len() >= length.unwrap_or(0)
}
