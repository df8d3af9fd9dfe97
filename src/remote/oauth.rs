//! The OAuth client: discovery, registration, the device flow, refreshing and revoking (contract, "Authentication").
//!
//! Each address that the server names has to be on its own origin, so that no code and no token goes anywhere else.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use serde::de::DeserializeOwned;
use serde_json::json;
use zeroize::Zeroize;

use super::answer::{self, AnswerError};
use super::body::Body;
use super::http::{HttpOptions, HttpTransport};
use super::method::Method;
use super::oauth_body::{DeviceAuthorizationBody, DiscoveryBody, GatewayTokenBody, RegistrationBody, TokenBody};
use super::oauth_error::OAuthError;
use super::oauth_grant::{DeviceGrant, DevicePoll, GrantedTokens, KnownClient};
use super::retry::Retry;
use super::server_url::ServerUrl;
use super::transport::{Request, Response, Transport};
use super::transport_error::TransportError;
use crate::redact::Redactor;
use crate::resource::Secret;

/// The scopes that lobuctl asks for: everything that its commands need.
const SCOPES: &str = "mcp:read mcp:write mcp:admin profile:read";

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The pause between two polls where the server names none (RFC 8628, section 3.2).
const USUAL_INTERVAL: u64 = 5;

/// The longest pause between two polls that a server is believed, in seconds. One that wants longer ones says `slow_down`.
const MAX_INTERVAL: u64 = 60;

/// The longest time that a code is believed to be valid, in seconds: a day.
const MAX_VALIDITY: u64 = 24 * 60 * 60;

/// The maximum length of a code that a person types.
const MAX_USER_CODE: usize = 40;

/// Signs in at one server. Every token that it gets is added to its redactor before anybody sees it.
pub struct OAuthClient {
    transport: Box<dyn Transport>,
    server: ServerUrl,
    redactor: Redactor,
}

/// Where a server has its sign-in. Each is a path on the server's own origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthEndpoints {
    token: String,
    registration: String,
    device_authorization: String,
    revocation: Option<String>,
    userinfo: Option<String>,
}

impl OAuthEndpoints {
    /// Returns the full URLs of the endpoints for tokens, for revoking and for the person, as `credentials.json` has them.
    pub fn urls(&self, server: &ServerUrl) -> (String, Option<String>, Option<String>) {
        let url = |path: &String| format!("{}{path}", server.origin());
        (
            url(&self.token),
            self.revocation.as_ref().map(url),
            self.userinfo.as_ref().map(url),
        )
    }
}

impl OAuthClient {
    /// Creates a client that sends requests over the network, without a token.
    ///
    /// # Errors
    /// When codes and tokens would travel unencrypted, or TLS cannot be set up.
    pub fn over_network(server: &ServerUrl, options: HttpOptions, redactor: &Redactor) -> Result<Self, TransportError> {
        if server.is_plain() && !server.is_loopback() && !options.insecure_http {
            return Err(TransportError::PlainHttp { host: server.host() });
        }
        let transport = HttpTransport::new(server.root(), None, options)?;
        Ok(Self::new(Box::new(Retry::new(Arc::new(transport))), server, redactor))
    }

    /// Creates a client that sends requests through a transport to the root of the server's origin.
    pub fn new(transport: Box<dyn Transport>, server: &ServerUrl, redactor: &Redactor) -> Self {
        Self {
            transport,
            server: server.clone(),
            redactor: redactor.clone(),
        }
    }

    /// Returns the URL of the server.
    pub fn server(&self) -> &ServerUrl {
        &self.server
    }

    /// Asks the server where its sign-in is.
    ///
    /// # Errors
    /// When it has none, or names an address of another origin.
    pub async fn discover(&self) -> Result<OAuthEndpoints, OAuthError> {
        let path = format!("{}/.well-known/oauth-authorization-server", self.server.prefix());
        let found: DiscoveryBody = match self.send(Request::get(path)).await {
            Ok(found) => found,
            // An older server, or none at all: any path of a real one may answer 200 with something else.
            Err(OAuthError::Malformed(_)) => return Err(self.unavailable()),
            Err(OAuthError::Refused { answer, .. }) if matches!(answer.status, 404 | 405 | 501) => {
                return Err(self.unavailable());
            }
            Err(error) => return Err(error),
        };
        let required = |text: Option<String>| text.ok_or_else(|| self.unavailable());
        let optional = |what, text: Option<String>| text.map(|text| self.own_path(what, &text)).transpose();
        Ok(OAuthEndpoints {
            token: self.own_path("token endpoint", &found.token_endpoint)?,
            registration: self.own_path("registration endpoint", &required(found.registration_endpoint)?)?,
            device_authorization: self.own_path(
                "device authorization endpoint",
                &required(found.device_authorization_endpoint)?,
            )?,
            revocation: optional("revocation endpoint", found.revocation_endpoint)?,
            userinfo: optional("userinfo endpoint", found.userinfo_endpoint)?,
        })
    }

