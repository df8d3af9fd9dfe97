//! Encryption at rest: AES-256-GCM. A sealed text is `enc:v2:`, the id of its key, and base64 of nonce, ciphertext and
//! tag. Texts of older releases, `enc:v1:`, do not name their key.
//!
//! Knows keys and texts. Which fields hold secrets is decided in `secret`.

use aes_gcm::aead::{Aead, Generate, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::error::ServerError;

/// Begins a sealed text that names its key.
const PREFIX: &str = "enc:v2:";
/// Begins a sealed text of an older release.
const PREFIX_WITHOUT_KEY_ID: &str = "enc:v1:";
/// The sizes that AES-GCM prescribes for its nonce and its authentication tag.
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
/// The number of bytes of the digest that make up a key's id.
const ID_BYTES: usize = 8;

/// A text could not be sealed or opened. Opening fails when the text was sealed with another key or for another row, or
/// was not sealed at all; the three cannot be distinguished. Sealing fails without random numbers or without a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SealError;

/// Whether a text has the form of a sealed one.
pub(crate) fn is_sealed(text: &str) -> bool {
    text.starts_with(PREFIX) || text.starts_with(PREFIX_WITHOUT_KEY_ID)
}

/// Returns the id of the key that a text was sealed with. `None` for texts of older releases.
pub(crate) fn key_id(sealed: &str) -> Option<&str> {
    sealed.strip_prefix(PREFIX)?.split_once(':').map(|(id, _)| id)
}

/// One key, ready to seal and to open.
pub(crate) struct EncryptionKey {
    id: String,
    cipher: Aes256Gcm,
}

impl EncryptionKey {
    /// Reads a key of 32 bytes from base64 or from 64 hexadecimal digits. Surrounding white space is ignored.
    ///
    /// # Errors
    /// [`ServerError::KeyFormat`] for any other text.
    pub(crate) fn from_text(key: &SecretString) -> Result<Self, ServerError> {
        let text = key.expose_secret().trim();
        // 64 hexadecimal digits are valid base64 too, but of 48 bytes: hexadecimal has to be tried first.
        let bytes = Zeroizing::new(match from_hex(text) {
            Some(bytes) if bytes.len() == 32 => bytes,
            _ => STANDARD.decode(text).map_err(|_| ServerError::KeyFormat)?,
        });
        let bytes: &[u8; 32] = bytes.as_slice().try_into().map_err(|_| ServerError::KeyFormat)?;
        // The key is random, so its digest reveals nothing about it. The prefix makes the id differ from every other
        // digest of the same bytes.
        let digest = Sha256::new()
            .chain_update(b"lobuctl key id\0")
            .chain_update(bytes)
            .finalize();
        Ok(Self {
            id: to_hex(&digest[..ID_BYTES]),
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

    /// Seals a text for one row. `aad` names the row and is not stored: the text opens for the same row only, so a sealed
    /// text that is copied into another row is useless there.
    pub(crate) fn seal(&self, plain: &str, aad: &str) -> Result<String, SealError> {
        // Random rather than counted: several servers seal with one key and share no counter.
        let nonce = Nonce::try_generate().map_err(|_| SealError)?;
        let payload = Payload {
            msg: plain.as_bytes(),
            aad: aad.as_bytes(),
        };
        let sealed = self.cipher.encrypt(&nonce, payload).map_err(|_| SealError)?;
        let mut bytes = nonce.to_vec();
        bytes.extend_from_slice(&sealed);
        Ok(format!("{PREFIX}{}:{}", self.id, STANDARD.encode(bytes)))
    }

    /// Opens a text that [`EncryptionKey::seal`] returned for the same row.
    pub(crate) fn open(&self, sealed: &str, aad: &str) -> Result<String, SealError> {
        let encoded = match key_id(sealed) {
            Some(id) if id == self.id => &sealed[PREFIX.len() + id.len() + 1..],
            Some(_) => return Err(SealError),
            // A text of an older release does not name its key: decrypting shows whether it is this one.
            None => sealed.strip_prefix(PREFIX_WITHOUT_KEY_ID).ok_or(SealError)?,
        };
        let bytes = STANDARD.decode(encoded).map_err(|_| SealError)?;
        let (nonce, body) = bytes.split_at_checked(NONCE_BYTES).ok_or(SealError)?;
        self.decrypt(nonce, body, aad.as_bytes())
    }

    /// Opens the prefixless form of older databases, `nonce:tag:ciphertext` in hexadecimal. `None` when the text does
    /// not have that form.
    ///
    /// # Errors
    /// When it has the form, but was sealed with another key.
    pub(crate) fn open_legacy(&self, text: &str) -> Result<Option<String>, SealError> {
        let Some([nonce, tag, body]) = legacy_parts(text) else {
            return Ok(None);
        };
        // That form stored the tag first and was bound to no row.
        self.decrypt(&nonce, &[body, tag].concat(), b"").map(Some)
    }

    /// Decrypts `body`, the ciphertext followed by its tag.
    fn decrypt(&self, nonce: &[u8], body: &[u8], aad: &[u8]) -> Result<String, SealError> {
        let nonce: &[u8; NONCE_BYTES] = nonce.try_into().map_err(|_| SealError)?;
        let plain = self
            .cipher
            .decrypt(nonce.into(), Payload { msg: body, aad })
            .map_err(|_| SealError)?;
        String::from_utf8(plain).map_err(|_| SealError)
    }
}

/// Returns the nonce, the tag and the ciphertext of a text in the oldest form.
fn legacy_parts(text: &str) -> Option<[Vec<u8>; 3]> {
    let parts: Option<Vec<Vec<u8>>> = text.split(':').map(from_hex).collect();
    let parts: [Vec<u8>; 3] = parts?.try_into().ok()?;
    (parts[0].len() == NONCE_BYTES && parts[1].len() == TAG_BYTES).then_some(parts)
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

/// Returns the bytes of an even, positive number of hexadecimal digits. `None` for any other text.
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
        assert_eq!(key.open(&sealed, "platform/b"), Err(SealError));
        assert_eq!(self::key().open(&sealed, "platform/a"), Err(SealError));
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
        let nonce = [7_u8; NONCE_BYTES];
        let sealed = key.cipher.encrypt((&nonce).into(), b"old".as_slice()).unwrap();
        let (body, tag) = sealed.split_at(3);
        let text = format!("{}:{}:{}", to_hex(&nonce), to_hex(tag), to_hex(body));
        assert_eq!(key.open_legacy(&text), Ok(Some("old".to_owned())));
        assert_eq!(key.open_legacy("111:222:333"), Ok(None));
        assert_eq!(key.open_legacy(&text.replace(':', "-")), Ok(None));
        assert_eq!(self::key().open_legacy(&text), Err(SealError), "another key");
    }
}
