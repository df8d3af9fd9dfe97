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

/// The characters of a code that a person types: none that looks like another, and no vowel, so that no word comes out.
const CODE_LETTERS: &[u8; 28] = b"BCDFGHJKLMNPQRSTVWXZ23456789";
/// The number of characters of such a code.
const CODE_LENGTH: usize = 8;

/// Returns a random code for a person to type, as in `BCDF-2345`.
pub(crate) fn random_user_code() -> Result<String, ServerError> {
    let mut code = String::new();
    while code.len() < CODE_LENGTH {
        let bytes: Array<u8, U24> = Array::try_generate().map_err(|_| ServerError::Random)?;
        // 252 is the largest multiple of 28 in a byte: with the rest, some letters would be more likely than others.
        let fair = bytes.iter().filter(|byte| **byte < 252);
        let letters = fair.map(|byte| char::from(CODE_LETTERS[usize::from(*byte) % CODE_LETTERS.len()]));
        code.extend(letters.take(CODE_LENGTH - code.len()));
    }
    code.insert(CODE_LENGTH / 2, '-');
    Ok(code)
}

/// Returns 8 random bytes as 16 hexadecimal digits.
pub(crate) fn random_id() -> Result<String, ServerError> {
    let bytes: Array<u8, U24> = Array::try_generate().map_err(|_| ServerError::Random)?;
    Ok(to_hex(&bytes[..8]))
}
