//! Drafts into resources: secrets resolved, places noted, identities checked against each other.

use std::collections::BTreeMap;
use std::collections::hash_map::{Entry, HashMap};
use std::ops::Range;

use serde_json::Value;

use super::diagnostic::{Diagnostic, Sink, Source, tick};
use super::draft::{AgentDraft, PlatformDraft};
use super::folder::AgentFolder;
use super::model::{Declared, Models};
use super::secret::Values;
use super::table::Text;
use super::{merge, platform, reference};
use crate::resource::{
    Address, Agent, ConfigValue, FieldPath, Origin, Origins, Platform, Secret, Settings, State, is_secret_key,
};

/// What the resources are gathered in.
pub(super) struct Builder<'a> {
    /// `lobu.toml`.
    pub source: &'a Source,
    /// The secrets.
    pub values: &'a Values,
    /// What the files declare.
    pub state: State,
    /// Where they declare it.
    pub origins: Origins,
    /// The platforms' stable ids seen so far, with their places.
    pub stable_ids: HashMap<String, (String, Range<usize>)>,
}

fn origin(source: &Source, span: &Range<usize>) -> Origin {
    Origin {
        file: source.path.clone(),
        line: source.line(span.start),
    }
}

impl Builder<'_> {
    /// Adds an agent, its settings and its platforms.
    pub(super) fn agent(&mut self, draft: AgentDraft, folder: AgentFolder, sink: &mut Sink) {
        let id = draft.id.value.clone();
        let address = Address::agent(id.clone());
        self.origins.set(address.clone(), origin(self.source, &draft.id.span));
        self.origins
            .set(Address::settings(id.clone()), origin(self.source, &draft.id.span));
        for (key, text) in [("name", &draft.name), ("description", &draft.description)] {
            if let Some(text) = text {
                self.origins
                    .set_field(address.clone(), FieldPath::root(key), origin(self.source, &text.span));
            }
        }
        for platform in &draft.platforms {
            self.platform(&id, platform, sink);
        }
        let agent = Agent {
            id: id.clone(),
            name: draft.name.as_ref().map(|name| name.value.clone()).unwrap_or_default(),
            description: draft
                .description
                .as_ref()
                .map(|text| text.value.clone())
                .filter(|text| !text.is_empty()),
        };
        self.state.agents.insert(id, agent);
        self.settings(draft, folder);
    }

    fn settings(&mut self, draft: AgentDraft, folder: AgentFolder) {
        let id = draft.id.value;
        let address = Address::settings(id.clone());
        for (path, span) in &draft.places {
            self.origins
                .set_field(address.clone(), path.clone(), origin(self.source, span));
        }
        let mut fields = draft.fields;
        for (name, text, place) in folder.texts {
            fields.insert(name.to_owned(), Value::String(text));
            self.origins.set_field(address.clone(), FieldPath::root(name), place);
        }
        let before: Vec<String> = fields.keys().cloned().collect();
        merge::merge(&mut fields, &folder.skills);
        if let Some(place) = folder.skill_place {
            for name in fields.keys().filter(|name| !before.contains(name)) {
                self.origins
                    .set_field(address.clone(), FieldPath::root(name.as_str()), place.clone());
            }
        }
        self.state.settings.insert(id.clone(), Settings { agent: id, fields });
    }

    fn platform(&mut self, agent: &str, draft: &PlatformDraft, sink: &mut Sink) {
        let name = draft.name.as_ref().map(|name| name.value.as_str());
        let mut platform = Platform::declared(agent, &draft.kind.value, name);
        let address = platform.address();
        self.origins.set(address.clone(), origin(self.source, &draft.kind.span));
        for (key, text) in &draft.config {
            let value = self.config_value(draft, key, text, sink);
            platform.config.insert(key.value.clone(), value);
            let path = FieldPath::of(["config", key.value.as_str()]);
            self.origins
                .set_field(address.clone(), path, origin(self.source, &key.span));
        }
        let span = draft.name.as_ref().map_or(&draft.kind.span, |name| &name.span).clone();
        match self.stable_ids.entry(platform.stable_id.clone()) {
            Entry::Occupied(first) => sink.push(same_id(self.source, draft, &span, &platform.stable_id, first.get())),
            Entry::Vacant(place) => {
                place.insert((draft.path.clone(), span));
                self.state.platforms.insert(platform.key(), platform);
            }
        }
    }

    fn config_value(&self, draft: &PlatformDraft, key: &Text, text: &Text, sink: &mut Sink) -> ConfigValue {
        let Some(name) = reference::name(&text.value) else {
            return if is_secret_key(&key.value) {
                ConfigValue::Secret(Secret::new(text.value.as_str()))
            } else {
                ConfigValue::Plain(Value::String(text.value.clone()))
            };
        };
        let Some(secret) = self.values.get(name) else {
            return ConfigValue::Redacted;
        };
        if secret.expose().starts_with("***") {
            let place = format!("{}.config.{}", draft.path, key.value);
            sink.push(platform::redacted(&place).at(self.source, text.span.clone()));
        }
        ConfigValue::Secret(secret.clone())
    }

    /// Adds the types of the model files.
    pub(super) fn models(&mut self, models: Models, files: &[Source], sink: &mut Sink) {
        let entity_types = self.declare(models.entity_types, files, sink);
        self.state.entity_types = entity_types;
        let relationship_types = self.declare(models.relationship_types, files, sink);
        self.state.relationship_types = relationship_types;
    }

    /// Notes the places of types, and refuses two of one slug.
    fn declare<T>(&mut self, declared: Vec<Declared<T>>, files: &[Source], sink: &mut Sink) -> BTreeMap<String, T> {
        let mut kept = BTreeMap::new();
        let mut seen: HashMap<String, (usize, Range<usize>)> = HashMap::new();
        for one in declared {
            let Some(source) = files.get(one.file) else { continue };
            let slug = one.address.id();
            if let Some((file, span)) = seen.get(&slug) {
                sink.push(same_slug(&one.address, source, &one.span, files.get(*file), span));
                continue;
            }
            self.origins.set(one.address.clone(), origin(source, &one.span));
            for (path, span) in &one.places {
                self.origins
                    .set_field(one.address.clone(), path.clone(), origin(source, span));
            }
            seen.insert(slug.clone(), (one.file, one.span));
            kept.insert(slug, one.resource);
        }
        kept
    }
}

fn same_slug(
    address: &Address,
    source: &Source,
    span: &Range<usize>,
    first: Option<&Source>,
    first_span: &Range<usize>,
) -> Diagnostic {
    let kind = address.kind().replace('-', " ");
    let problem = Diagnostic::error(
        "duplicate-slug",
        format!("two {kind}s have the slug {}", tick(&address.id())),
    )
    .at(source, span.clone())
    .help("remove one of them, or give it another slug");
    match first {
        Some(first) => problem.related(first, first_span.clone(), "the first one is here"),
        None => problem,
    }
}

fn same_id(
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
