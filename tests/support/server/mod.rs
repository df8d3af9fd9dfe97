//! Servers for tests of the server: in this process or on a loopback port, and a client that sends plain JSON.
//!
//! Which server for which need: [`memory_server`] for routes; [`listening`] for the network; [`gate`] to refuse or delay
//! requests; [`link`] for a network that fails; [`fleet`] for several processes on one database; [`stub`] to send exact
//! bytes; [`racy`] to prove that a race check can fail;
//! [`TestServer`](crate::support::apply::test_server::TestServer) to plan and apply;
//! [`ServeProcess`](crate::support::program::serve_process::ServeProcess) for the real program.

pub mod comparison;
pub mod fleet;
pub mod gate;
pub mod history;
pub mod id_burner;
pub mod identity;
pub mod link;
pub mod namespace;
pub mod postgres;
pub mod race;
pub mod racy;
pub mod recorded_answers;
pub mod recording;
pub mod replay;
pub mod sign_in;
pub mod stub;
pub mod visitor;
pub mod workload;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use lobuctl::server::{Server, ServerOptions};
use secrecy::ExposeSecret;
use serde_json::Value;
use tower::ServiceExt;

/// Opens a server in memory. Returns it with the admin token of its organization `dev`.
pub async fn memory_server() -> (Server, String) {
    open(ServerOptions::memory()).await
}

/// Opens a server on new storage. Returns it with its first admin token.
pub async fn open(options: ServerOptions) -> (Server, String) {
    let server = Server::open(options).await.unwrap();
    let token = server.bootstrap_token().unwrap().expose_secret().to_owned();
    (server, token)
}

/// A server on a loopback port. Dropping it begins to stop it and does not wait.
pub struct ListeningServer {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// The admin token of `dev`.
    pub token: String,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    task: Option<tokio::task::JoinHandle<()>>,
}

impl ListeningServer {
    /// Stops the server and waits until it has stopped.
    pub async fn stopped(mut self) {
        drop(self.stop.take());
        if let Some(task) = self.task.take() {
            task.await.unwrap();
        }
    }
}

impl Drop for ListeningServer {
    fn drop(&mut self) {
        drop(self.stop.take());
    }
}

/// Starts a server in memory on a free loopback port.
pub async fn listening() -> ListeningServer {
    listening_with(ServerOptions::memory()).await
}

/// Starts a server on a free loopback port.
pub async fn listening_with(options: ServerOptions) -> ListeningServer {
    let (server, token) = open(options).await;
    listen(server, token).await
}

/// Starts an open server on a free loopback port.
pub async fn listen(server: Server, token: String) -> ListeningServer {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        let shutdown = async move {
            let _ = stopped.await;
        };
        server.serve(listener, shutdown).await.unwrap();
    });
    ListeningServer {
        url,
        token,
        stop: Some(stop),
        task: Some(task),
    }
}

/// A response that was read to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpReply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
    /// Null when the body is not JSON.
    pub body: Value,
}

/// How a client reaches the server.
#[derive(Clone)]
enum Route {
    Router(Router),
    Network(reqwest::Client, Arc<str>),
}

/// A client that sends JSON with a token: to a router in this process, or over the network.
#[derive(Clone)]
pub struct JsonClient {
    route: Route,
    token: Arc<str>,
}

impl JsonClient {
    /// Creates a client of a server in this process.
    pub fn new(server: &Server, token: &str) -> Self {
        Self::over(server.router(), token)
    }

    /// Creates a client of a router in this process.
    pub fn over(router: Router, token: &str) -> Self {
        Self {
            route: Route::Router(router),
            token: token.into(),
        }
    }

    /// Creates a client that reaches a server over the network, without the proxy of the environment.
    pub fn at(url: &str, token: &str) -> Self {
        // Fails when another test has installed it before, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            route: Route::Network(client, url.into()),
            token: token.into(),
        }
    }

    /// Returns a client of the same server with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            route: self.route.clone(),
            token: token.into(),
        }
    }

    pub async fn get(&self, path: &str) -> HttpReply {
        self.send("GET", path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> HttpReply {
        self.send("POST", path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> HttpReply {
        self.send("PUT", path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> HttpReply {
        self.send("PATCH", path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> HttpReply {
        self.send("DELETE", path, None).await
    }

    /// Calls the tool `manage_entity_schema` of the organization `dev`.
    pub async fn schema(&self, body: Value) -> HttpReply {
        self.post("/api/dev/manage_entity_schema", body).await
    }

    /// Sends a request. Panics when the network fails.
    pub async fn send(&self, method: &str, path: &str, body: Option<Value>) -> HttpReply {
        self.try_send(method, path, body).await.unwrap()
    }

    /// Sends a request. Returns an error when the network fails.
    pub async fn try_send(&self, method: &str, path: &str, body: Option<Value>) -> Result<HttpReply, reqwest::Error> {
        let authorization = format!("Bearer {}", self.token);
        let body = body.map(|body| body.to_string());
        match &self.route {
            Route::Router(router) => {
                let request = Request::builder().method(method).uri(path);
                let request = request.header(header::AUTHORIZATION, authorization);
                let request = request.header(header::CONTENT_TYPE, "application/json");
                let body = body.map_or_else(Body::empty, Body::from);
                Ok(ask(router, request.body(body).unwrap()).await)
            }
            Route::Network(client, url) => {
                let request = client.request(method.parse().unwrap(), format!("{url}{path}"));
                let request = request
                    .header(header::AUTHORIZATION, authorization)
                    .header(header::CONTENT_TYPE, "application/json")
                    .body(body.unwrap_or_default());
                let response = request.send().await?;
                let (status, headers) = (response.status(), response.headers().clone());
                let text = response.text().await?;
                let body = serde_json::from_str(&text).unwrap_or(Value::Null);
                Ok(HttpReply {
                    status,
                    headers,
                    text,
                    body,
                })
            }
        }
    }
}

/// Sends one request to a router.
pub async fn ask(router: &Router, request: Request<Body>) -> HttpReply {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    HttpReply {
        status: parts.status,
        headers: parts.headers,
        text,
        body,
    }
}
