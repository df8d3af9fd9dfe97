//! How the client writes keys of model providers to servers that keep them, which none of them answers.
//!
//! Later releases have two routes for them; one that has neither is recognized before a key is sent.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value};

use super::Client;
use crate::remote::error::RemoteError;
use crate::remote::method::Method;
use crate::remote::transport::Request;
use crate::resource::{Secret, provider_key_name};
use crate::wire::provider::ProviderList;

/// The collection of providers in which a server keeps a key by slug.
const COLLECTION: &str = "inference-providers";

/// How a server takes the keys of providers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProviderKeyRoutes {
    /// The slugs of the providers that the organization has, each of which has a key.
    pub listed: BTreeSet<String>,
    /// Whether the server takes a key below an agent, for the whole organization.
    pub below_agents: bool,
}

impl ProviderKeyRoutes {
    /// Whether the server takes the key of this provider.
    pub fn takes(&self, provider: &str) -> bool {
        self.below_agents || self.listed.contains(provider)
    }
}

/// The body of a request that stores a key. Nothing copies the value on the way to the request's bytes, which are zeroed.
#[derive(Serialize)]
struct KeyBody<'a> {
    value: &'a str,
}

impl Client {
    /// Finds out how the server takes the keys of these providers, without sending one. `agent` is the id of any agent that
    /// exists there.
    ///
    /// # Errors
    /// When a response says neither that the server has the routes nor that it lacks them.
    pub async fn provider_key_routes(&self, agent: &str, providers: &[&str]) -> Result<ProviderKeyRoutes, RemoteError> {
        let listed = self.inference_providers().await?;
        let mut routes = ProviderKeyRoutes {
            listed,
            below_agents: false,
        };
        if let Some(other) = providers.iter().find(|provider| !routes.takes(provider)) {
            routes.below_agents = self.takes_keys_below(agent, other).await?;
        }
        Ok(routes)
    }

    /// Reads the slugs of the providers that the organization has. Empty when the server has no such list.
    async fn inference_providers(&self) -> Result<BTreeSet<String>, RemoteError> {
        let reply = match self.get(&["agents", COLLECTION]).await {
            Ok(reply) => reply,
            // An earlier release reads this path as that of an agent, which it does not find.
            Err(error) if error.is_unknown_route() || error.is_missing() => return Ok(BTreeSet::new()),
            Err(error) => return Err(error),
        };
        // It may also answer an agent of this id, or what it is (contract section 1).
        let list = reply.parse::<ProviderList>().unwrap_or_default();
        Ok(list.providers.into_iter().map(|provider| provider.slug).collect())
    }

    /// Whether the server takes keys below an agent. It is sent a body without a key, which it then refuses.
    async fn takes_keys_below(&self, agent: &str, provider: &str) -> Result<bool, RemoteError> {
        let request = Request::new(Method::Put, self.key_path(agent, provider)).with_json(&Map::<String, Value>::new());
        match self.send(request.reading()).await {
            // It took a body without a key, so it does something else, if anything.
            Ok(_) => Ok(false),
            Err(error) if error.is_missing() => Err(error),
            Err(error) if error.is_unknown_route() => Ok(false),
            Err(error) if error.asks_for_value() => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Stores the key of a provider, which may replace one. The request exposes it.
    ///
    /// # Errors
    /// A refusal, a lost response, or a response that does not prove that the server stored this provider's key.
    pub async fn write_provider_key(
        &self,
        routes: &ProviderKeyRoutes,
        agent: &str,
        provider: &str,
        value: &Secret,
    ) -> Result<(), RemoteError> {
        self.redactor.add([value]);
        let path = if routes.listed.contains(provider) {
            self.path(&["agents", COLLECTION, provider, "key"])
        } else {
            self.key_path(agent, provider)
        };
        let body = KeyBody { value: value.expose() };
        let reply = self.send(Request::new(Method::Put, path).with_json(&body)).await?;
        let body: Map<String, Value> = reply.parse()?;
        if body.get("success") != Some(&Value::Bool(true)) {
            return Err(reply.malformed("`success`"));
        }
        let stored = provider_key_name(provider);
        reply.expect_id(body.get("name").and_then(Value::as_str), &stored)
    }

    fn key_path(&self, agent: &str, provider: &str) -> String {
        self.path(&["agents", agent, "providers", provider, "api-key"])
    }
}
