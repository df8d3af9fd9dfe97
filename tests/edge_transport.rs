//! The network: what comes back from servers that behave, and from those that do not.

use std::sync::Arc;
use std::time::Duration;

use lobuctl::redact::Redactor;
use lobuctl::remote::{
    Body, Client, HttpOptions, HttpTransport, Method, NoAnswerCause, Request, Response, Retry, RouterTransport,
    ServerUrl, Transport, TransportError, decode, path, refusal,
};
use lobuctl::resource::Secret;
use serde_json::{Value, json};

use crate::support::server::stub::{StubReply, StubServer};

const TOKEN: &str = "owl_pat_0123456789abcdefghijklmnopqrstuv";

fn quick() -> HttpOptions {
    HttpOptions {
        read_timeout: Duration::from_millis(200),
        timeout: Duration::from_millis(400),
        ..HttpOptions::default()
    }
}

fn to(url: &str) -> HttpTransport {
    let (base, _) = ServerUrl::parse(url).unwrap();
    HttpTransport::new(base, Some(Secret::new(TOKEN)), quick()).unwrap()
}

async fn get(reply: StubReply) -> Result<Response, TransportError> {
    let stub = StubServer::start(vec![reply]).await;
    to(&stub.url).send(Request::get("/api/dev/agents")).await
}

fn error_message(response: &Response) -> String {
    decode::<serde_json::Map<String, Value>>(Method::Get, "/api/dev/agents", response, &Redactor::default())
        .unwrap_err()
        .to_string()
}

