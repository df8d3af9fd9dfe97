//! A secret value, which only the request that needs it may carry.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// A secret value: no `Display`, no `Serialize`, a `Debug` that prints nothing, zeroed when dropped (semantics, law 3).
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Creates a secret from its value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(SecretString::from(value.into()))
    }

    /// Returns the value itself. Each call is a point at which the value could leak, so a new one needs a review.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<SecretString> for Secret {
    fn from(value: SecretString) -> Self {
        Self(value)
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        // In constant time for values of one length, so that the duration does not reveal how much of them agrees.
        self.expose().as_bytes().ct_eq(other.expose().as_bytes()).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

/// Whether a text has the form of a JSON Web Token: the base64url texts of two JSON objects and of a signature, joined by dots.
/// Most of them are issued for a short time.
pub fn is_web_token(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|each| each.is_ascii_alphanumeric() || b"-_".contains(&each))
    };
    let parts: Vec<&str> = text.trim().split('.').collect();
    // The first two begin as `{"` does.
    let is_object = |part: &str| part.starts_with("eyJ") && part.len() >= 8;
    matches!(parts.as_slice(), [head, claims, _] if is_object(head) && is_object(claims))
        && parts.into_iter().all(is_part)
}
