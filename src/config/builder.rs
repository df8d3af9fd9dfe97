//! Turns drafts into resources: resolves secrets, records origins, reports resources with the same identity.

use std::collections::BTreeMap;
use std::collections::hash_map::{Entry, HashMap};
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use super::data::DeclaredData;
use super::diagnostic::{Diagnostic, tick};
use super::draft::{AgentDraft, PlatformDraft};
use super::finding::Findings;
use super::layer::AgentFolder;
use super::model::{Declared, Models};
use super::secret::Values;
use super::source::{Source, Text};
use super::{Only, SecretField, layer, platform, reference};
use crate::resource::value::is_empty;
use crate::resource::{
    Address, Agent, ConfigValue, FieldPath, Origins, Platform, ProviderKey, ResourceOrigins, Secret, Settings,
    SharedValue, State, is_secret_key,
};

/// The resources of a project so far.
#[derive(Default)]
pub(super) struct Built {
    /// The resources that the files declare.
    pub state: State,
    /// Where the files declare them.
    pub origins: Origins,
    /// The stable ids of the platforms, with the path and location of each.
    pub stable_ids: HashMap<String, (String, Range<usize>)>,
    /// What refers to secrets.
    pub secret_uses: SecretUses,
}

/// Adds resources to those of a project.
pub(super) struct Builder<'a> {
    /// The text of `lobu.toml`.
    pub source: &'a Source,
    /// The values of the secrets that `lobu.toml` refers to.
    pub values: &'a Values,
    /// Collects the problems.
    pub findings: &'a mut Findings,
    /// The resources.
    pub built: &'a mut Built,
}

/// The keys that refer to secrets.
#[derive(Default)]
pub(super) struct SecretUses {
    /// Those of platforms.
    pub fields: Vec<SecretField>,
    /// Those of providers.
    pub provider_keys: Vec<ProviderKey>,
}

