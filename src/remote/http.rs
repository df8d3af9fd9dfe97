//! Requests over the network, on reqwest with rustls and ring.
//!
//! The token is sent to the one origin that the user chose, over TLS unless that is this machine. This module follows
//! redirects itself: within the origin, and for a write only where method and body are kept (307 and 308).

use std::error::Error;
use std::io;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, ClientBuilder, Url, redirect};
use tokio::sync::OnceCell;

use super::answer::MAX_ERROR_BODY;
use super::header;
use super::method::Method;
use super::server_url::ServerUrl;
use super::transport::{MAX_BODY, MEGABYTE, Request, Response, Transport};
use super::transport_error::{NoAnswerCause, TransportError};
use crate::redact::Redactor;
use crate::resource::Secret;

const MAX_REDIRECTS: usize = 5;

/// How long a server may send nothing before an attempt is given up. A Lobu server gives up on a request after 30 s: a
/// client that gave up first would lose its answer.
pub const READ_TIMEOUT: Duration = Duration::from_secs(45);

/// Timeouts, limits, and whether plain http is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpOptions {
    /// The timeout for a connection.
    pub connect_timeout: Duration,
    /// The timeout between two pieces of a response, and for its first one.
    pub read_timeout: Duration,
    /// The timeout for the whole exchange.
    pub timeout: Duration,
    /// The maximum size of an unpacked response, in bytes.
    pub max_body: usize,
    /// Whether the token may be sent over plain http to another machine.
    pub insecure_http: bool,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            read_timeout: READ_TIMEOUT,
            timeout: Duration::from_secs(90),
            max_body: MAX_BODY,
            insecure_http: false,
        }
    }
}

/// Sends requests over the network. The HTTP client is created for the first request and kept, with its connections.
pub struct HttpTransport {
    base: ServerUrl,
    token: Option<Secret>,
    redactor: Redactor,
    authorization: Option<HeaderValue>,
    options: HttpOptions,
    client: OnceCell<Client>,
}

