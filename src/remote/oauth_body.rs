//! The bodies of the OAuth routes, as the server sends them. What may be a secret is one from the moment it is parsed.

use serde::{Deserialize, Deserializer};

use crate::resource::Secret;

/// The answer of the discovery (RFC 8414).
#[derive(Deserialize)]
pub(super) struct DiscoveryBody {
    pub(super) token_endpoint: String,
    pub(super) registration_endpoint: Option<String>,
    pub(super) device_authorization_endpoint: Option<String>,
    pub(super) revocation_endpoint: Option<String>,
    pub(super) userinfo_endpoint: Option<String>,
}

/// The answer of a registration (RFC 7591).
#[derive(Deserialize)]
pub(super) struct RegistrationBody {
    pub(super) client_id: String,
    #[serde(default, deserialize_with = "secret")]
    pub(super) client_secret: Option<Secret>,
    pub(super) token_endpoint_auth_method: Option<String>,
}

/// The answer of a device authorization (RFC 8628).
#[derive(Deserialize)]
pub(super) struct DeviceAuthorizationBody {
    #[serde(deserialize_with = "some_secret")]
    pub(super) device_code: Secret,
    pub(super) user_code: String,
    pub(super) verification_uri: String,
    pub(super) verification_uri_complete: Option<String>,
    pub(super) expires_in: u64,
    pub(super) interval: Option<u64>,
}

/// The answer of a grant.
#[derive(Deserialize)]
pub(super) struct TokenBody {
    #[serde(deserialize_with = "some_secret")]
    pub(super) access_token: Secret,
    #[serde(default, deserialize_with = "secret")]
    pub(super) refresh_token: Option<Secret>,
    pub(super) token_type: String,
    pub(super) expires_in: Option<u64>,
    pub(super) scope: Option<String>,
}

/// The answer of a refresh in April 2026's gateway (contract section 2).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GatewayTokenBody {
    #[serde(deserialize_with = "some_secret")]
    pub(super) access_token: Secret,
    #[serde(deserialize_with = "some_secret")]
    pub(super) refresh_token: Secret,
    /// In milliseconds since 1970.
    pub(super) expires_at: i64,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.is_empty()).map(Secret::new))
}

fn some_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    let found = secret(deserializer)?;
    found.ok_or_else(|| serde::de::Error::custom("an empty token"))
}
