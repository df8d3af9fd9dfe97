//! Encryption at rest: AES-256-GCM. A sealed text is `enc:v2:`, the id of its key, and base64 of nonce, ciphertext and
//! tag. Texts of older releases, `enc:v1:`, do not name their key.
//!
//! Knows keys and texts; which fields are secret is `secret`'s business.

use aes_gcm::aead::{Aead, Generate, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::error::ServerError;

const WITH_ID: &str = "enc:v2:";
const WITHOUT_ID: &str = "enc:v1:";
const NONCE: usize = 12;
const TAG: usize = 16;
/// The number of bytes of a key's id.
const ID: usize = 8;

/// A sealed text could not be opened: another key, another row, or not a sealed text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sealed;

/// Whether a text has the form of a sealed one.
pub(crate) fn is_sealed(text: &str) -> bool {
    text.starts_with(WITH_ID) || text.starts_with(WITHOUT_ID)
}

/// Returns the id of the key that a text was sealed with. `None` for texts of older releases.
pub(crate) fn key_id(sealed: &str) -> Option<&str> {
    sealed.strip_prefix(WITH_ID)?.split_once(':').map(|(id, _)| id)
}

/// One key, ready to seal and to open.
pub(crate) struct EncryptionKey {
    id: String,
    cipher: Aes256Gcm,
}

impl EncryptionKey {
    /// Reads 32 bytes as base64, or as 64 hexadecimal digits.
    pub(crate) fn from_text(key: &SecretString) -> Result<Self, ServerError> {
        let text = key.expose_secret().trim();
        let bytes = Zeroizing::new(match from_hex(text) {
            Some(bytes) if bytes.len() == 32 => bytes,
            _ => STANDARD.decode(text).map_err(|_| ServerError::KeyFormat)?,
        });
        let bytes: &[u8; 32] = bytes.as_slice().try_into().map_err(|_| ServerError::KeyFormat)?;
        // The key is random, so that its digest gives nothing away. The prefix keeps the id apart from any other digest.
        let digest = Sha256::new()
            .chain_update(b"lobuctl key id\0")
            .chain_update(bytes)
            .finalize();
        Ok(Self {
            id: to_hex(&digest[..ID]),
            cipher: Aes256Gcm::new(bytes.into()),
        })
    }

    /// Returns a new random key as base64.
    pub(crate) fn generate() -> Result<SecretString, ServerError> {
        let key = Key::<Aes256Gcm>::try_generate().map_err(|_| ServerError::Random)?;
        Ok(SecretString::from(STANDARD.encode(key)))
    }

    /// Returns the id that the texts sealed with this key carry: 16 hexadecimal digits.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Seals a text for one row. `aad` names the row: in another row the text does not open.
    pub(crate) fn seal(&self, plain: &str, aad: &str) -> Result<String, Sealed> {
        let nonce = Nonce::try_generate().map_err(|_| Sealed)?;
        let payload = Payload {
            msg: plain.as_bytes(),
            aad: aad.as_bytes(),
        };
        let sealed = self.cipher.encrypt(&nonce, payload).map_err(|_| Sealed)?;
        let mut bytes = nonce.to_vec();
        bytes.extend_from_slice(&sealed);
        Ok(format!("{WITH_ID}{}:{}", self.id, STANDARD.encode(bytes)))
    }

    /// Opens what [`EncryptionKey::seal`] made for the same row.
    pub(crate) fn open(&self, sealed: &str, aad: &str) -> Result<String, Sealed> {
        let encoded = match key_id(sealed) {
            Some(id) if id == self.id => &sealed[WITH_ID.len() + id.len() + 1..],
            Some(_) => return Err(Sealed),
            None => sealed.strip_prefix(WITHOUT_ID).ok_or(Sealed)?,
        };
        let bytes = STANDARD.decode(encoded).map_err(|_| Sealed)?;
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

/// Returns the nonce, the tag and the ciphertext of a text in the oldest form.
fn legacy_parts(text: &str) -> Option<[Vec<u8>; 3]> {
    let parts: Option<Vec<Vec<u8>>> = text.split(':').map(from_hex).collect();
    let parts: [Vec<u8>; 3] = parts?.try_into().ok()?;
    (parts[0].len() == NONCE && parts[1].len() == TAG).then_some(parts)
}

/// Formats bytes as lower-case hexadecimal digits.
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

    fn key() -> EncryptionKey {
        EncryptionKey::from_text(&EncryptionKey::generate().unwrap()).unwrap()
    }

    #[test]
    fn opens_in_the_row_that_it_was_sealed_for_only() {
        let key = key();
        let sealed = key.seal("hush", "platform/a").unwrap();
        assert!(is_sealed(&sealed) && !sealed.contains("hush"));
        assert_eq!(key_id(&sealed), Some(key.id()));
        assert_eq!(key.open(&sealed, "platform/a").as_deref(), Ok("hush"));
        assert_eq!(key.open(&sealed, "platform/b"), Err(Sealed));
        assert_eq!(self::key().open(&sealed, "platform/a"), Err(Sealed));
    }

    #[test]
    fn opens_the_form_without_a_key_id() {
        let key = key();
        let sealed = key.seal("hush", "platform/a").unwrap();
        let (_, encoded) = sealed.rsplit_once(':').unwrap();
        let older = format!("enc:v1:{encoded}");
        assert_eq!(key.open(&older, "platform/a").as_deref(), Ok("hush"));
        assert_eq!(key_id(&older), None);
    }

    #[test]
    fn reads_keys_as_base64_or_hexadecimal() {
        let hex = SecretString::from("ab".repeat(32));
        let base64 = SecretString::from(STANDARD.encode([0xab_u8; 32]));
        let sealed = EncryptionKey::from_text(&hex).unwrap().seal("x", "").unwrap();
        assert_eq!(
            EncryptionKey::from_text(&base64).unwrap().open(&sealed, "").as_deref(),
            Ok("x")
        );
        assert!(EncryptionKey::from_text(&SecretString::from("short".to_owned())).is_err());
    }

    #[test]
    fn recognizes_the_oldest_form_by_its_tag() {
        let key = key();
        let nonce = [7_u8; NONCE];
        let sealed = key.cipher.encrypt((&nonce).into(), b"old".as_slice()).unwrap();
        let (body, tag) = sealed.split_at(3);
        let text = format!("{}:{}:{}", to_hex(&nonce), to_hex(tag), to_hex(body));
        assert_eq!(key.open_legacy(&text), Ok(Some("old".to_owned())));
        assert_eq!(key.open_legacy("111:222:333"), Ok(None));
        assert_eq!(key.open_legacy(&text.replace(':', "-")), Ok(None));
        assert_eq!(self::key().open_legacy(&text), Err(Sealed), "another key");
    }
}
