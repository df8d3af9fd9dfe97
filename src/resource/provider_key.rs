//! The key of a model provider, which some servers keep for a whole organization.

/// A provider of an agent whose key is a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderKey {
    /// The id of the agent that lists the provider.
    pub agent: String,
    /// The id of the provider, such as `anthropic`.
    pub provider: String,
    /// The name of the secret, without the dollar sign.
    pub name: String,
}

/// Returns the name under which a server keeps the key of a provider (contract section 11.4).
pub fn provider_key_name(provider: &str) -> String {
    format!("provider:{provider}:apiKey")
}

/// Returns the provider whose key has this name on a server. `None` for any other name.
pub fn key_provider(name: &str) -> Option<&str> {
    let provider = name.strip_prefix("provider:")?.strip_suffix(":apiKey")?;
    let part = |each: char| each.is_ascii_alphanumeric() || "-_.".contains(each);
    Some(provider).filter(|provider| !provider.is_empty() && provider.chars().all(part))
}
