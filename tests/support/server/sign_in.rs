//! A program that signs in by the device flow, and the person who approves it.

use axum::Router;
use axum::http::Request;
use lobuctl::server::Server;
use serde_json::{Value, json};

use crate::support::server::visitor::{ORIGIN, Visitor, form};
use crate::support::server::{HttpReply, ask};

/// The grant type of the device flow.
pub const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// Every scope.
pub const ALL_SCOPES: &str = "mcp:read mcp:write mcp:admin profile:read";

/// A registered public client of a server.
#[derive(Clone)]
pub struct DeviceClient {
    router: Router,
    /// The id that the server gave it.
    pub id: String,
}

/// The codes of a request that waits for a person.
pub struct StartedRequest {
    pub device_code: String,
    pub user_code: String,
}

impl DeviceClient {
    /// Registers a client with this name.
    pub async fn register(server: &Server, name: &str) -> Self {
        let body = json!({
            "client_name": name,
            "grant_types": [DEVICE_GRANT, "refresh_token"],
            "token_endpoint_auth_method": "none",
        });
        let request = Request::post("/oauth/register").body(body.to_string().into()).unwrap();
        let reply = ask(&server.router(), request).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        Self {
            router: server.router(),
            id: text(&reply.body, "client_id"),
        }
    }

    /// Returns the same client of another server on the same database.
    pub fn at(&self, server: &Server) -> Self {
        Self {
            router: server.router(),
            id: self.id.clone(),
        }
    }

    /// Sends a form with the client's id.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> HttpReply {
        let fields = [&[("client_id", self.id.as_str())], fields].concat();
        ask(&self.router, form(Request::post(path), &fields)).await
    }

    /// Asks for scopes.
    pub async fn start(&self, scope: &str) -> StartedRequest {
        let reply = self.post("/oauth/device_authorization", &[("scope", scope)]).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        StartedRequest {
            device_code: text(&reply.body, "device_code"),
            user_code: text(&reply.body, "user_code"),
        }
    }

    /// Asks whether a request was approved.
    pub async fn poll(&self, device_code: &str) -> HttpReply {
        let fields = [("grant_type", DEVICE_GRANT), ("device_code", device_code)];
        self.post("/oauth/token", &fields).await
    }

    /// Exchanges a refresh token.
    pub async fn refresh(&self, refresh_token: &str) -> HttpReply {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        self.post("/oauth/token", &fields).await
    }
}

/// Returns a text of a JSON object.
pub fn text(body: &Value, key: &str) -> String {
    body[key]
        .as_str()
        .unwrap_or_else(|| panic!("no {key} in {body}"))
        .to_owned()
}

/// Signs a user in to an organization with scopes. Returns the body with the tokens.
pub async fn sign_in(server: &Server, user: &str, organization: &str, scope: &str) -> Value {
    let client = DeviceClient::register(server, "lobuctl").await;
    let started = client.start(scope).await;
    let visitor = Visitor::signed_in(server, ORIGIN, user).await;
    let approval = json!({ "user_code": started.user_code, "approved": true, "organization_id": organization });
    let approved = visitor.json("/oauth/device/approve", &approval).await;
    assert_eq!(approved.status, 200, "{}", approved.text);
    let issued = client.poll(&started.device_code).await;
    assert_eq!(issued.status, 200, "{}", issued.text);
    issued.body
}
