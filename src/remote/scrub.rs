//! Strikes secret values out of what a server answers, so that its words can be shown.

use zeroize::Zeroizing;

use super::transport::Response;
use crate::resource::Secret;

/// What stands where a secret stood.
const STRUCK: &str = "***";

/// Shorter values are not secrets, and striking them out would only garble the words around them.
const SHORTEST: usize = 4;

/// Strikes out every value, as it is and as JSON spells it, once or twice.
pub(super) fn scrub<'a>(response: &mut Response, secrets: impl IntoIterator<Item = &'a Secret>) {
    for secret in secrets {
        let value = secret.expose();
        if value.len() < SHORTEST {
            continue;
        }
        replace(&mut response.body, value.as_bytes());
        if let Some(location) = &mut response.location {
            *location = location.replace(value, STRUCK);
        }
        // A body that is quoted in an error is spelled twice.
        let once = spelled(value);
        let twice = spelled(&once);
        for text in [&twice, &once] {
            replace(&mut response.body, text.as_bytes());
        }
    }
}

/// As JSON spells it, without the quotes.
fn spelled(value: &str) -> Zeroizing<String> {
    let text = Zeroizing::new(serde_json::Value::from(value).to_string());
    Zeroizing::new(text[1..text.len() - 1].to_owned())
}

fn replace(body: &mut Vec<u8>, value: &[u8]) {
    let mut from = 0;
    while let Some(at) = find(&body[from..], value) {
        let start = from + at;
        body.splice(start..start + value.len(), STRUCK.bytes());
        from = start + STRUCK.len();
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
