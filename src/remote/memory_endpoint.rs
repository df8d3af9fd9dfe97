//! The memory endpoint of an organization, which agents use: the Model Context Protocol over HTTP (contract section 16).
//!
//! Nothing here is repeated: a call may save knowledge, and a second one would save it twice.

use std::borrow::Cow;
use std::error::Error;
use std::time::{Duration, Instant};

use rmcp::model::{
    CallToolRequestParams, CallToolResult, ClientCapabilities, ClientConfig, ErrorCode, Implementation, JsonObject,
    PaginatedRequestParams,
};
use rmcp::service::{ClientInitializeError, RunningService, ServiceError};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::{StreamableHttpClientTransportConfig, StreamableHttpError};
use rmcp::{RoleClient, ServiceExt};
use serde::Serialize;
use serde_json::Value;

use super::http::HttpTransport;
use super::method::Method;
use super::retry::Attempt;
use super::transport::path;
use super::transport_error::TransportError;

/// How long the end of a session is waited for.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// The bounds on a list of tools that comes in pages. Each page has a bound of its own.
const MAX_TOOLS: usize = 1_000;
const MAX_TOOL_PAGES: usize = 1_000;
const MAX_TOOL_BYTES: usize = 16 * 1024 * 1024;

/// Called for each call of the endpoint, after it has ended.
pub type CallObserver = Box<dyn Fn(&Attempt) + Send + Sync>;

/// A session with the memory endpoint of an organization.
pub struct MemoryEndpoint {
    transport: HttpTransport,
    service: RunningService<RoleClient, ClientConfig>,
    log: CallLog,
}

/// What the endpoint says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EndpointFacts {
    /// The name of the server's program.
    pub name: Option<String>,
    /// The version of the server's program.
    pub version: Option<String>,
    /// The version of the protocol that both use, a date.
    pub protocol: String,
}

/// A tool that the endpoint offers to the owner of the token.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MemoryTool {
    /// Its name.
    pub name: String,
    /// What it does, in the server's words.
    pub description: String,
    /// The JSON Schema of its arguments.
    pub input_schema: Value,
}

/// What a tool answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ToolAnswer {
    /// Whether the tool says that it could not do what was asked.
    pub is_error: bool,
    /// The pieces of the answer, as the protocol has them: `{"type":"text","text":…}` and others.
    pub content: Vec<Value>,
    /// The same as data, where the tool gives it.
    pub structured_content: Option<Value>,
}

/// A request to the endpoint that was not answered with a result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MemoryError {
    /// The token is not accepted.
    #[error("the server does not accept the token")]
    SignedOut,
    /// The token is accepted, and may not do this.
    #[error("the token may not use the memory endpoint")]
    Forbidden,
    /// The endpoint refused the request in the protocol's own words.
    #[error("the server refused it: {message}")]
    Refused {
        /// The code of JSON-RPC.
        code: i32,
        /// The server's message.
        message: String,
    },
    /// No usable answer arrived.
    #[error("{message}")]
    NoAnswer {
        /// What happened instead.
        message: String,
        /// Whether the server may have carried out the request.
        maybe_applied: bool,
    },
}

impl MemoryError {
    /// Whether the server may have carried out the request.
    pub fn maybe_applied(&self) -> bool {
        matches!(
            self,
            Self::NoAnswer {
                maybe_applied: true,
                ..
            }
        )
    }
}

impl MemoryEndpoint {
    /// Begins a session.
    ///
    /// # Errors
    /// When the server cannot be reached, or is no memory endpoint for this token.
    pub async fn connect(
        transport: HttpTransport,
        organization: &str,
        observer: Option<CallObserver>,
    ) -> Result<Self, MemoryError> {
        let log = CallLog {
            path: path(&["mcp", organization]),
            observer,
        };
        let refused = |error: TransportError| MemoryError::NoAnswer {
            message: error.to_string(),
            maybe_applied: false,
        };
        let (client, url) = transport.client_for(&log.path).map_err(refused)?;
        let mut config = StreamableHttpClientTransportConfig::with_uri(url.as_str());
        config.reinit_on_expired_session = false;
        let session = StreamableHttpClientTransport::with_client(client, config);
        let about = ClientConfig::new(
            ClientCapabilities::default(),
            Implementation::new("lobuctl", env!("CARGO_PKG_VERSION")),
        );
        let started = log.timed(Box::pin(about.serve(session))).await;
        let service = started.map_err(|error| not_started(&transport, &error))?;
        Ok(Self {
            transport,
            service,
            log,
        })
    }

    /// Returns what the endpoint says of itself.
    pub fn facts(&self) -> EndpointFacts {
        let peer = self.service.peer().peer_info();
        let program = peer.as_ref().and_then(|peer| peer.server_info.as_ref());
        EndpointFacts {
            name: program.map(|program| program.name.clone()),
            version: program.map(|program| program.version.clone()),
            protocol: peer
                .as_ref()
                .map(|peer| peer.protocol_version.to_string())
                .unwrap_or_default(),
        }
    }

    /// Returns the tools that are offered, in the server's order.
    ///
    /// # Errors
    /// When the list does not arrive as a whole.
    pub async fn tools(&self) -> Result<Vec<MemoryTool>, MemoryError> {
        let (mut tools, mut cursor, mut bytes) = (Vec::new(), None, 0);
        // Not without end: a server may name a next page for ever.
        for _ in 0..MAX_TOOL_PAGES {
            let page = PaginatedRequestParams::default().with_cursor(cursor.clone());
            let listed = self.log.timed(Box::pin(self.service.list_tools(Some(page)))).await;
            let page = listed.map_err(|error| not_answered(&self.transport, &error, false))?;
            bytes += page.tools.iter().map(tool_size).sum::<usize>();
            tools.extend(page.tools);
            let next = page.next_cursor;
            if next.is_none() {
                return Ok(tools.into_iter().map(tool).collect());
            }
            if next == cursor || tools.len() > MAX_TOOLS || bytes > MAX_TOOL_BYTES {
                break;
            }
            cursor = next;
        }
        Err(MemoryError::NoAnswer {
            message: format!("the server's list of tools does not end: it has {} so far", tools.len()),
            maybe_applied: false,
        })
    }

