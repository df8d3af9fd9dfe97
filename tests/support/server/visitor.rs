//! A person in front of the pages of a server, as a browser without scripts: forms, one cookie, no following of redirects.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use lobuctl::server::Server;
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::support::server::{HttpReply, ask};

/// The origin of a router without a public URL.
pub const ORIGIN: &str = "http://localhost";

/// A browser without scripts.
#[derive(Clone)]
pub struct Visitor {
    router: Router,
    origin: String,
    /// `name=value`, once signed in.
    pub cookie: Option<String>,
}

impl Visitor {
    /// Creates a visitor who has not signed in, of a server that has this origin.
    pub fn new(server: &Server, origin: &str) -> Self {
        Self {
            router: server.router(),
            origin: origin.to_owned(),
            cookie: None,
        }
    }

    /// Creates a visitor who has signed in with a one-time link.
    pub async fn signed_in(server: &Server, origin: &str, user: &str) -> Self {
        let mut visitor = Self::new(server, origin);
        let link = server.create_login_link(user).await.unwrap();
        let reply = visitor.post("/oauth/sign-in", &[("link", link.expose_secret())]).await;
        assert_eq!(reply.status, 303, "{}", reply.text);
        visitor
    }

    /// Opens a page.
    pub async fn get(&self, path: &str) -> HttpReply {
        ask(&self.router, self.request("GET", path).body(Body::empty()).unwrap()).await
    }

    /// Sends a form of a page of the server, and keeps the cookie of the response.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> HttpReply {
        self.post_from(&self.origin.clone(), path, fields).await
    }

    /// Sends a form of a page of any origin.
    pub async fn post_from(&mut self, origin: &str, path: &str, fields: &[(&str, &str)]) -> HttpReply {
        let request = self.request("POST", path).header(header::ORIGIN, origin);
        let reply = ask(&self.router, form(request, fields)).await;
        if let Some(cookie) = reply.headers.get(header::SET_COOKIE) {
            let (pair, _) = cookie.to_str().unwrap().split_once(';').unwrap();
            self.cookie = Some(pair.to_owned());
        }
        reply
    }

    /// Sends JSON with the cookie, as a page with scripts would.
    pub async fn json(&self, path: &str, body: &Value) -> HttpReply {
        let request = self.request("POST", path);
        ask(&self.router, request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// Returns the key of the forms on a page.
    pub fn form_key(page: &HttpReply) -> String {
        let (_, rest) = page.text.split_once("name=\"form_key\" value=\"").expect("a form");
        rest.split('"').next().unwrap().to_owned()
    }

    fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        let request = Request::builder().method(method).uri(path);
        match &self.cookie {
            Some(cookie) => request.header(header::COOKIE, cookie),
            None => request,
        }
    }
}

/// Returns a request with a form as its body.
pub fn form(request: axum::http::request::Builder, fields: &[(&str, &str)]) -> Request<Body> {
    let mut url = reqwest::Url::parse("http://x/").unwrap();
    url.query_pairs_mut().extend_pairs(fields);
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    request
        .body(Body::from(url.query().unwrap_or_default().to_owned()))
        .unwrap()
}
