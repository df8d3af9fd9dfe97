//! Tokens of well-known services, recognized by their form.

use crate::resource::is_web_token;

/// The advice for a secret in a file.
pub(super) const HELP: &str = "whoever can read the file has it: put the value into `.env`, and write `\"$NAME\"` in its place; \
     `lobuctl secrets push` then stores it on the server";

/// The prefixes of tokens, their names with an article, and the minimum number of bytes after the prefix.
///
/// The first match counts, so a longer prefix comes before a shorter one. The minimum keeps ordinary text such as `sk-learn`
/// from matching.
const PREFIXES: [(&str, &str, usize); 14] = [
    ("sk-ant-", "an Anthropic API key", 4),
    ("sk-", "an API key", 16),
    ("xoxb-", "a Slack token", 4),
    ("xoxp-", "a Slack token", 4),
    ("xoxa-", "a Slack token", 4),
    ("xapp-", "a Slack token", 4),
    ("ghp_", "a GitHub token", 16),
    ("gho_", "a GitHub token", 16),
    ("ghs_", "a GitHub token", 16),
    ("github_pat_", "a GitHub token", 16),
    ("glpat-", "a GitLab token", 12),
    ("AIza", "a Google API key", 30),
    ("AKIA", "an AWS access key", 16),
    ("owl_pat_", "a Lobu API token", 8),
];

/// Returns the kind of token that a text has the form of, such as `a Slack token`.
pub(super) fn token_kind(text: &str) -> Option<&'static str> {
    let text = text.trim();
    let part = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let known = PREFIXES.iter().find(|(prefix, _, length)| {
        text.strip_prefix(prefix)
            .is_some_and(|rest| rest.len() >= *length && rest.chars().all(part))
    });
    match known {
        Some((_, kind, _)) => Some(kind),
        None if is_web_token(text) => Some("a JSON Web Token"),
        None => is_telegram_token(text).then_some("a Telegram bot token"),
    }
}

/// Whether a text has the form of a Telegram bot token: 8 to 12 digits, a colon and 35 characters.
fn is_telegram_token(text: &str) -> bool {
    text.split_once(':').is_some_and(|(id, rest)| {
        (8..=12).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_digit())
            && rest.len() == 35
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognizes_tokens_and_leaves_ordinary_text_alone() {
        let telegram = format!("123456789:AA{}", "x".repeat(33));
        for token in [
            "sk-ant-api03-x",
            "xoxb-1234-abcd",
            "ghp_0123456789abcdef0",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
            telegram.as_str(),
        ] {
            assert!(token_kind(token).is_some(), "{token}");
        }
        for text in [
            "sk-learn",
            "ask-me",
            "12:30",
            "123456789:short",
            "claude-sonnet",
            "sk- and some more text here",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.",
            "eyJhbGciOiJIUzI1NiJ9.claims.signature",
            "eyJhbGci.eyJz.and more",
        ] {
            assert_eq!(token_kind(text), None, "{text}");
        }
    }
}