    /// Calls a tool once.
    ///
    /// # Errors
    /// When no answer of the tool arrives. What the tool itself reports as an error is an answer.
    pub async fn call(&self, name: &str, arguments: JsonObject) -> Result<ToolAnswer, MemoryError> {
        let request = CallToolRequestParams::new(name.to_owned()).with_arguments(arguments);
        let called = self.log.timed(Box::pin(self.service.call_tool(request))).await;
        let result = called.map_err(|error| not_answered(&self.transport, &error, true))?;
        Ok(answer(result))
    }

    /// Ends the session, so that the server need not keep it. What goes wrong is not reported: the server forgets a session
    /// that is not used.
    pub async fn close(mut self) {
        let _ = self.service.close_with_timeout(CLOSE_TIMEOUT).await;
    }
}

fn tool(tool: rmcp::model::Tool) -> MemoryTool {
    MemoryTool {
        name: tool.name.into_owned(),
        description: tool.description.map(Cow::into_owned).unwrap_or_default(),
        input_schema: Value::Object(JsonObject::clone(&tool.input_schema)),
    }
}

/// Returns about how much room a tool takes.
fn tool_size(tool: &rmcp::model::Tool) -> usize {
    serde_json::to_vec(tool).map_or(0, |text| text.len())
}

fn answer(result: CallToolResult) -> ToolAnswer {
    let pieces = result.content.iter().map(serde_json::to_value);
    ToolAnswer {
        is_error: result.is_error.unwrap_or_default(),
        // The protocol's own types always have a JSON form.
        content: pieces.filter_map(Result::ok).collect(),
        structured_content: result.structured_content,
    }
}

/// Reports each call as the one request that carries it.
struct CallLog {
    path: String,
    observer: Option<CallObserver>,
}

impl CallLog {
    async fn timed<T, E: Error + 'static>(&self, call: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let started = Instant::now();
        let done = call.await;
        if let Some(observer) = &self.observer {
            observer(&Attempt {
                method: Method::Post,
                path: self.path.clone(),
                status: match &done {
                    Ok(_) => Some(200),
                    Err(error) => status_of(error),
                },
                took: started.elapsed(),
                attempt: 1,
                max_attempts: 1,
                will_retry: None,
            });
        }
        done
    }
}

fn not_started(transport: &HttpTransport, error: &ClientInitializeError) -> MemoryError {
    match error {
        ClientInitializeError::JsonRpcError(data) => refused(data.code, &data.message),
        // The library does not name this one as the source of the other.
        ClientInitializeError::TransportError { error, .. } => failed(transport, error, false),
        other => failed(transport, other, false),
    }
}

fn not_answered(transport: &HttpTransport, error: &ServiceError, writes: bool) -> MemoryError {
    match error {
        // Servers also use this code for what fails amid a call.
        ServiceError::McpError(data) if writes && data.code == ErrorCode::INTERNAL_ERROR => MemoryError::NoAnswer {
            message: format!("the server failed: {}", data.message),
            maybe_applied: true,
        },
        ServiceError::McpError(data) => refused(data.code, &data.message),
        other => failed(transport, other, writes),
    }
}

fn refused(code: ErrorCode, message: &str) -> MemoryError {
    MemoryError::Refused {
        code: code.0,
        message: message.to_owned(),
    }
}

/// What the library reports of an exchange over HTTP.
type HttpFailure = StreamableHttpError<reqwest::Error>;

/// Describes a failure below the protocol. `writes` is whether the request changes something when it is carried out.
fn failed(transport: &HttpTransport, error: &(dyn Error + 'static), writes: bool) -> MemoryError {
    let status = status_of(error);
    match status {
        Some(401) => return MemoryError::SignedOut,
        Some(403) => return MemoryError::Forbidden,
        _ => {}
    }
    let is_refusal = status.is_some_and(|status| (400..500).contains(&status));
    let (message, maybe_sent) = match http_failure(error) {
        Some(StreamableHttpError::Client(network)) if status.is_none() => transport.describe_error(network),
        Some(StreamableHttpError::UnexpectedServerResponse(text)) => (text.to_string(), !is_refusal),
        Some(failure) => (failure.to_string(), !is_refusal),
        None => (causes(error).last().map(ToString::to_string).unwrap_or_default(), true),
    };
    MemoryError::NoAnswer {
        message,
        maybe_applied: writes && maybe_sent,
    }
}

/// Returns the HTTP status of a refusal, where the library keeps it.
fn status_of(error: &(dyn Error + 'static)) -> Option<u16> {
    match http_failure(error)? {
        StreamableHttpError::AuthRequired(_) => Some(401),
        StreamableHttpError::InsufficientScope(_) => Some(403),
        StreamableHttpError::SessionExpired => Some(404),
        StreamableHttpError::HttpStatus(error) => Some(error.status),
        StreamableHttpError::Client(error) => error.status().map(|status| status.as_u16()),
        StreamableHttpError::UnexpectedServerResponse(text) => written_status(text),
        _ => None,
    }
}

/// Finds the status in `HTTP 401 Unauthorized: …`: for a refusal without a challenge the library has only this text.
fn written_status(text: &str) -> Option<u16> {
    text.strip_prefix("HTTP ")?.get(..3)?.parse().ok()
}

fn http_failure<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a HttpFailure> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&cause| cause.source())
}
