//! Requests over the network, on reqwest with rustls and ring.
//!
//! The token goes to the one origin that the person chose, over TLS unless that is this machine. Redirects are
//! followed by hand: within the origin, and for a write only where method and body are kept (307, 308).

use std::error::Error;
use std::io;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Client, Url, redirect};
use tokio::sync::OnceCell;

use super::router::text;
use super::scrub::scrub;
use super::server_url::ServerUrl;
use super::transport::{Lost, Method, Request, Response, Transport, TransportError};
use crate::resource::Secret;

/// An answer bigger than this is refused: 64 MB, unpacked.
pub(super) const LARGEST_BODY: usize = 64 * MEGABYTE;
const MEGABYTE: usize = 1024 * 1024;
const MOST_REDIRECTS: usize = 5;

/// How long a server may send nothing before an attempt is given up. A Lobu server gives up on a request after 30 s: a
/// client that gave up first would lose its answer.
pub const READ_TIMEOUT: Duration = Duration::from_secs(45);

/// How patient the transport is, and whom it trusts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpOptions {
    /// For a connection.
    pub connect_timeout: Duration,
    /// Between two pieces of an answer.
    pub read_timeout: Duration,
    /// For the whole exchange.
    pub timeout: Duration,
    /// How many bytes of an answer are read.
    pub largest_body: usize,
    /// Send the token over plain http to another machine too.
    pub insecure_http: bool,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            read_timeout: READ_TIMEOUT,
            timeout: Duration::from_secs(90),
            largest_body: LARGEST_BODY,
            insecure_http: false,
        }
    }
}

/// Sends requests over the network. The client is made at the first request and kept, with its connections.
pub struct HttpTransport {
    base: ServerUrl,
    token: Option<Secret>,
    authorization: Option<HeaderValue>,
    options: HttpOptions,
    client: OnceCell<Client>,
}

impl HttpTransport {
    /// Speaks to this server with this token; refuses when the token would travel in clear.
    pub fn new(base: ServerUrl, token: Option<Secret>, options: HttpOptions) -> Result<Self, TransportError> {
        if token.is_some() && base.is_plain() && !base.is_loopback() && !options.insecure_http {
            return Err(TransportError::PlainHttp { host: base.host() });
        }
        let authorization = token.as_ref().map(bearer).transpose()?;
        Ok(Self {
            base,
            token,
            authorization,
            options,
            client: OnceCell::new(),
        })
    }

    async fn exchange(&self, request: Request) -> Result<Response, TransportError> {
        let client = self.client.get_or_try_init(|| async { self.build() }).await?;
        let mut url = self.base.join(&request.path).ok_or_else(|| TransportError::Path {
            path: request.path.clone(),
        })?;
        for _ in 0..MOST_REDIRECTS {
            let answer = self.once(client, &request, url).await?;
            match self.next_hop(&request, &answer)? {
                Some(next) => url = next,
                None => return self.read(&request, answer).await,
            }
        }
        Err(self.redirect(&request, 308, "itself, over and over".to_owned()))
    }

    fn build(&self) -> Result<Client, TransportError> {
        // Another part of the program may have chosen the same provider already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("lobuctl/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(self.options.connect_timeout)
            .read_timeout(self.options.read_timeout)
            .timeout(self.options.timeout);
        if self.base.is_loopback() {
            builder = builder.no_proxy();
        }
        builder
            .build()
            .map_err(|error| TransportError::Setup(innermost(&error.without_url())))
    }

    async fn once(&self, client: &Client, request: &Request, url: Url) -> Result<reqwest::Response, TransportError> {
        let mut call = client.request(method(request.method), url);
        if let Some(authorization) = &self.authorization {
            call = call.header(AUTHORIZATION, authorization.clone());
        }
        if let Some(body) = &request.body {
            call = call.header(CONTENT_TYPE, "application/json").body(body.bytes());
        }
        call.send().await.map_err(|error| self.no_answer(request, error))
    }

    /// Where the same request has to go instead, when the answer says so and it may.
    fn next_hop(&self, request: &Request, answer: &reqwest::Response) -> Result<Option<Url>, TransportError> {
        let status = answer.status().as_u16();
        if !matches!(status, 301 | 302 | 303 | 307 | 308) {
            return Ok(None);
        }
        let target = text(answer.headers(), LOCATION).and_then(|location| answer.url().join(&location).ok());
        match target {
            None => Err(self.redirect(request, status, "nowhere".to_owned())),
            Some(next) if self.base.same_origin(&next) && (request.method == Method::Get || status >= 307) => {
                Ok(Some(next))
            }
            Some(next) => Err(self.redirect(request, status, shown(&next))),
        }
    }