impl HttpTransport {
    /// Creates a transport to a server. Sends nothing yet.
    ///
    /// # Errors
    /// The token would be sent unencrypted, or cannot be part of a header.
    pub fn new(base: ServerUrl, token: Option<Secret>, options: HttpOptions) -> Result<Self, TransportError> {
        if token.is_some() && base.is_plain() && !base.is_loopback() && !options.insecure_http {
            return Err(TransportError::PlainHttp { host: base.host() });
        }
        let authorization = token.as_ref().map(bearer).transpose()?;
        let redactor = Redactor::default();
        redactor.add(&token);
        Ok(Self {
            redactor,
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
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        for _ in 0..MAX_REDIRECTS {
            let answer = self.once(client, &request, url).await?;
            match self.next_hop(&request, &answer)? {
                Some(next) => url = next,
                None => return self.read(&request, answer).await,
            }
        }
        Err(self.redirect(&request, 308, "itself, over and over"))
    }

    /// Returns a client of its own that sends the token with each request, and the URL of a path to send them to. It follows
    /// no redirect.
    ///
    /// # Errors
    /// When TLS cannot be set up, or the path is none.
    pub(super) fn client_for(&self, path: &str) -> Result<(Client, Url), TransportError> {
        let url = self
            .base
            .join(path)
            .ok_or_else(|| TransportError::Path { path: path.to_owned() })?;
        let headers = self.authorization.iter().map(|value| (AUTHORIZATION, value.clone()));
        let client = built(self.builder().default_headers(headers.collect()))?;
        Ok((client, url))
    }

    /// Says why a request of such a client has no answer, and whether it may have been sent.
    pub(super) fn describe_error(&self, error: &reqwest::Error) -> (String, bool) {
        let cause = cause_of(error);
        (self.redactor.text(&self.message(cause, error)), cause.maybe_sent())
    }

    fn build(&self) -> Result<Client, TransportError> {
        built(self.builder())
    }

    fn builder(&self) -> ClientBuilder {
        // Another part of the program may have chosen the same provider already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("lobuctl/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(self.options.connect_timeout)
            .read_timeout(self.options.read_timeout)
            .timeout(self.options.timeout);
        if self.base.is_plain() {
            // Redirects stay within the origin, so that no request uses TLS: the certificates of this machine, which it
            // may not even have, need not be loaded.
            builder = builder.tls_certs_only(std::iter::empty());
        }
        // A proxy of the environment would get the token over plain http.
        if self.base.is_loopback() {
            builder = builder.no_proxy();
        }
        builder
    }

    async fn once(&self, client: &Client, request: &Request, url: Url) -> Result<reqwest::Response, TransportError> {
        let mut call = client.request(method(request.method), url);
        if let Some(authorization) = &self.authorization {
            call = call.header(AUTHORIZATION, authorization.clone());
        }
        for (name, value) in header::of_write(request) {
            call = call.header(name, value);
        }
        if let Some(body) = &request.body {
            call = call.header(CONTENT_TYPE, body.content_type()).body(body.bytes());
        }
        call.send().await.map_err(|error| self.no_answer(request, error))
    }

    /// Returns the URL to repeat the request at, when the response redirects it to one that is allowed.
    fn next_hop(&self, request: &Request, answer: &reqwest::Response) -> Result<Option<Url>, TransportError> {
        let status = answer.status().as_u16();
        if !matches!(status, 301 | 302 | 303 | 307 | 308) {
            return Ok(None);
        }
        let location = header::response(status, answer.headers()).location;
        let target = location.and_then(|location| answer.url().join(&location).ok());
        match target {
            None => Err(self.redirect(request, status, "nowhere")),
            Some(next) if self.base.same_origin(&next) && (request.method == Method::Get || status >= 307) => {
                Ok(Some(next))
            }
            Some(next) => Err(self.redirect(request, status, &without_query(&next))),
        }
    }

    fn redirect(&self, request: &Request, status: u16, location: &str) -> TransportError {
        TransportError::Redirect {
            method: request.method,
            path: request.path.clone(),
            status,
            location: self.redactor.text(location),
        }
    }

    async fn read(&self, request: &Request, mut answer: reqwest::Response) -> Result<Response, TransportError> {
        let mut response = header::response(answer.status().as_u16(), answer.headers());
        while let Some(chunk) = answer.chunk().await.map_err(|error| self.no_answer(request, error))? {
            if response.body.len() + chunk.len() > self.options.max_body {
                return Err(TransportError::TooLarge {
                    method: request.method,
                    path: request.path.clone(),
                    limit: self.options.max_body.div_ceil(MEGABYTE),
                });
            }
            response.body.extend_from_slice(&chunk);
            // A message for people is short; the rest of the body would only have to be searched for secrets.
            if !response.succeeded() && response.body.len() >= MAX_ERROR_BODY {
                response.body.truncate(MAX_ERROR_BODY);
                break;
            }
        }
        Ok(response)
    }

    fn no_answer(&self, request: &Request, error: reqwest::Error) -> TransportError {
        let error = error.without_url();
        let cause = cause_of(&error);
        TransportError::NoAnswer {
            method: request.method,
            path: request.path.clone(),
            cause,
            message: self.redactor.text(&self.message(cause, &error)),
            maybe_sent: cause.maybe_sent(),
        }
    }

    fn message(&self, cause: NoAnswerCause, error: &reqwest::Error) -> String {
        let host = self.base.host();
        match cause {
            NoAnswerCause::Refused => format!("connection refused by {host}"),
            NoAnswerCause::Unresolved => format!("the host {host} is not known"),
            NoAnswerCause::Tls => format!("no secure connection to {host}: {}", innermost(error)),
            NoAnswerCause::SpeaksPlainHttp => format!("{host} speaks plain http: try `http://{host}`"),
            NoAnswerCause::ConnectTimeout => {
                let seconds = self.options.connect_timeout.as_secs_f32();
                format!("no connection to {host} within {seconds} s")
            }
            NoAnswerCause::Connect => format!("no connection to {host}: {}", innermost(error)),
            NoAnswerCause::Timeout => format!("no answer from {host} in time"),
            NoAnswerCause::Broken => format!("the connection to {host} broke off: {}", innermost(error)),
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

    fn add_secrets(&self, redactor: &Redactor) {
        redactor.add(&self.token);
    }
}

fn built(builder: ClientBuilder) -> Result<Client, TransportError> {
    builder
        .build()
        .map_err(|error| TransportError::Setup(innermost(&error.without_url())))
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

/// Returns a URL without user information, query and fragment.
fn without_query(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&cause| cause.source())
}

/// Returns the message of the first cause: the outer ones only say that a request failed.
fn innermost(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

fn cause_of(error: &reqwest::Error) -> NoAnswerCause {
    if !error.is_connect() {
        return if error.is_timeout() {
            NoAnswerCause::Timeout
        } else {
            NoAnswerCause::Broken
        };
    }
    if error.is_timeout() {
        return NoAnswerCause::ConnectTimeout;
    }
    if let Some(tls) = chain(error).find_map(tls_error) {
        // The first bytes of `HTTP/1.1 400` are not those of a TLS record.
        let plain = *tls == rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
        return if plain {
            NoAnswerCause::SpeaksPlainHttp
        } else {
            NoAnswerCause::Tls
        };
    }
    // hyper has no type for a failed lookup, only this text.
    if chain(error).any(|cause| cause.to_string() == "dns error") {
        return NoAnswerCause::Unresolved;
    }
    let refused = |cause: &(dyn Error + 'static)| {
        let io = cause.downcast_ref::<io::Error>();
        io.is_some_and(|io| io.kind() == io::ErrorKind::ConnectionRefused)
    };
    if chain(error).any(refused) {
        NoAnswerCause::Refused
    } else {
        NoAnswerCause::Connect
    }
}

/// Returns the TLS error that a cause is or wraps. An `io::Error` hides what it wraps from `source`, and the TLS layers
/// wrap more than once.
fn tls_error<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    cause.downcast_ref().or_else(|| {
        let inside = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref)?;
        tls_error(inside)
    })
}
