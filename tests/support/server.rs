//! Servers for tests: in process, or on a free loopback port; and a client that speaks plain JSON.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr
)]

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use lobuctl::server::{Server, ServerOptions};
use secrecy::ExposeSecret;
use serde_json::Value;
use tower::ServiceExt;

/// A server in memory and the admin token of its organisation `dev`.
pub async fn memory_server() -> (Server, String) {
    open(ServerOptions::memory()).await
}

/// Opens a server that mints its admin token now.
pub async fn open(options: ServerOptions) -> (Server, String) {
    let server = Server::open(options).await.unwrap();
    let token = server.bootstrap_token().unwrap().expose_secret().to_owned();
    (server, token)
}

/// A server on a loopback port; it stops when this is dropped.
pub struct Listener {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// The admin token of `dev`.
    pub token: String,
    /// The server's routes, without the network.
    pub router: Router,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    task: Option<tokio::task::JoinHandle<()>>,
}

impl Listener {
    /// Stops the server and waits until it has.
    pub async fn stopped(mut self) {
        drop(self.stop.take());
        if let Some(task) = self.task.take() {
            task.await.unwrap();
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        drop(self.stop.take());
    }
}

/// A server in memory on a free loopback port.
pub async fn listening() -> Listener {
    listening_with(ServerOptions::memory()).await
}

/// A server on a free loopback port.
pub async fn listening_with(options: ServerOptions) -> Listener {
    let (server, token) = open(options).await;
    listen(server, token).await
}

/// Lets an open server listen.
pub async fn listen(server: Server, token: String) -> Listener {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = server.router();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        let shutdown = async move {
            let _ = stopped.await;
        };
        server.serve(listener, shutdown).await.unwrap();
    });
    Listener {
        url,
        token,
        router,
        stop: Some(stop),
        task: Some(task),
    }
}

/// An answer, whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
    /// Null when the body is not JSON.
    pub body: Value,
}

/// How a client gets there.
#[derive(Clone)]
enum Way {
    Router(Router),
    Network(reqwest::Client, Arc<str>),
}

/// Asks a server: its router in this process, or over the network.
#[derive(Clone)]
pub struct Client {
    way: Way,
    token: Arc<str>,
}

impl Client {
    pub fn new(server: &Server, token: &str) -> Self {
        Self::over(server.router(), token)
    }

    pub fn over(router: Router, token: &str) -> Self {
        Self {
            way: Way::Router(router),
            token: token.into(),
        }
    }

    pub fn at(url: &str, token: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            way: Way::Network(client, url.into()),
            token: token.into(),
        }
    }

    pub fn with_token(&self, token: &str) -> Self {
        Self {
            way: self.way.clone(),
            token: token.into(),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send("PUT", path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send("PATCH", path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, None).await
    }

    pub async fn schema(&self, body: Value) -> Answer {
        self.post("/api/dev/manage_entity_schema", body).await
    }

    pub async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.try_send(method, path, body).await.unwrap()
    }

    /// Fails when the network does.
    pub async fn try_send(&self, method: &str, path: &str, body: Option<Value>) -> Result<Answer, reqwest::Error> {
        let authorization = format!("Bearer {}", self.token);
        let body = body.map(|body| body.to_string());
        match &self.way {
            Way::Router(router) => {
                let request = Request::builder().method(method).uri(path);
                let request = request.header(header::AUTHORIZATION, authorization);
                let request = request.header(header::CONTENT_TYPE, "application/json");
                let body = body.map_or_else(Body::empty, Body::from);
                Ok(ask(router, request.body(body).unwrap()).await)
            }
            Way::Network(client, url) => {
                let request = client.request(method.parse().unwrap(), format!("{url}{path}"));
                let request = request
                    .header(header::AUTHORIZATION, authorization)
                    .body(body.unwrap_or_default());
                let response = request.send().await?;
                let (status, headers) = (response.status(), response.headers().clone());
                let text = response.text().await?;
                let body = serde_json::from_str(&text).unwrap_or(Value::Null);
                Ok(Answer {
                    status,
                    headers,
                    text,
                    body,
                })
            }
        }
    }
}

/// One request to a router.
pub async fn ask(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Answer {
        status: parts.status,
        headers: parts.headers,
        text,
        body,
    }
}
