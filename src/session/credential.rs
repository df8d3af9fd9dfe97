//! A credential of `credentials.json`, of either generation of the `lobu` CLI.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::folder::child;
use crate::resource::Secret;

/// How long before its end a token is refreshed.
const REFRESH_AHEAD: Duration = Duration::from_mins(1);

/// A credential of `credentials.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCredential {
    /// The token that requests carry.
    pub access: Secret,
    /// The token that gets a new pair, once.
    pub refresh: Option<Secret>,
    /// When the access token ends. `None` when that is not known, as for personal access tokens.
    pub expires_at: Option<Timestamp>,
    /// The name of the person, as the server gave it at sign-in.
    pub name: Option<String>,
    /// The address of the person, as the server gave it at sign-in.
    pub email: Option<String>,
    /// The id of the person, as the server gave it at sign-in.
    pub user_id: Option<String>,
    /// The scopes that were granted, separated by spaces.
    pub scope: Option<String>,
    /// How the credential is refreshed and revoked. `None` for personal access tokens and for the `lobu` CLI of April 2026.
    pub oauth: Option<OAuthClientRecord>,
}

/// The client that a credential was issued to, and the endpoints for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OAuthClientRecord {
    /// The id that the server gave the client.
    pub client_id: String,
    /// The client's own secret, if the server wants one.
    pub client_secret: Option<Secret>,
    /// The URL at which the credential is refreshed.
    pub token_endpoint: Option<String>,
    /// The URL at which the credential is revoked.
    pub revocation_endpoint: Option<String>,
    /// The URL at which the server says whose the credential is.
    pub userinfo_endpoint: Option<String>,
}

impl StoredCredential {
    /// Creates a credential of which only the token is known.
    pub fn new(access: Secret) -> Self {
        Self {
            access,
            refresh: None,
            expires_at: None,
            name: None,
            email: None,
            user_id: None,
            scope: None,
            oauth: None,
        }
    }

    /// Reads an entry of the file. `None` when it has no access token.
    pub(super) fn read(entry: &Value) -> Option<Self> {
        let text = |key: &str| Some(entry.get(key)?.as_str()?.to_owned()).filter(|text| !text.is_empty());
        Some(Self {
            access: Secret::new(text("accessToken")?),
            refresh: text("refreshToken").map(Secret::new),
            expires_at: entry.get("expiresAt").and_then(milliseconds),
            name: text("name"),
            email: text("email"),
            user_id: text("userId"),
            scope: text("scope"),
            oauth: entry.get("oauth").and_then(OAuthClientRecord::read),
        })
    }

    /// Writes the credential into an entry of the file, and leaves its other keys alone.
    pub(super) fn write(&self, entry: &mut Map<String, Value>) {
        let mut put = |key: &str, value: Option<Value>| match value {
            Some(value) => drop(entry.insert(key.to_owned(), value)),
            None => drop(entry.shift_remove(key)),
        };
        put("accessToken", Some(self.access.expose().into()));
        put("refreshToken", self.refresh.as_ref().map(|it| it.expose().into()));
        put("expiresAt", self.expires_at.map(|it| it.as_millisecond().into()));
        put("name", self.name.clone().map(Value::from));
        put("email", self.email.clone().map(Value::from));
        put("userId", self.user_id.clone().map(Value::from));
        put("scope", self.scope.clone().map(Value::from));
        match &self.oauth {
            Some(oauth) => oauth.write(child(entry, "oauth")),
            None => drop(entry.shift_remove("oauth")),
        }
    }

    /// Whether the access token has ended, or ends within a minute.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.expires_at
            .is_some_and(|end| end.duration_since(now) <= REFRESH_AHEAD.try_into().unwrap_or_default())
    }

    /// Whether the access token has ended.
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Returns every value that must not be printed.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let client_secret = self.oauth.as_ref().and_then(|oauth| oauth.client_secret.as_ref());
        std::iter::once(&self.access).chain(&self.refresh).chain(client_secret)
    }
}

impl OAuthClientRecord {
    fn read(value: &Value) -> Option<Self> {
        let text = |key: &str| Some(value.get(key)?.as_str()?.to_owned());
        Some(Self {
            client_id: text("clientId")?,
            client_secret: text("clientSecret").map(Secret::new),
            token_endpoint: text("tokenEndpoint"),
            revocation_endpoint: text("revocationEndpoint"),
            userinfo_endpoint: text("userinfoEndpoint"),
        })
    }

    fn write(&self, object: &mut Map<String, Value>) {
        let secret = self.client_secret.as_ref().map(|secret| secret.expose().to_owned());
        let texts = [
            ("clientId", Some(self.client_id.clone())),
            ("clientSecret", secret),
            ("tokenEndpoint", self.token_endpoint.clone()),
            ("revocationEndpoint", self.revocation_endpoint.clone()),
            ("userinfoEndpoint", self.userinfo_endpoint.clone()),
        ];
        for (key, text) in texts {
            match text {
                Some(text) => drop(object.insert(key.to_owned(), text.into())),
                None => drop(object.shift_remove(key)),
            }
        }
    }
}

/// Reads a time in milliseconds since 1970. JavaScript may write a fraction.
fn milliseconds(value: &Value) -> Option<Timestamp> {
    let number = value.as_i64().or_else(|| value.as_f64().map(|number| number as i64))?;
    Timestamp::from_millisecond(number).ok()
}