#[tokio::test]
async fn a_request_carries_token_prefix_and_body() {
    let stub = StubServer::start(vec![StubReply::json("201 Created", r#"{"ok":true}"#)]).await;
    let transport = to(&format!("{}/lobu/", stub.url));
    let body = Body::json(&json!({"name": "Triage"})).unwrap();
    let request = Request::new(Method::Post, path(&["api", "dev", "agents", "a b/ü"])).with_body(body);
    let response = transport.send(request).await.unwrap();
    assert_eq!(
        (response.status, response.body.as_slice()),
        (201, br#"{"ok":true}"#.as_slice())
    );
    let seen = stub.requests().remove(0).to_ascii_lowercase();
    assert!(
        seen.starts_with("post /lobu/api/dev/agents/a%20b%2f%c3%bc http/1.1\r\n"),
        "{seen}"
    );
    assert!(seen.contains(&format!("authorization: bearer {TOKEN}")), "{seen}");
    assert!(
        seen.contains("accept-encoding: gzip") && seen.contains("user-agent: lobuctl/"),
        "{seen}"
    );
    assert!(seen.ends_with(r#"{"name":"triage"}"#), "{seen}");
}

#[tokio::test]
async fn gzip_is_unpacked() {
    // `{"agents":[]}` as `gzip -n` packs it.
    let packed: &[u8] = &[
        31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 171, 86, 74, 76, 79, 205, 43, 41, 86, 178, 138, 142, 173, 5, 0, 110, 224, 249,
        39, 13, 0, 0, 0,
    ];
    let mut reply =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: 33\r\n\r\n"
            .to_vec();
    reply.extend(packed);
    let response = get(StubReply::Bytes(reply)).await;
    match response {
        Ok(response) => assert_eq!(response.body, br#"{"agents":[]}"#),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn odd_answers_are_reported_in_one_line() {
    let html = get(StubReply::new(
        "200 OK",
        "content-type: text/html\r\n",
        "\n<!doctype html>\n<title>x</title>",
    ))
    .await
    .unwrap();
    let empty = get(StubReply::Bytes(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()))
        .await
        .unwrap();
    let list = get(StubReply::json("200 OK", "[]")).await.unwrap();
    let text = get(StubReply::new(
        "500 Internal Server Error",
        "content-type: text/plain\r\n",
        "Internal Server Error",
    ))
    .await
    .unwrap();
    let silent = get(StubReply::new("503 Service Unavailable", "", "")).await.unwrap();
    let coded = r#"{"error":"forbidden","error_description":"Token organization does not match URL organization"}"#;
    let forbidden = get(StubReply::json("403 Forbidden", coded)).await.unwrap();
    let carried = get(StubReply::json("200 OK", r#"{"error":"it did not work"}"#))
        .await
        .unwrap();
    let all = [html, empty, list, text, silent, forbidden, carried];
    let lines: Vec<String> = all.iter().map(error_message).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    GET /api/dev/agents answered 200 with something that is not JSON: <!doctype html>
    GET /api/dev/agents answered 204 with nothing in it
    GET /api/dev/agents answered 200 with JSON of another shape
    GET /api/dev/agents answered 500: Internal Server Error
    GET /api/dev/agents answered 503 with an empty body
    GET /api/dev/agents answered 403: Token organization does not match URL organization
    GET /api/dev/agents answered 200: it did not work
    ");
}

#[tokio::test]
async fn a_lost_answer_says_how_and_whether_it_was_sent() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"agents\":".to_vec();
    for (reply, lost) in [
        (StubReply::Nothing, NoAnswerCause::Broken),
        (StubReply::Hang, NoAnswerCause::Timeout),
        (StubReply::Bytes(half), NoAnswerCause::Broken),
        (StubReply::Bytes(b"SSH-2.0-OpenSSH\r\n".to_vec()), NoAnswerCause::Broken),
    ] {
        let error = get(reply).await.unwrap_err();
        let TransportError::NoAnswer {
            cause: how, maybe_sent, ..
        } = &error
        else {
            panic!("{error}")
        };
        assert_eq!((*how, *maybe_sent), (lost, true), "{error}");
        assert!(error.to_string().starts_with("GET /api/dev/agents: "), "{error}");
        assert!(!format!("{error:?}").contains(TOKEN), "{error:?}");
    }
}

#[tokio::test]
async fn a_refused_connection_was_surely_not_sent() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = to(&url).send(Request::get("/api/dev/agents")).await.unwrap_err();
    let TransportError::NoAnswer {
        cause: NoAnswerCause::Refused,
        maybe_sent: false,
        ..
    } = &error
    else {
        panic!("{error:?}")
    };
    assert!(
        error.to_string().contains("connection refused by 127.0.0.1:"),
        "{error}"
    );
    assert!(error.hint().contains("--url"));
}

#[tokio::test]
async fn redirects_stay_within_the_origin() {
    let moved = StubReply::new("307 Temporary Redirect", "location: /elsewhere\r\n", "");
    let stub = StubServer::start(vec![moved, StubReply::json("200 OK", "{}")]).await;
    let body = Body::json(&json!({"a": 1})).unwrap();
    let request = Request::new(Method::Patch, "/api/x").with_body(body);
    assert_eq!(to(&stub.url).send(request).await.unwrap().status, 200);
    let second = stub.requests().remove(1);
    assert!(
        second.starts_with("PATCH /elsewhere ") && second.ends_with(r#"{"a":1}"#),
        "{second}"
    );

    let away = StubServer::start(vec![StubReply::json("200 OK", "{}")]).await;
    let location = format!(
        "location: {}/api?token={TOKEN}\r\n",
        away.url.replace("http://", "http://user:pass@")
    );
    let stub = StubServer::start(vec![StubReply::new("302 Found", &location, "")]).await;
    let error = to(&stub.url).send(Request::get("/api/x")).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains(&format!("answered 302: a redirect to {}/api,", away.url)),
        "{error}"
    );
    assert!(away.requests().is_empty());

    let stub = StubServer::start(vec![StubReply::new(
        "301 Moved Permanently",
        "location: /api/y\r\n",
        "",
    )])
    .await;
    let error = to(&stub.url)
        .send(Request::new(Method::Post, "/api/x"))
        .await
        .unwrap_err();
    assert!(matches!(error, TransportError::Redirect { status: 301, .. }), "{error}");

    let stub = StubServer::start(vec![StubReply::new(
        "308 Permanent Redirect",
        "location: /api/x\r\n",
        "",
    )])
    .await;
    let error = to(&stub.url).send(Request::get("/api/x")).await.unwrap_err();
    assert!(error.to_string().contains("over and over"), "{error}");
}

#[tokio::test]
async fn an_answer_has_a_largest_size() {
    let stub = StubServer::start(vec![StubReply::new("200 OK", "", &"x".repeat(3000))]).await;
    let (base, _) = ServerUrl::parse(&stub.url).unwrap();
    let options = HttpOptions {
        max_body: 2000,
        ..quick()
    };
    let transport = HttpTransport::new(base, None, options).unwrap();
    let error = transport.send(Request::get("/")).await.unwrap_err();
    assert_eq!(error.to_string(), "GET / answered with more than 1 MB");
}

#[tokio::test]
async fn the_token_in_a_servers_words_is_struck_out() {
    let words = format!("bad header: Bearer {TOKEN}");
    let stub = StubServer::start(vec![StubReply::new("400 Bad Request", "", &words)]).await;
    let client = Client::new(Retry::new(Arc::new(to(&stub.url))), "dev", 1);
    assert_eq!(
        client.agents().await.unwrap_err().to_string(),
        "GET /api/dev/agents answered 400: bad header: Bearer ***"
    );
}

#[test]
fn a_token_does_not_travel_in_clear() {
    let refuse = |url: &str, insecure_http: bool| {
        let (base, _) = ServerUrl::parse(url).unwrap();
        let options = HttpOptions {
            insecure_http,
            ..HttpOptions::default()
        };
        HttpTransport::new(base, Some(Secret::new(TOKEN)), options).err()
    };
    let error = refuse("http://lobu.example:8080", false).unwrap();
    assert_eq!(
        error.to_string(),
        "the token is not sent over plain http to lobu.example:8080"
    );
    for url in [
        "http://127.0.0.1:1",
        "http://127.8.8.8",
        "http://localhost:1",
        "http://[::1]:1",
        "https://lobu.example",
    ] {
        assert_eq!(refuse(url, false), None, "{url}");
    }
    assert_eq!(refuse("http://lobu.example", true), None);
    for url in [
        "http://localhost.example",
        "http://127.0.0.1.example",
        "http://0.0.0.0:1",
    ] {
        assert!(refuse(url, false).is_some(), "{url}");
    }
}

#[test]
fn a_token_with_a_line_end_is_refused_without_repeating_it() {
    let (base, _) = ServerUrl::parse("https://lobu.example").unwrap();
    let error = HttpTransport::new(base, Some(Secret::new("abc\ndef")), HttpOptions::default())
        .err()
        .unwrap();
    assert!(!error.to_string().contains("abc"), "{error}");
}

#[test]
fn an_address_is_read_once_and_for_all() {
    let parse = |text: &str| ServerUrl::parse(text).map(|(url, org)| (url.to_string(), org));
    let dev = Some("dev".to_owned());
    assert_eq!(parse("https://a.example/").unwrap(), ("https://a.example".into(), None));
    assert_eq!(
        parse(" https://a.example/lobu/?x=1#y ").unwrap(),
        ("https://a.example/lobu".into(), None)
    );
    assert_eq!(parse("http://h:1/mcp/dev").unwrap(), ("http://h:1".into(), dev.clone()));
    assert_eq!(parse("http://h:1/p/mcp/dev/").unwrap(), ("http://h:1/p".into(), dev));
    assert_eq!(parse("http://h:1/mcp").unwrap(), ("http://h:1".into(), None));
    for bad in [
        "",
        "localhost:8787",
        "ftp://x",
        "http://user:hunter2@x",
        "http://",
        "file:///etc/passwd",
    ] {
        let error = parse(bad).unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn a_path_that_climbs_out_is_refused() {
    let transport = to("http://127.0.0.1:9/prefix");
    for path in ["/api/../../x", "/api/%2e%2e/x", "/api?x=1", "/api#x", "api"] {
        let error = transport.send(Request::get(path)).await.unwrap_err();
        assert!(matches!(error, TransportError::Path { .. }), "{path}: {error}");
    }
}

#[tokio::test]
async fn the_router_answers_in_process() {
    use axum::http::HeaderMap;
    let router = axum::Router::new().route(
        "/api/echo",
        axum::routing::post(|headers: HeaderMap, body: String| async move {
            format!("{} {body}", headers["authorization"].to_str().unwrap())
        }),
    );
    let transport = RouterTransport::new(router, Some(Secret::new("t0ken")));
    let request = Request::new(Method::Post, "/api/echo").with_body(Body::json(&1).unwrap());
    let response = transport.send(request).await.unwrap();
    assert_eq!(String::from_utf8(response.body).unwrap(), "Bearer t0ken 1");
    let missing = transport.send(Request::get("/x")).await.unwrap();
    assert!(refusal(Method::Get, "/x", &missing, &Redactor::default()).is_some());
}

#[test]
fn bodies_and_requests_do_not_print_what_they_hold() {
    let body = Body::json(&json!({"botToken": "hunter2"})).unwrap();
    let request = Request::new(Method::Put, "/x").with_body(body);
    assert!(!format!("{request:?}").contains("hunter2"));
}

#[tokio::test]
async fn distinguishes_a_server_without_tls_from_none() {
    let speaks_first = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", speaks_first.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = speaks_first.accept().await {
            tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n")
                .await
                .ok();
        }
    });
    let error = to(&url).send(Request::get("/api/x")).await.unwrap_err();
    assert!(
        matches!(
            &error,
            TransportError::NoAnswer {
                cause: NoAnswerCause::SpeaksPlainHttp,
                maybe_sent: false,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    use axum::extract::ConnectInfo;
    use std::net::SocketAddr;
    let peer = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() };
    let router = axum::Router::new().route("/peer", axum::routing::get(peer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let transport = to(&format!("http://{}", listener.local_addr().unwrap()));
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    let mut peers = std::collections::BTreeSet::new();
    for _ in 0..10 {
        peers.insert(transport.send(Request::get("/peer")).await.unwrap().body);
    }
    assert_eq!(peers.len(), 1);
}
