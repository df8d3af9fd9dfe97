//! `POST /oauth/token` and `POST /oauth/revoke`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::discovery::{DEVICE_GRANT, REFRESH_GRANT};
use crate::server::app::{App, Shared};
use crate::server::form::Parameters;
use crate::server::oauth::client::{ClientProof, RegisteredClient};
use crate::server::oauth::error::{invalid_request, refused};
use crate::server::oauth::issue::IssuedTokens;
use crate::server::oauth::{device, grant};
use crate::server::reply::{ApiError, ApiResult};

/// Issues tokens for an approved request, or for a refresh token.
pub(super) async fn issue(State(app): State<Shared>, parameters: Parameters) -> ApiResult<Json<Value>> {
    let kind = parameters.require("grant_type", "grant_type is required")?;
    let id = parameters.require("client_id", "client_id is required")?;
    let secret = parameters.get("client_secret");
    let tokens = match kind {
        DEVICE_GRANT => {
            let client = RegisteredClient::authenticated(&app.db, id, secret).await?;
            redeem(&app, &client, &parameters).await?
        }
        REFRESH_GRANT => {
            let client = RegisteredClient::authenticated(&app.db, id, secret).await?;
            let token = parameters.require("refresh_token", "Missing refresh_token")?;
            grant::refresh(&app.db, &client, token, parameters.get("scope")).await?
        }
        other => {
            let message = format!("Unsupported grant_type: {other}");
            return Err(refused("unsupported_grant_type", message));
        }
    };
    Ok(Json(tokens.body()))
}

async fn redeem(app: &App, client: &RegisteredClient, parameters: &Parameters) -> ApiResult<IssuedTokens> {
    let code = parameters.require("device_code", "Missing device_code")?;
    let mut tx = app.db.begin().await?;
    let approved = device::redeem(&mut tx, client, code).await?;
    let tokens = grant::create(&mut tx, client, approved).await?;
    tx.commit().await?;
    Ok(tokens)
}

/// Revokes a token. The response does not show whether there was one.
pub(super) async fn revoke(State(app): State<Shared>, parameters: Parameters) -> ApiResult<Json<Value>> {
    let (Some(token), Some(id)) = (parameters.get("token"), parameters.get("client_id")) else {
        return Err(invalid_request("token and client_id are required"));
    };
    let client = RegisteredClient::find(&app.db, id).await?;
    let client = client.ok_or_else(|| unknown_client("Unknown client"))?;
    match client.check_secret(parameters.get("client_secret")) {
        ClientProof::Given => {}
        ClientProof::Missing => return Err(unknown_client("client_secret is required for confidential clients")),
        ClientProof::Wrong => return Err(unknown_client("Invalid client credentials")),
    }
    grant::revoke(&app.db, &client, &SecretString::from(token)).await?;
    Ok(Json(json!({ "revoked": true })))
}

/// Creates the error of this route for a client, a 401.
fn unknown_client(message: &str) -> ApiError {
    ApiError::coded(StatusCode::UNAUTHORIZED, "invalid_client", message)
}