    fn redirect(&self, request: &Request, status: u16, mut location: String) -> TransportError {
        for secret in self.token.iter().chain(&request.secrets) {
            location = location.replace(secret.expose(), "***");
        }
        TransportError::Redirect {
            method: request.method,
            path: request.path.clone(),
            status,
            location,
        }
    }

    async fn read(&self, request: &Request, mut answer: reqwest::Response) -> Result<Response, TransportError> {
        let mut response = described(answer.status().as_u16(), answer.headers());
        while let Some(chunk) = answer.chunk().await.map_err(|error| self.no_answer(request, error))? {
            if response.body.len() + chunk.len() > self.options.largest_body {
                return Err(TransportError::TooLarge {
                    method: request.method,
                    path: request.path.clone(),
                    limit: self.options.largest_body.div_ceil(MEGABYTE),
                });
            }
            response.body.extend_from_slice(&chunk);
        }
        // Some servers and proxies repeat the request's headers when they complain.
        if !response.succeeded() || !is_json(&response) {
            scrub(&mut response, &self.token);
        }
        Ok(response)
    }

    fn no_answer(&self, request: &Request, error: reqwest::Error) -> TransportError {
        let error = error.without_url();
        let lost = how(&error);
        TransportError::NoAnswer {
            method: request.method,
            path: request.path.clone(),
            lost,
            what: self.words(lost, &error),
            maybe_sent: lost.maybe_sent(),
        }
    }

    fn words(&self, lost: Lost, error: &reqwest::Error) -> String {
        let host = self.base.host();
        match lost {
            Lost::Refused => format!("connection refused by {host}"),
            Lost::Unresolved => format!("the host {host} is not known"),
            Lost::Tls => format!("no secure connection to {host}: {}", innermost(error)),
            Lost::ConnectTimeout => {
                let seconds = self.options.connect_timeout.as_secs_f32();
                format!("no connection to {host} within {seconds} s")
            }
            Lost::Connect => format!("no connection to {host}: {}", innermost(error)),
            Lost::Timeout => format!("no answer from {host} in time"),
            Lost::Broken => format!("the connection to {host} broke off: {}", innermost(error)),
        }
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        self.exchange(request).boxed()
    }

    fn describe(&self) -> String {
        self.base.to_string()
    }
}

fn bearer(token: &Secret) -> Result<HeaderValue, TransportError> {
    let text = zeroize::Zeroizing::new(format!("Bearer {}", token.expose()));
    let mut value = HeaderValue::from_str(&text).map_err(|_| TransportError::Token)?;
    value.set_sensitive(true);
    Ok(value)
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}

fn described(status: u16, headers: &HeaderMap) -> Response {
    Response {
        status,
        content_type: text(headers, CONTENT_TYPE),
        retry_after: text(headers, RETRY_AFTER),
        location: text(headers, LOCATION),
        ..Response::default()
    }
}

fn is_json(response: &Response) -> bool {
    response
        .content_type
        .as_deref()
        .is_some_and(|kind| kind.contains("json"))
}

/// A URL without user information, query and fragment.
fn shown(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&cause| cause.source())
}

/// The words of the first cause: the outer ones only say that a request failed.
fn innermost(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

fn how(error: &reqwest::Error) -> Lost {
    if !error.is_connect() {
        return if error.is_timeout() {
            Lost::Timeout
        } else {
            Lost::Broken
        };
    }
    if error.is_timeout() {
        return Lost::ConnectTimeout;
    }
    if chain(error).any(is_tls) {
        return Lost::Tls;
    }
    // hyper has no type for a name that leads nowhere, only these words.
    if chain(error).any(|cause| cause.to_string() == "dns error") {
        return Lost::Unresolved;
    }
    let refused = |cause: &(dyn Error + 'static)| {
        let io = cause.downcast_ref::<io::Error>();
        io.is_some_and(|io| io.kind() == io::ErrorKind::ConnectionRefused)
    };
    if chain(error).any(refused) {
        Lost::Refused
    } else {
        Lost::Connect
    }
}

/// An `io::Error` hides what it wraps from `source`, and the TLS layers wrap more than once.
fn is_tls(cause: &(dyn Error + 'static)) -> bool {
    let inside = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    cause.is::<rustls::Error>() || inside.is_some_and(|inside| is_tls(inside))
}