    /// Registers lobuctl at the server.
    ///
    /// # Errors
    /// When the server refuses it.
    pub async fn register(&self, endpoints: &OAuthEndpoints) -> Result<KnownClient, OAuthError> {
        let body = json!({
            "client_name": "lobuctl",
            "grant_types": [DEVICE_CODE, "refresh_token"],
            "token_endpoint_auth_method": "none",
            "scope": SCOPES,
        });
        let request = Request::new(Method::Post, &endpoints.registration).with_json(&body);
        let registered: RegistrationBody = self.send(request).await?;
        // A server may give a secret to a client that never has to show it.
        let is_public = registered.token_endpoint_auth_method.as_deref() == Some("none");
        let secret = registered.client_secret.filter(|_| !is_public);
        self.redactor.add(&secret);
        Ok(KnownClient {
            id: registered.client_id,
            secret,
        })
    }

    /// Begins a sign-in that a person approves elsewhere. `organization` is chosen beforehand on the page where they do.
    ///
    /// # Errors
    /// When the server refuses it, or names an address that no browser should open.
    pub async fn start_device(
        &self,
        endpoints: &OAuthEndpoints,
        client: &KnownClient,
        organization: Option<&str>,
    ) -> Result<DeviceGrant, OAuthError> {
        let resource = organization.map(|slug| format!("{}{}", self.server, super::transport::path(&["mcp", slug])));
        let mut fields = vec![("scope", SCOPES)];
        fields.extend(resource.as_deref().map(|resource| ("resource", resource)));
        let path = &endpoints.device_authorization;
        let started: DeviceAuthorizationBody = self.send(form(path, client, &fields)).await?;
        self.redactor.add([&started.device_code]);
        let is_plain = |one: char| one.is_ascii_alphanumeric() || one == '-';
        if started.user_code.len() > MAX_USER_CODE || !started.user_code.chars().all(is_plain) {
            return Err(malformed(path, "a code that a person can type"));
        }
        let web = |text: &str| {
            let url = Url::parse(text).ok();
            // The text goes to a terminal and to a browser: a parsed URL has no blanks and no control characters.
            let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
            url.map(String::from)
        };
        let address = web(&started.verification_uri).ok_or_else(|| malformed(path, "an address for a browser"))?;
        Ok(DeviceGrant {
            code: started.device_code,
            user_code: started.user_code,
            address,
            complete_address: started.verification_uri_complete.as_deref().and_then(web),
            valid_for: Duration::from_secs(started.expires_in.min(MAX_VALIDITY)),
            interval: Duration::from_secs(started.interval.unwrap_or(USUAL_INTERVAL).clamp(1, MAX_INTERVAL)),
        })
    }

    /// Asks whether somebody has approved.
    ///
    /// # Errors
    /// When the server does not answer, or with something else.
    pub async fn poll(
        &self,
        endpoints: &OAuthEndpoints,
        client: &KnownClient,
        grant: &DeviceGrant,
    ) -> Result<DevicePoll, OAuthError> {
        let fields = [("grant_type", DEVICE_CODE), ("device_code", grant.code.expose())];
        // The code works once: a second attempt whose first answer was lost would only be refused.
        let answer = self.issue(form(&endpoints.token, client, &fields).once()).await;
        match answer {
            Ok(tokens) => Ok(DevicePoll::Approved(tokens)),
            Err(OAuthError::Refused { code, answer }) => match code.as_str() {
                "authorization_pending" => Ok(DevicePoll::Pending),
                "slow_down" => Ok(DevicePoll::SlowDown),
                "access_denied" => Ok(DevicePoll::Denied),
                "expired_token" => Ok(DevicePoll::Expired),
                _ => Err(OAuthError::Refused { code, answer }),
            },
            Err(error) => Err(error),
        }
    }

