//! Encryption at rest: AES-256-GCM, `enc:v1:` and base64 of nonce, ciphertext and tag.
//!
//! Knows keys and texts; which fields are secret is `secret`'s business.

use aes_gcm::aead::{Aead, Generate, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::error::ServerError;

/// What every sealed text starts with.
pub(crate) const PREFIX: &str = "enc:v1:";
const NONCE: usize = 12;
const TAG: usize = 16;

/// A sealed text could not be opened: another key, another place, or not a sealed text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sealed;

/// The cipher with its key.
#[derive(Clone)]
pub(crate) struct Crypto {
    cipher: Aes256Gcm,
}

impl Crypto {
    /// Takes 32 bytes as base64, or as 64 hexadecimal digits.
    pub(crate) fn from_text(key: &SecretString) -> Result<Self, ServerError> {
        let text = key.expose_secret().trim();
        let bytes = Zeroizing::new(match from_hex(text) {
            Some(bytes) if bytes.len() == 32 => bytes,
            _ => STANDARD.decode(text).map_err(|_| ServerError::KeyFormat)?,
        });
        let bytes: &[u8; 32] = bytes.as_slice().try_into().map_err(|_| ServerError::KeyFormat)?;
        Ok(Self {
            cipher: Aes256Gcm::new(bytes.into()),
        })
    }

    /// A fresh key as base64.
    pub(crate) fn new_key() -> Result<SecretString, ServerError> {
        let key = Key::<Aes256Gcm>::try_generate().map_err(|_| ServerError::Random)?;
        Ok(SecretString::from(STANDARD.encode(key)))
    }

    /// Seals a text for one place (`aad`): moved elsewhere it does not open.
    pub(crate) fn seal(&self, plain: &str, aad: &str) -> Result<String, Sealed> {
        let nonce = Nonce::try_generate().map_err(|_| Sealed)?;
        let payload = Payload {
            msg: plain.as_bytes(),
            aad: aad.as_bytes(),
        };
        let sealed = self.cipher.encrypt(&nonce, payload).map_err(|_| Sealed)?;
        let mut bytes = nonce.to_vec();
        bytes.extend_from_slice(&sealed);
        Ok(format!("{PREFIX}{}", STANDARD.encode(bytes)))
    }

    /// Opens what [`Crypto::seal`] made for the same place.
    pub(crate) fn open(&self, sealed: &str, aad: &str) -> Result<String, Sealed> {
        let bytes = sealed
            .strip_prefix(PREFIX)
            .and_then(|text| STANDARD.decode(text).ok())
            .ok_or(Sealed)?;
        let (nonce, body) = bytes.split_at_checked(NONCE).ok_or(Sealed)?;
        self.decrypt(nonce, body, aad.as_bytes())
    }

    /// Opens the prefixless form of older databases, `nonce:tag:ciphertext` in hexadecimal. `None` when the text does
    /// not have that form.
    ///
    /// # Errors
    /// When it has the form, but was sealed with another key.
    pub(crate) fn open_legacy(&self, text: &str) -> Result<Option<String>, Sealed> {
        let Some([nonce, tag, body]) = legacy_parts(text) else {
            return Ok(None);
        };
        self.decrypt(&nonce, &[body, tag].concat(), b"").map(Some)
    }

    fn decrypt(&self, nonce: &[u8], body: &[u8], aad: &[u8]) -> Result<String, Sealed> {
        let nonce: &[u8; NONCE] = nonce.try_into().map_err(|_| Sealed)?;
        let plain = self
            .cipher
            .decrypt(nonce.into(), Payload { msg: body, aad })
            .map_err(|_| Sealed)?;
        String::from_utf8(plain).map_err(|_| Sealed)
    }
}

/// Nonce, tag and ciphertext, where a text has the older form.
fn legacy_parts(text: &str) -> Option<[Vec<u8>; 3]> {
    let parts: Option<Vec<Vec<u8>>> = text.split(':').map(from_hex).collect();
    let parts: [Vec<u8>; 3] = parts?.try_into().ok()?;
    (parts[0].len() == NONCE && parts[1].len() == TAG).then_some(parts)
}

/// Lower-case hexadecimal.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() || !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crypto() -> Crypto {
        Crypto::from_text(&Crypto::new_key().unwrap()).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        let crypto = crypto();
        let sealed = crypto.seal("hush", "platform/a").unwrap();
        assert!(sealed.starts_with(PREFIX) && !sealed.contains("hush"));
        assert_eq!(crypto.open(&sealed, "platform/a").as_deref(), Ok("hush"));
        assert_eq!(crypto.open(&sealed, "platform/b"), Err(Sealed));
        assert_eq!(self::crypto().open(&sealed, "platform/a"), Err(Sealed));
    }

    #[test]
    fn keys_are_base64_or_hexadecimal() {
        let hex = SecretString::from("ab".repeat(32));
        let base64 = SecretString::from(STANDARD.encode([0xab_u8; 32]));
        let sealed = Crypto::from_text(&hex).unwrap().seal("x", "").unwrap();
        assert_eq!(
            Crypto::from_text(&base64).unwrap().open(&sealed, "").as_deref(),
            Ok("x")
        );
        assert!(Crypto::from_text(&SecretString::from("short".to_owned())).is_err());
    }

    #[test]
    fn the_older_form_is_recognised_by_its_tag() {
        let crypto = crypto();
        let nonce = [7_u8; NONCE];
        let sealed = crypto.cipher.encrypt((&nonce).into(), b"old".as_slice()).unwrap();
        let (body, tag) = sealed.split_at(3);
        let text = format!("{}:{}:{}", to_hex(&nonce), to_hex(tag), to_hex(body));
        assert_eq!(crypto.open_legacy(&text), Ok(Some("old".to_owned())));
        assert_eq!(crypto.open_legacy("111:222:333"), Ok(None));
        assert_eq!(crypto.open_legacy(&text.replace(':', "-")), Ok(None));
        assert_eq!(self::crypto().open_legacy(&text), Err(Sealed), "another key");
    }
}
