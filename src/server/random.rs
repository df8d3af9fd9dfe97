//! Random texts for tokens, ids and the names of temporary files, from the system's generator.

use aes_gcm::aead::Generate;
use aes_gcm::aead::array::Array;
use aes_gcm::aead::consts::U24;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::crypto::to_hex;
use super::error::ServerError;

/// Returns 24 random bytes as 32 characters of URL-safe base64.
pub(crate) fn random_text() -> Result<String, ServerError> {
    let bytes: Array<u8, U24> = Array::try_generate().map_err(|_| ServerError::Random)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Returns 8 random bytes as 16 hexadecimal digits.
pub(crate) fn random_id() -> Result<String, ServerError> {
    let bytes: Array<u8, U24> = Array::try_generate().map_err(|_| ServerError::Random)?;
    Ok(to_hex(&bytes[..8]))
}