    /// Exchanges a refresh token for a new pair. The old one ends with it.
    ///
    /// # Errors
    /// When the endpoint is not on the server's origin, or the server refuses or does not answer.
    pub async fn refresh(
        &self,
        endpoint: &str,
        client: &KnownClient,
        refresh: &Secret,
    ) -> Result<GrantedTokens, OAuthError> {
        let path = self.own_path("token endpoint", endpoint)?;
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose())];
        self.issue(form(&path, client, &fields).once()).await
    }

    /// Does the same for a credential of the gateway of April 2026, below the `apiUrl` of its context.
    ///
    /// # Errors
    /// As for [`Self::refresh`].
    pub async fn refresh_at_gateway(&self, api_url: &str, refresh: &Secret) -> Result<GrantedTokens, OAuthError> {
        let base = self.own_path("gateway", api_url)?;
        let path = format!("{}/auth/refresh", base.trim_end_matches('/'));
        let body = json!({ "refreshToken": refresh.expose() });
        let request = Request::new(Method::Post, path).with_json(&body).once();
        let tokens: GatewayTokenBody = self.send(request).await?;
        self.redactor.add([&tokens.access_token, &tokens.refresh_token]);
        Ok(GrantedTokens {
            access: tokens.access_token,
            refresh: Some(tokens.refresh_token),
            valid_for: None,
            ends_at_ms: Some(tokens.expires_at),
            scope: None,
        })
    }

    /// Revokes a token. A server answers the same for a token that it does not know.
    ///
    /// # Errors
    /// When the endpoint is not on the server's origin, or the server refuses or does not answer.
    pub async fn revoke(&self, endpoint: &str, client: &KnownClient, token: &Secret) -> Result<(), OAuthError> {
        let path = self.own_path("revocation endpoint", endpoint)?;
        self.exchange(form(&path, client, &[("token", token.expose())]))
            .await
            .map(drop)
    }

    /// Ends the session of a credential of the gateway of April 2026, with all its tokens.
    ///
    /// # Errors
    /// As for [`Self::revoke`].
    pub async fn end_at_gateway(&self, api_url: &str, refresh: &Secret) -> Result<(), OAuthError> {
        let base = self.own_path("gateway", api_url)?;
        let path = format!("{}/auth/logout", base.trim_end_matches('/'));
        let body = json!({ "refreshToken": refresh.expose() });
        self.exchange(Request::new(Method::Post, path).with_json(&body))
            .await
            .map(drop)
    }

    async fn issue(&self, request: Request) -> Result<GrantedTokens, OAuthError> {
        let path = request.path.clone();
        let tokens: TokenBody = self.send(request).await?;
        self.redactor.add([&tokens.access_token]);
        self.redactor.add(&tokens.refresh_token);
        if !tokens.token_type.eq_ignore_ascii_case("bearer") {
            return Err(malformed(&path, "a bearer token"));
        }
        Ok(GrantedTokens {
            access: tokens.access_token,
            refresh: tokens.refresh_token,
            valid_for: tokens.expires_in.map(Duration::from_secs),
            ends_at_ms: None,
            scope: tokens.scope,
        })
    }

    async fn send<T: DeserializeOwned>(&self, request: Request) -> Result<T, OAuthError> {
        let (method, path) = (request.method, request.path.clone());
        let mut response = self.exchange(request).await?;
        let decoded = answer::decode(method, &path, &response, &self.redactor).map_err(OAuthError::Malformed);
        // It may hold tokens.
        response.body.zeroize();
        decoded
    }

    /// Sends a request. Returns the response unless it refuses the request.
    async fn exchange(&self, request: Request) -> Result<Response, OAuthError> {
        let (method, path) = (request.method, request.path.clone());
        let response = self.transport.send(request).await?;
        match answer::refusal(method, &path, &response, &self.redactor) {
            None => Ok(response),
            Some(refusal) => Err(OAuthError::Refused {
                answer: AnswerError {
                    // The hints of the API's routes are about tokens that are sent with a request.
                    hint: None,
                    ..refusal.error
                },
                code: refusal.code,
            }),
        }
    }

    /// Returns the path of an address, when it is on the server's own origin.
    fn own_path(&self, what: &'static str, address: &str) -> Result<String, OAuthError> {
        let elsewhere = |named: String| OAuthError::Elsewhere {
            server: self.server.to_string(),
            what,
            named,
        };
        let url = Url::parse(address).map_err(|_| elsewhere("something that is no URL".to_owned()))?;
        let is_bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        if self.server.same_origin(&url) && is_bare {
            return Ok(url.path().to_owned());
        }
        Err(elsewhere(url.origin().ascii_serialization()))
    }

    fn unavailable(&self) -> OAuthError {
        OAuthError::Unavailable {
            server: self.server.to_string(),
        }
    }
}

fn malformed(path: &str, expected: &str) -> OAuthError {
    OAuthError::Malformed(AnswerError {
        method: Method::Post,
        path: path.to_owned(),
        status: 200,
        what: format!("answered 200 without {expected}"),
        hint: Some("check that `--url` is a Lobu server, and its path prefix"),
    })
}

/// Returns a request with form fields, which name the client first.
fn form(path: &str, client: &KnownClient, fields: &[(&str, &str)]) -> Request {
    let secret = client.secret.as_ref().map(|secret| ("client_secret", secret.expose()));
    let client = std::iter::once(("client_id", client.id.as_str())).chain(secret);
    let fields: Vec<(&str, &str)> = client.chain(fields.iter().copied()).collect();
    Request::new(Method::Post, path).with_body(Body::form(&fields))
}