impl Builder<'_> {
    /// Adds an agent, its settings and its platforms.
    pub(super) fn add_agent(&mut self, draft: AgentDraft, folder: AgentFolder) {
        let id = draft.id.value.clone();
        let address = Address::agent(id.clone());
        let mut origins = ResourceOrigins::new(self.source.origin(&draft.id.span));
        for platform in &draft.platforms {
            self.add_platform(&id, platform);
        }
        let mut agent = Agent {
            id: id.clone(),
            ..Agent::default()
        };
        for (name, text) in &draft.fields {
            origins.set_field(FieldPath::root(*name), self.source.origin(&text.span));
            let field = Agent::FIELDS.iter().find(|field| field.name == *name);
            let value = Some(Value::String(text.value.clone())).filter(|value| !is_empty(value));
            // This cannot fail: the draft has texts only, and `required_filled` has rejected empty required ones.
            let _ = field.map(|field| field.set(&mut agent, value));
        }
        self.built.origins.set(address, Arc::new(origins));
        self.built.state.agents.insert(id, agent.into());
        self.add_settings(draft, folder);
    }

    fn add_settings(&mut self, draft: AgentDraft, folder: AgentFolder) {
        let id = draft.id.value;
        let mut origins = ResourceOrigins::new(self.source.origin(&draft.id.span));
        for (path, span) in draft.settings.locations {
            origins.set_field(path, self.source.origin(&span));
        }
        for (provider, name) in draft.settings.provider_keys {
            let agent = id.clone();
            self.built
                .secret_uses
                .provider_keys
                .push(ProviderKey { agent, provider, name });
        }
        let mut fields = draft.settings.fields;
        for (name, text, origin) in folder.texts {
            fields.insert(name.to_owned(), Value::String(text));
            origins.set_field(FieldPath::root(name), origin);
        }
        // A field that both `lobu.toml` and the skills have keeps its location in `lobu.toml`.
        let before: Vec<String> = fields.keys().cloned().collect();
        layer::merge(&mut fields, &folder.skills);
        if let Some(origin) = folder.skill_origin {
            for name in fields.keys().filter(|name| !before.contains(name)) {
                origins.set_field(FieldPath::root(name.as_str()), origin.clone());
            }
        }
        self.built.origins.set(Address::settings(id.clone()), Arc::new(origins));
        let settings = Settings {
            agent: id.clone(),
            fields: fields.into(),
        };
        self.built.state.settings.insert(id, settings.into());
    }

    fn add_platform(&mut self, agent: &str, draft: &PlatformDraft) {
        let name = draft.name.as_ref().map(|name| name.value.as_str());
        let mut platform = Platform::declared(agent, &draft.kind.value, name);
        let mut origins = ResourceOrigins::new(self.source.origin(&draft.kind.span));
        for (key, text) in &draft.config {
            let value = self.resolve_config_value(draft, key, text);
            if let Some(name) = reference::name(&text.value) {
                self.built.secret_uses.fields.push(SecretField {
                    platform: platform.key(),
                    key: key.value.clone(),
                    name: name.to_owned(),
                });
            }
            platform.config.insert(key.value.clone(), value);
            let path = FieldPath::of(["config", key.value.as_str()]);
            origins.set_field(path, self.source.origin(&key.span));
        }
        self.built.origins.set(platform.address(), Arc::new(origins));
        // The name is what the user would change to make the id unique, so it is underlined if there is one.
        let span = draft.name.as_ref().map_or(&draft.kind.span, |name| &name.span).clone();
        match self.built.stable_ids.entry(platform.stable_id.clone()) {
            Entry::Occupied(first) => {
                self.findings.push(duplicate_platform(
                    self.source,
                    draft,
                    &span,
                    &platform.stable_id,
                    first.get(),
                ));
            }
            Entry::Vacant(entry) => {
                entry.insert((draft.path.clone(), span));
                self.built.state.platforms.insert(platform.key(), platform.into());
            }
        }
    }

    fn resolve_config_value(&mut self, draft: &PlatformDraft, key: &Text, text: &Text) -> ConfigValue {
        let Some(name) = reference::name(&text.value) else {
            return if is_secret_key(&key.value) {
                ConfigValue::Secret(Secret::new(text.value.as_str()))
            } else {
                ConfigValue::Plain(Value::String(text.value.clone()))
            };
        };
        // A missing value that must be present is already an error; otherwise it is one that cannot be compared.
        let Some(secret) = self.values.get(name) else {
            return ConfigValue::Redacted;
        };
        // The draft could check literal text only; this text came from a variable or a `.env` file.
        if secret.expose().starts_with("***") {
            let location = format!("{}.config.{}", draft.path, key.value);
            self.findings
                .push(platform::redacted(&location).at(self.source, text.span.clone()));
        }
        ConfigValue::Secret(secret.clone())
    }

    /// Adds what the model files declare, as far as `only` asks for it.
    pub(super) fn add_models(&mut self, models: Models, only: Only) {
        let entity_types = self.declare(models.entity_types);
        let relationship_types = self.declare(models.relationship_types);
        let watchers = models.watchers.into_iter().map(|draft| draft.watcher).collect();
        let watchers = self.declare(watchers);
        if only.has_types() {
            self.built.state.entity_types = entity_types;
            self.built.state.relationship_types = relationship_types;
        }
        if only.has_watchers() {
            self.built.state.watchers = watchers;
        }
    }

    /// Adds what the data files declare. No two of them have one address.
    pub(super) fn add_data(&mut self, data: DeclaredData) {
        for (address, origins) in data.origins {
            self.built.origins.set(address, origins);
        }
        self.built.state.entities = data.entities;
        self.built.state.relationships = data.relationships;
    }

    /// Records the origins of models, and returns them by slug. Reports each further one of a slug and leaves it out.
    fn declare<T>(&mut self, declared: Vec<Declared<T>>) -> BTreeMap<String, SharedValue<T>> {
        let mut kept = BTreeMap::new();
        let mut seen: HashMap<String, (Arc<Source>, Range<usize>)> = HashMap::new();
        for one in declared {
            let slug = one.address.id();
            if let Some((first, span)) = seen.get(&slug) {
                self.findings
                    .push(duplicate_slug(&one.address, (&one.source, &one.span), (first, span)));
                continue;
            }
            self.built.origins.set(one.address, one.origins);
            seen.insert(slug.clone(), (one.source, one.span));
            kept.insert(slug, one.resource.into());
        }
        kept
    }
}

fn duplicate_slug(
    address: &Address,
    (source, span): (&Source, &Range<usize>),
    (first, first_span): (&Source, &Range<usize>),
) -> Diagnostic {
    let kind = address.kind().replace('-', " ");
    let message = format!("two {kind}s have the slug {}", tick(&address.id()));
    Diagnostic::error("duplicate-slug", message)
        .at(source, span.clone())
        .help("remove one of them, or give it another slug")
        .related(first, first_span.clone(), "the first one is here")
}

fn duplicate_platform(
    source: &Source,
    draft: &PlatformDraft,
    span: &Range<usize>,
    stable_id: &str,
    first: &(String, Range<usize>),
) -> Diagnostic {
    let (path, first_span) = first;
    let message = format!(
        "{} and {} get the same id {}",
        tick(path),
        tick(&draft.path),
        tick(stable_id)
    );
    Diagnostic::error("duplicate-platform", message)
        .at(source, span.clone())
        .related(source, first_span.clone(), "the first one is here")
        .help("give one of them another `name`")
}
