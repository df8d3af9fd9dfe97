//! Keys of model providers in later releases: contract section 11.4.

use serde::Deserialize;

/// Response of `GET …/agents/inference-providers`. The key `providers` proves that the response is one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ProviderList {
    /// The providers of the organization, without their keys.
    pub providers: Vec<WireProvider>,
}

/// A provider of the organization.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WireProvider {
    /// The slug, which is the provider's id in an agent's settings.
    pub slug: String,
}
