//! The server's log: what becomes of the server when nobody reads it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use crate::support::program::serve_process::serve;

/// Returns what a server answers to one request on a connection of its own.
fn answer(address: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .write_all(b"GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    // A connection that breaks off has answered nothing.
    let _ = stream.read_to_string(&mut answer);
    answer
}

#[test]
fn goes_on_answering_when_nobody_reads_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = serve(folder.path());
    command.args(["--listen", "127.0.0.1:0"]).stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    let lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let url = lines
        .map(Result::unwrap)
        .find_map(|line| Some(line.split_once("listening on http://")?.1.to_owned()));
    // The reader of the log is gone.
    let answers = [(); 3].map(|()| url.as_deref().map(answer));
    process.kill().unwrap();
    process.wait().unwrap();
    for answer in answers {
        let answer = answer.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer:?}");
    }
}
